import assert from "node:assert/strict";
import fc from "fast-check";
import { parseHostKey } from "./host_key.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

function reason(text: string): string {
  const parsed = parseHostKey(text);
  return parsed.ok ? "" : parsed.reason;
}

Deno.test("a key is read, and its comment dropped", () => {
  assert.deepEqual(parseHostKey(KEY), { ok: true, hostKey: KEY });
  assert.deepEqual(parseHostKey(`${KEY} git.example.com`), { ok: true, hostKey: KEY });
});

Deno.test("a whole line of known_hosts is recognised", () => {
  assert.match(reason(`git.example.com ${KEY}`), /host name/);
});

Deno.test("what is no key is refused", () => {
  assert.match(reason(""), /key type/);
  assert.match(reason("ssh-dss AAAA"), /key type/);
  assert.match(reason("ssh-ed25519"), /base64/);
  assert.match(reason("ssh-ed25519 AAAA"), /not a key/);
  assert.match(reason("ssh-ed25519 !!!"), /base64/);
  assert.match(reason(KEY.replace("ssh-ed25519", "ssh-rsa")), /not a key of the type ssh-rsa/);
  assert.match(reason(KEY.slice(0, 50)), /cut short|base64/);
  assert.match(reason(`${KEY}\n* ${KEY}`), /one line/);
  assert.match(reason(`${KEY}\r`), /one line/);
});

Deno.test("no text makes the reader throw", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(parseHostKey(text).ok, false);
    assert.equal(typeof parseHostKey(`ssh-ed25519 ${text}`).ok, "boolean");
  }));
});
