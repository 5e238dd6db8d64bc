import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync } from "node:crypto";
import { Secret } from "../../secret.ts";
import { createKnownMatcher } from "./matcher.ts";
import { secretParts } from "./parts.ts";

const BODY = "Zk3vQ9xWm2Lp8RtY5nBc7HdF4sGj6AqTzKxv";

function finds(value: string, text: string): boolean {
  const matcher = createKnownMatcher(new Map([["EGRESS_TOKEN_0", new Secret(value)]]));
  return matcher.find(new TextEncoder().encode(text), 10).length > 0;
}

function partTexts(value: string): string[] {
  return secretParts(value).map(({ bytes }) => new TextDecoder().decode(bytes));
}

function base64Of(text: string): string {
  return Buffer.from(text).toString("base64");
}

Deno.test("a token format's prefix alone does not alarm, eight characters more do", () => {
  const prefixes = [
    "github_pat_11A",
    "sk-ant-api03-",
    "sk-proj-",
    "npm_",
    "glpat-",
    "AKIA",
    "xoxb-",
  ];
  for (const prefix of [...prefixes, "pypi-AgEIcHlwaS5vcmc", "shop_live_v2_"]) {
    const value = prefix + BODY;
    for (const text of [prefix, `${prefix}${prefix}`, `${prefix}XXXXXXXXXXXX`, base64Of(prefix)]) {
      assert.ok(!finds(value, `tokens look like ${text}...`), text);
    }
    assert.ok(finds(value, `${prefix}${BODY.slice(0, 12)}`), prefix);
    assert.ok(finds(value, BODY.slice(0, 12)), prefix);
  }
  assert.ok(finds(`github_pat_11A${BODY}`, `11A${BODY.slice(0, 9)}`), "a piece across the prefix");
});

Deno.test("a JWT's header does not alarm, its signature does", () => {
  const header = base64Of('{"alg":"RS256","typ":"JWT"}');
  const jwt = `${header}.${base64Of('{"sub":"u-4711-x"}').replaceAll("=", "")}.${BODY}`;
  assert.ok(!finds(jwt, `Authorization: Bearer ${header}.e30.`));
  assert.ok(finds(jwt, `x ${BODY.slice(8, 22)}`));
  assert.ok(finds(`Bearer ${jwt}`, jwt));
  assert.ok(!finds(`Bearer ${BODY}`, "Authorization: Bearer and so on"));
});

/** A real key of each kind, with its public half in the forms that people publish. */
function keys(): { readonly name: string; readonly pem: string; readonly publicTexts: string[] }[] {
  const pair = (name: string, key: ReturnType<typeof generateKeyPairSync>) => ({
    name,
    pem: key.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicTexts: [
      key.publicKey.export({ type: "spki", format: "pem" }).toString(),
      key.publicKey.export({ type: "spki", format: "der" }).toString("hex"),
    ],
  });
  return [
    pair("RSA", generateKeyPairSync("rsa", { modulusLength: 2048 })),
    pair("P-256", generateKeyPairSync("ec", { namedCurve: "P-256" })),
    pair("Ed25519", generateKeyPairSync("ed25519")),
  ];
}

Deno.test("a private key is found by any run of its secret half, in any escaping", () => {
  for (const { name, pem } of keys()) {
    const body = pem.replaceAll(/-----.*-----|\s/g, "");
    const secret = body.slice(-40, -4).replaceAll(/[+/=]/g, "");
    const tail = name === "P-256" ? body.slice(50, 75).replaceAll(/[+/=]/g, "") : secret;
    for (const text of [pem, JSON.stringify({ key: pem }), base64Of(pem), tail.slice(0, 12)]) {
      assert.ok(finds(pem, text), `${name} ${text}`);
    }
    assert.ok(finds(pem, [...tail].join(" ")), name);
  }
});

Deno.test("a key's framing and its public half do not alarm", () => {
  const others = keys();
  for (const { name, pem, publicTexts } of keys()) {
    for (const other of others) {
      if (other.name === name) assert.ok(!finds(pem, other.pem), `another ${name} key`);
    }
    for (const text of publicTexts) assert.ok(!finds(pem, text), `${name} ${text}`);
    assert.ok(!finds(pem, "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"));
  }
});

/** An Ed25519 key in OpenSSH's format, without encryption, from its parts (PROTOCOL.key). */
function opensshKey(seed: Buffer, half: Buffer, comment: string): string {
  const field = (data: Buffer | string): Buffer => {
    const bytes = Buffer.from(data);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const publicKey = Buffer.concat([field("ssh-ed25519"), field(half)]);
  const secret = Buffer.concat([
    Buffer.alloc(8, 7),
    publicKey,
    field(Buffer.concat([seed, half])),
    field(comment),
    Buffer.from([1, 2, 3]),
  ]);
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    Buffer.from([0, 0, 0, 1]),
    field(publicKey),
    field(secret),
  ]);
  const name = "OPENSSH PRIVATE KEY";
  return `-----BEGIN ${name}-----\n${
    whole.toString("base64").replaceAll(/.{70}/g, "$&\n")
  }\n-----END ${name}-----\n`;
}

Deno.test("of a key in OpenSSH's format neither the public half nor the comment alarms", () => {
  const bytes = (n: number): Buffer => createHash("sha256").update(`${n}`).digest();
  const key = opensshKey(bytes(1), bytes(2), "deployer@bottle-factory.example");
  const blob = `AAAAC3NzaC1lZDI1NTE5AAAAI${bytes(2).toString("base64")}`;
  assert.ok(!finds(key, `ssh-ed25519 ${blob} deployer@bottle-factory.example`));
  assert.ok(!finds(key, opensshKey(bytes(3), bytes(4), "deployer@bottle-factory.example")));
  assert.ok(finds(key, key));
  assert.ok(finds(key, opensshKey(bytes(1), bytes(4), "other").replaceAll("\n", "\\n")));
});

Deno.test("of a service account only its key counts", () => {
  const [key] = keys();
  const pem = key?.pem ?? "";
  const account = JSON.stringify({
    type: "service_account",
    project_id: "bottle-factory-314159",
    private_key_id: Buffer.from(BODY).toString("hex").slice(0, 40),
    private_key: pem,
    client_email: "deployer@bottle-factory-314159.iam.gserviceaccount.com",
    client_id: "103456789012345678901",
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
  });
  const harmless = account.replace(/"private_key_id":"[^"]*",/, "")
    .replace(/"private_key":"[^"]*",/, "");
  assert.ok(!finds(account, harmless), harmless);
  for (const text of [account, pem, JSON.stringify(account), base64Of(account)]) {
    assert.ok(finds(account, text), text);
  }
});

Deno.test("of a URL the password and long parts count, not the host", () => {
  const database = `postgres://deployer:${BODY}@database.internal.example.com:5432/inventory`;
  assert.deepEqual(partTexts(database), [BODY]);
  assert.ok(
    !finds(database, "postgres://deployer:***@database.internal.example.com:5432/inventory"),
  );
  const hook = `https://hooks.chat.example/services/T024BE7LH/B024BE7LJ/${BODY}`;
  assert.deepEqual(partTexts(hook), [BODY]);
  assert.ok(!finds(hook, "see https://hooks.chat.example/services/T024BE7LH"));
  assert.deepEqual(partTexts(`https://api.example.com/v1?name=x&api_key=short7&sig=${BODY}`), [
    "short7",
    BODY,
  ]);
  assert.deepEqual(partTexts("https://u:p%40ss%2Fw0rd@api.example.com/"), ["p@ss/w0rd"]);
});

Deno.test("of a connection string the secret fields count", () => {
  const storage = `DefaultEndpointsProtocol=https;AccountName=bottlefactory;AccountKey=${BODY}==;` +
    "EndpointSuffix=core.windows.net";
  assert.deepEqual(partTexts(storage), [`${BODY}==`]);
  assert.ok(!finds(storage, "AccountName=bottlefactory;EndpointSuffix=core.windows.net"));
  assert.deepEqual(partTexts(`USER=deployer\nAPI_TOKEN="${BODY}"\n`), [BODY]);
});

Deno.test("what has a structure but no secret field counts as a whole", () => {
  for (const value of ['{"a":"b"}', "https://api.example.com/", "{broken", "a=b;c=d", "[]"]) {
    assert.deepEqual(partTexts(value), [value]);
  }
});

Deno.test("the bytes that a value writes in hex or base64 are found when written otherwise", () => {
  const bytes = Buffer.from([...Buffer.from(BODY.slice(0, 32))].map((byte, n) => byte ^ (n * 37)));
  const dashed = bytes.subarray(0, 16).toString("hex").replace(
    /(.{8})(.{4})(.{4})(.{4})/,
    "$1-$2-$3-$4-",
  );
  for (const value of [bytes.toString("hex"), bytes.toString("hex").toUpperCase()]) {
    assert.ok(finds(value, `x ${bytes.toString("base64")}`), value);
    assert.ok(finds(value, `x ${[...bytes].join(", ")}`), value);
  }
  assert.ok(finds(bytes.toString("base64"), `x ${bytes.toString("hex")}`));
  assert.ok(finds(dashed, bytes.subarray(0, 16).toString("base64url")));
  const login = base64Of(`deployer:${BODY}`);
  assert.ok(finds(login, BODY), "a password out of a login");
  assert.ok(!finds(login, "deployer: the one who deploys"));
});
