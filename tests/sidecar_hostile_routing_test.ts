import assert from "node:assert/strict";
import { connect as connectTls } from "node:tls";
import { connect as connectTcp } from "node:net";
import { type Arena, assertAlive, HOST, PLAIN, startArena, troubleThat } from "./sidecar/arena.ts";
import { dialProxy, dialTunnel, Wire } from "./sidecar/wire.ts";

/** What a CONNECT with this head is answered with, and that it was logged. */
async function refusesConnect(
  arena: Arena,
  one: { readonly head: string; readonly gets: number; readonly logged: RegExp },
): Promise<void> {
  const before = arena.proxy.logs.length;
  const wire = dialProxy(arena.proxy);
  wire.say(one.head);
  await wire.settles(() => wire.isClosed);
  assert.deepEqual(wire.statuses(), [one.gets]);
  await troubleThat(arena, before, one.logged);
  assert.equal(arena.secure.text() + arena.plain.text(), "");
  wire.destroy();
}

const TARGETS: Readonly<Record<string, readonly [target: string, gets: number, logged: RegExp]>> = {
  "another port": [`${HOST}:22`, 403, /^port_not_allowed: /],
  "port 0": [`${HOST}:0`, 400, /^bad_authority: /],
  "a port with a zero in front": [`${HOST}:0443`, 400, /^bad_authority: /],
  "a port beyond 16 bits": [`${HOST}:65979`, 400, /^bad_authority: /],
  "no port": [HOST, 400, /^bad_/],
  "a user": [`user@${HOST}:443`, 400, /^bad_/],
  "a host behind a user": [`${HOST}:443@evil.example.com:443`, 400, /^bad_/],
  "a path": [`${HOST}:443/x`, 400, /^bad_/],
  "a URL": [`https://${HOST}:443`, 400, /^bad_/],
  "an empty host": [":443", 400, /^bad_/],
  "two trailing dots": [`${HOST}..:443`, 400, /^bad_/],
  "an empty label": [`api..example.com:443`, 400, /^bad_/],
  "a name below the route's": [`a.${HOST}:443`, 403, /^host_not_allowed: /],
  "a name that ends in the route's": [`x${HOST}:443`, 403, /^host_not_allowed: /],
  "a name that begins with the route's": [`${HOST}.evil.example:443`, 403, /^host_not_allowed: /],
  "raw bytes beyond ASCII": ["\xc3\xa4pi.example.com:443", 400, /^bad_/],
  "a percent-encoded dot": ["api%2eexample.com:443", 400, /^bad_/],
  "a loopback address": ["127.0.0.1:443", 403, /^host_not_allowed: /],
  "an octal address": ["0177.0.0.1:443", 400, /^bad_authority: /],
  "a hexadecimal address": ["0x7f000001:443", 400, /^bad_authority: /],
  "a decimal address": ["2130706433:443", 400, /^bad_authority: /],
  "a short address": ["127.1:443", 400, /^bad_authority: /],
  "an IPv4 address in IPv6": ["[::ffff:127.0.0.1]:443", 400, /^bad_authority: /],
  "a zoned address": ["[fe80::1%25eth0]:443", 400, /^bad_/],
};

Deno.test("a CONNECT to anything but a route's own name and port is refused", async (t) => {
  await using arena = await startArena();
  for (const [what, [target, gets, logged]] of Object.entries(TARGETS)) {
    await t.step(what, async () => {
      const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
      await refusesConnect(arena, { head, gets, logged });
    });
  }
  const line = `CONNECT ${HOST}:443 HTTP/1.1\r\n`;
  const heads: Record<string, [string, RegExp]> = {
    "another Host": [`${line}Host: ${PLAIN}:443\r\n\r\n`, /^host_mismatch: /],
    "another port in Host": [`${line}Host: ${HOST}:80\r\n\r\n`, /^host_mismatch: /],
    "two Hosts": [`${line}Host: ${HOST}\r\nHost: ${HOST}\r\n\r\n`, /^host_mismatch: /],
    "a body": [`${line}Host: ${HOST}\r\nContent-Length: 5\r\n\r\nhello`, /^bad_http: .*no body/],
    "a chunked body": [
      `${line}Host: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^bad_http: .*no body/,
    ],
    "version 2.0": [`CONNECT ${HOST}:443 HTTP/2.0\r\nHost: ${HOST}\r\n\r\n`, /^bad_http: /],
  };
  for (const [what, [head, logged]] of Object.entries(heads)) {
    await t.step(`with ${what}`, () => refusesConnect(arena, { head, gets: 400, logged }));
  }
  await assertAlive(arena, "tunnel");
});

Deno.test("a tunnel is opened however its one name is written", async (t) => {
  await using arena = await startArena();
  const heads = {
    "in capitals": `CONNECT API.Example.COM:443 HTTP/1.1\r\nHost: api.example.com\r\n\r\n`,
    "with a trailing dot": `CONNECT ${HOST}.:443 HTTP/1.1\r\nHost: ${HOST}.:443\r\n\r\n`,
    "by HTTP/1.0 without a Host": `CONNECT ${HOST}:443 HTTP/1.0\r\n\r\n`,
  };
  for (const [what, head] of Object.entries(heads)) {
    await t.step(what, async () => {
      const raw = connectTcp(arena.proxy.port, "127.0.0.1");
      const hello = Promise.withResolvers<void>();
      raw.once("data", () => hello.resolve());
      raw.write(head);
      await hello.promise;
      const ca = Deno.readTextFileSync(arena.proxy.caFile);
      const tls = connectTls({ socket: raw, servername: HOST, ca });
      const wire = new Wire(tls);
      wire.say(`GET /named HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      await wire.settles(() => wire.text().endsWith("ok"));
      assert.deepEqual(wire.statuses(), [200]);
      wire.destroy();
    });
  }
});

Deno.test("what is said too early, or too deep, opens nothing", async (t) => {
  await using arena = await startArena();
  const connect = `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`;
  await t.step("a request in the clear right behind a CONNECT", async () => {
    const before = arena.proxy.logs.length;
    const wire = dialProxy(arena.proxy);
    wire.say(`${connect}GET /early HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await wire.settles(() => wire.isClosed);
    assert.ok(!wire.statuses().includes(400) || wire.statuses()[0] === 200);
    assert.equal(arena.secure.text(), "");
    await troubleThat(arena, before, /host_mismatch: .*port 443/);
  });
  await t.step("a CONNECT in a CONNECT", async () => {
    const before = arena.proxy.logs.length;
    const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443` });
    wire.say(connect);
    await wire.settles(() => wire.isClosed, 1_000);
    assert.ok(wire.isClosed);
    assert.ok(!wire.statuses().includes(200));
    assert.equal(arena.secure.text(), "");
    await troubleThat(arena, before, /^method_refused: /);
  });
  await t.step("a CONNECT behind a request that is not answered yet", async () => {
    const before = arena.proxy.logs.length;
    arena.plain.script = () => {};
    const wire = dialProxy(arena.proxy);
    wire.say(`GET http://${PLAIN}/slow HTTP/1.1\r\nHost: ${PLAIN}\r\n\r\n${connect}`);
    await wire.settles(() => wire.isClosed);
    assert.ok(!wire.text().includes("Established"));
    await troubleThat(arena, before, /owes an answer/);
  });
  await t.step("an absolute form inside a tunnel", async () => {
    const before = arena.proxy.logs.length;
    const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443` });
    wire.say(`GET http://${PLAIN}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await wire.settles(() => wire.statuses().length > 0);
    assert.deepEqual(wire.statuses(), [400]);
    await troubleThat(arena, before, /bad_target/);
    wire.destroy();
  });
  await t.step("an absolute form with another Host", async () => {
    const before = arena.proxy.logs.length;
    const wire = dialProxy(arena.proxy);
    wire.say(`GET http://${PLAIN}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await wire.settles(() => wire.statuses().length > 0);
    assert.deepEqual(wire.statuses(), [400]);
    await troubleThat(arena, before, /host_mismatch/);
    wire.destroy();
  });
  await assertAlive(arena, "tunnel");
  await assertAlive(arena, "plain");
});

Deno.test("the server name of the handshake is the tunnel's, or none", async (t) => {
  await using arena = await startArena();
  for (const sni of [PLAIN, `x${HOST}`, `a.${HOST}`, "localhost", "xn--bcher-kva.example"]) {
    await t.step(`no handshake as ${sni}`, async () => {
      const before = arena.proxy.logs.length;
      await assert.rejects(dialTunnel(arena.proxy, { target: `${HOST}:443`, sni }));
      const trouble = await troubleThat(arena, before, /^host_mismatch: TLS server name/);
      assert.equal(trouble.host, HOST);
      assert.equal(arena.secure.text(), "");
    });
  }
  for (const sni of ["", HOST.toUpperCase()]) {
    await t.step(`a handshake as ${JSON.stringify(sni)}`, async () => {
      const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, sni });
      wire.say(`GET /named HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      await wire.settles(() => wire.text().endsWith("ok"));
      assert.deepEqual(wire.statuses(), [200]);
      wire.destroy();
    });
  }
  await t.step("a handshake that is none", async () => {
    const before = arena.proxy.logs.length;
    const wire = dialProxy(arena.proxy);
    wire.say(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await wire.settles(() => wire.statuses().length > 0);
    wire.say("\x16\x03\x01\x00\x05hello and much more that is no handshake at all");
    await wire.settles(() => wire.isClosed);
    assert.ok(wire.isClosed);
    await troubleThat(arena, before, /bad_tls: /);
  });
  await assertAlive(arena, "tunnel");
});
