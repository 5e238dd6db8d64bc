import assert from "node:assert/strict";
import { parseExtraHosts } from "./extra_hosts.ts";

Deno.test("an unset or blank setting pins nothing", () => {
  assert.deepEqual(parseExtraHosts(undefined), []);
  assert.deepEqual(parseExtraHosts(" , "), []);
});

Deno.test("names are pinned to IPv4 and IPv6 addresses, with and without a port", () => {
  assert.deepEqual(
    parseExtraHosts(
      "API.Example.com=192.0.2.1, b.example=192.0.2.2:8443,c.example=[2001:db8::1]:443,d.example=2001:db8::2",
    ),
    [
      { name: "api.example.com", address: "192.0.2.1" },
      { name: "b.example", address: "192.0.2.2", port: 8443 },
      { name: "c.example", address: "2001:db8::1", port: 443 },
      { name: "d.example", address: "2001:db8::2" },
    ],
  );
});

Deno.test("an entry of another form is refused and quoted", () => {
  for (
    const entry of [
      "a.example",
      "=192.0.2.1",
      "a.example=b.example",
      "a.example=",
      "1.2.3.4=1.2.3.4",
      "a b=1.2.3.4",
      "a.example=1.2.3.4:0",
      "a.example=1.2.3.4:99999",
    ]
  ) {
    assert.throws(() => parseExtraHosts(entry), /Cannot read BOT_BOTTLE_EXTRA_HOSTS/, entry);
  }
});
