import assert from "node:assert/strict";
import { request } from "node:https";
import { makeDemoToken, startDemoUpstream } from "./upstream.ts";

function get(
  { port, ca, path, authorization }: {
    readonly port: number;
    readonly ca: string;
    readonly path: string;
    readonly authorization?: string;
  },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    const options = { host: "127.0.0.1", servername: "demo.example", port, path, ca, headers };
    request({ ...options, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk) => body += String(chunk));
      response.on("end", () => resolve(JSON.parse(body)));
    }).on("error", reject).end();
  });
}

Deno.test("the demo's upstream is trusted by its authority and knows the right token", async () => {
  const token = makeDemoToken();
  await using upstream = await startDemoUpstream({
    hostname: "127.0.0.1",
    expectedAuthorization: `Bearer ${token}`,
  });
  const at = { port: upstream.port, ca: upstream.caPem };
  const account = { ...at, path: "/public/account" };
  assert.deepEqual(await get({ ...at, path: "/public/hello" }), { message: "hello from outside" });
  assert.deepEqual(await get({ ...account, authorization: `Bearer ${token}` }), {
    authorized: true,
  });
  assert.deepEqual(await get({ ...account, authorization: "Bearer egress-placeholder" }), {
    authorized: false,
  });
  assert.deepEqual(await get(account), { authorized: false });
});

Deno.test("the demo's upstream is trusted by nobody else", async () => {
  await using upstream = await startDemoUpstream({
    hostname: "127.0.0.1",
    expectedAuthorization: "Bearer x",
  });
  await using other = await startDemoUpstream({
    hostname: "127.0.0.1",
    expectedAuthorization: "Bearer x",
  });
  await assert.rejects(get({ port: upstream.port, ca: other.caPem, path: "/public/hello" }));
});

Deno.test("the demo's upstream can be closed twice", async () => {
  const upstream = await startDemoUpstream({ hostname: "127.0.0.1", expectedAuthorization: "" });
  await Promise.all([upstream.close(), upstream.close()]);
});
