import assert from "node:assert/strict";
import { startOrigin } from "./sidecar/origin.ts";
import { startProxy } from "./sidecar/proxy.ts";

const HOST = "api.example.com";

/** Sends bodies of that size, one after the other, and gives what the origin counted. */
async function post(size: number, flags: readonly string[]): Promise<string> {
  await using origin = await startOrigin([HOST], {
    handler: (request, response) => {
      let bytes = 0;
      request.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      request.on("end", () => response.end(`${bytes}\n`));
    },
  });
  await using proxy = await startProxy({
    routes: `routes:\n  - host: ${HOST}\n`,
    upstreamCa: origin.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: origin.port }],
  });
  const body = await Deno.makeTempFile();
  try {
    await Deno.writeFile(body, new Uint8Array(size));
    const { stdout } = await new Deno.Command("curl", {
      args: [
        "-sS",
        "--max-time",
        "20",
        "--cacert",
        proxy.caFile,
        "-x",
        `http://127.0.0.1:${proxy.port}`,
      ]
        .concat(flags, ["--data-binary", `@${body}`, ...Array(4).fill(`https://${HOST}/`)]),
    }).output();
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(body);
  }
}

for (const size of [1_000, 49_468, 300_000, 3_000_000]) {
  for (const version of ["--http1.1", "--http2"]) {
    Deno.test(`bodies of ${size} bytes follow one another on kept connections (${version})`, async () => {
      assert.equal(await post(size, [version]), `${size}\n`.repeat(4));
    });
  }
}
