import assert from "node:assert/strict";
import { request } from "node:http";
import { startOrigin } from "./sidecar/origin.ts";
import { startProxy } from "./sidecar/proxy.ts";

const HOST = "plain.example.com";

/** Sends one byte through the proxy with these trailers behind it. */
function sendWithTrailers(port: number, trailers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const out = request({
      port,
      host: "127.0.0.1",
      method: "POST",
      path: `http://${HOST}/`,
      headers: { Host: HOST, Trailer: Object.keys(trailers).join(", ") },
    });
    out.once("error", reject);
    out.once("response", (response) => response.resume().once("end", resolve));
    out.write("x");
    out.addTrailers(trailers);
    out.end();
  });
}

Deno.test("a trailer brings no credential, name or framing that headers may not", async () => {
  await using origin = await startOrigin([]);
  await using proxy = await startProxy({
    routes: `routes:\n  - host: ${HOST}\n`,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: origin.port }],
  });
  await sendWithTrailers(proxy.port, {
    Authorization: "Bearer mine",
    "Proxy-Authorization": "Basic eDp5",
    Host: "evil.example.com",
    "X-HTTP-Method-Override": "DELETE",
    "X-Checksum": "1",
  });
  assert.deepEqual(origin.seen[0]?.trailers, ["x-checksum", "1"]);
});
