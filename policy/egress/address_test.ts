import assert from "node:assert/strict";
import fc from "fast-check";
import { type AddressClass, checkAddresses, classifyAddress } from "./address.ts";

const CLASSES: Readonly<Record<AddressClass, readonly string[]>> = {
  public: [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "64:ff9b::8.8.8.8",
  ],
  loopback: ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"],
  private: [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "64:ff9b::a00:1",
  ],
  "link-local": ["169.254.0.1", "169.254.1.1", "fe80::1", "febf::1", "::ffff:169.254.1.1"],
  metadata: [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
    "FD00:0EC2::0254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
  ],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1", "::ffff:224.0.0.1"],
  reserved: [
    "0.0.0.0",
    "0.1.2.3",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::7f00:1",
    "100::1",
    "64:ff9b:1::1",
    "::ffff:0:7f00:1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "e000::1",
    "200::1",
  ],
  invalid: [
    "",
    "localhost",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "1.2.3.4.",
    " 1.1.1.1",
    "1.1.1.1/32",
    "1.1.1.256",
    "fe80::1%eth0",
    "[::1]",
    ":::",
    "1::2::3",
    "a".repeat(1_000_000),
  ],
};

Deno.test("each address is told for what it is", () => {
  for (const [expected, addresses] of Object.entries(CLASSES)) {
    for (const address of addresses) assert.equal(classifyAddress(address), expected, address);
  }
});

/** The last 32 bits of an address, as IPv6 writes them. */
function hextets(ip: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ip.split(".").map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

Deno.test("an IPv4 address inside an IPv6 one counts as itself, however it is written", () => {
  fc.assert(fc.property(fc.ipV4(), (ip) => {
    const expected = classifyAddress(ip);
    for (const text of [`::ffff:${ip}`, `::ffff:${hextets(ip)}`, `64:ff9b::${hextets(ip)}`]) {
      assert.equal(classifyAddress(text), expected, text);
    }
  }));
});

Deno.test("any text at all has a class", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.ipV4Extended()), (text) => {
    assert.ok(classifyAddress(text) in CLASSES);
  }));
});

const open = { host: "a.example", allowPrivate: true };
const closed = { host: "a.example", allowPrivate: false };

Deno.test("a route without allow_private reaches public addresses only", () => {
  assert.deepEqual(checkAddresses(closed, ["1.1.1.1", "2606:4700::1"]), { ok: true });
  for (const [kind, addresses] of Object.entries(CLASSES)) {
    if (kind === "public") continue;
    for (const address of addresses) {
      const verdict = checkAddresses(closed, ["1.1.1.1", address]);
      assert.equal(verdict.ok, false, address);
      assert.equal(!verdict.ok && verdict.address, address);
    }
  }
});

Deno.test("allow_private opens the operator's networks and nothing that is never dialled", () => {
  for (const kind of ["loopback", "private", "link-local", "metadata"] as const) {
    assert.deepEqual(checkAddresses(open, CLASSES[kind]), { ok: true });
  }
  for (const kind of ["multicast", "reserved", "invalid"] as const) {
    for (const address of CLASSES[kind]) assert.equal(checkAddresses(open, [address]).ok, false);
  }
});

Deno.test("a name without an address is refused, and so is any answer with one bad address", () => {
  const none = checkAddresses(open, []);
  assert.equal(!none.ok && none.reason, "no_address");
  const rebinding = checkAddresses(closed, ["93.184.215.14", "127.0.0.1"]);
  assert.equal(!rebinding.ok && rebinding.reason, "address_not_allowed");
  assert.match(rebinding.ok ? "" : rebinding.message, /127\.0\.0\.1.*loopback.*allow_private/);
});

Deno.test("a private address that is listed as a literal still asks for allow_private", () => {
  const verdict = checkAddresses({ host: "10.0.0.7", allowPrivate: false }, ["10.0.0.7"]);
  assert.match(verdict.ok ? "" : verdict.message, /only a route with `allow_private: true`/);
});
