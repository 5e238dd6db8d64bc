import assert from "node:assert/strict";
import { troubleIn } from "./sidecar/arena.ts";
import { type RunningProxy, startProxy, until } from "./sidecar/proxy.ts";
import { startRawUpstream } from "./sidecar/raw_upstream.ts";
import { dialProxy } from "./sidecar/wire.ts";

/** Listed by the operator, and no way to what listens on the proxy's own machine all the same. */
const LISTED = [
  "localhost",
  "127.0.0.1",
  "127.255.255.254",
  "0.0.0.0",
  "169.254.169.254",
  "169.254.170.2",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "10.0.0.1",
  "172.17.0.1",
  "192.168.0.1",
  "100.64.0.1",
  "224.0.0.1",
  "255.255.255.255",
] as const;

const LISTED_IPV6 = [
  "::1",
  "::",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::7f00:1",
  "2002:7f00:1::",
  "2002:a9fe:a9fe::1",
  "2001:0:7f00:1::",
  "fe80::1",
  "fc00::1",
  "fd00:ec2::254",
  "fec0::1",
  "ff02::1",
] as const;

/** Names that resolve to this machine, where they resolve at all. */
const NAMES = ["ip6-localhost", "ip6-loopback", "app.localhost", "localhost.localdomain"] as const;

/** Forms of addresses on no list: none is taken for another one. */
const FORMS = [
  "0177.0.0.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "127.1",
  "127.0.1",
  "0",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:169.254.169.254]",
  "[fe80::1%25lo]",
  "[fe80::1%lo]",
  "127.0.0.1%00.example.com",
  "localhost%00.example.com",
  "127\u30020\u30020\u30021",
] as const;

/** What one request in absolute form gets. */
async function ask(proxy: RunningProxy, authority: string): Promise<number | undefined> {
  const wire = dialProxy(proxy);
  wire.say(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`);
  await wire.settles(() => wire.statuses().length > 0, 12_000);
  wire.destroy();
  return wire.statuses()[0];
}

Deno.test("no address of the proxy's own world is reached without the operator's word", async (t) => {
  await using upstream = await startRawUpstream();
  const { port } = upstream;
  const all = [...LISTED, ...NAMES, ...LISTED_IPV6.map((host) => `[${host}]`)];
  const routes = all.map((host) => `  - host: "${host}:${port}"\n`).join("");
  await using proxy = await startProxy({ routes: `log: 2\nroutes:\n${routes}` });
  for (const host of all) {
    await t.step(host, async () => {
      const from = proxy.logs.length;
      const status = await ask(proxy, `${host}:${port}`);
      const isName = (NAMES as readonly string[]).includes(host);
      assert.ok(status === 403 || (isName && status === 502), String(status));
      await until(() => troubleIn(proxy.logs.slice(from)).length > 0);
      const reason = String(troubleIn(proxy.logs.slice(from))[0]?.reason);
      assert.match(
        reason,
        isName ? /^(?:address_not_allowed|upstream_unresolved): / : /^address_n/,
      );
    });
  }
  for (const host of FORMS) {
    await t.step(`${host}, which is on no list`, async () => {
      const status = await ask(proxy, `${host}:${port}`);
      assert.ok(status === 400 || status === 403, String(status));
    });
  }
  assert.deepEqual(upstream.arrivals, []);
});

Deno.test("the operator's word opens what it names alone", async () => {
  await using upstream = await startRawUpstream();
  const { port } = upstream;
  const open = `  - host: "0.0.0.0:${port}"\n    allow_private: true\n`;
  await using proxy = await startProxy({ routes: `log: 2\nroutes:\n${open}` });
  assert.equal(await ask(proxy, `0.0.0.0:${port}`), 403);
  assert.equal(await ask(proxy, `127.0.0.1:${port}`), 403);
  assert.deepEqual(upstream.arrivals, []);
});
