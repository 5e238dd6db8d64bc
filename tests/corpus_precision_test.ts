import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { Secret } from "../policy/secret.ts";
import { createKnownMatcher } from "../policy/dlp/known/matcher.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");

/** Random text that is the same in each run. */
function random(name: string, length: number): string {
  return createHash("shake256", { outputLength: 2 * length }).update(name).digest("base64")
    .replaceAll(/[+/=]/g, "").slice(0, length);
}

/** One credential in the form of each of several issuers. */
function credentials(): string[] {
  const base64url = (text: string) => btoa(text).replaceAll("=", "");
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  return [
    `sk-ant-api03-${random("a", 95)}`,
    `sk-proj-${random("b", 74)}T3BlbkFJ${random("c", 74)}`,
    `ghp_${random("d", 36)}`,
    `github_pat_11A${random("e", 20)}_${random("f", 59)}`,
    `xoxb-123456789012-1234567890123-${random("g", 24)}`,
    `AKIA${random("h", 16).toUpperCase()}`,
    createHash("sha256").update("i").digest("hex"),
    `${base64url('{"alg":"RS256","typ":"JWT"}')}.${
      base64url('{"iss":"https://auth.example.com","aud":"api","email":"dev@example.com"}')
    }.${random("j", 342)}`,
    pem,
    JSON.stringify({
      type: "service_account",
      project_id: "bottle-factory-314159",
      private_key: pem,
      client_email: "deployer@bottle-factory-314159.iam.gserviceaccount.com",
      token_uri: "https://oauth2.googleapis.com/token",
    }),
    `postgres://deployer:${random("k", 20)}@database.internal.example.com:5432/inventory`,
  ];
}

async function* files(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && !/^(?:\.git|coverage|dist)$/.test(entry.name)) yield* files(path);
    else if (entry.isFile && entry.name !== "corpus_precision_test.ts") yield path;
  }
}

Deno.test("no credential is seen in a file that does not hold it", async () => {
  const values = credentials();
  const matcher = createKnownMatcher(
    new Map(values.map((value) => [value.slice(0, 16), new Secret(value)])),
  );
  let bytes = 0;
  for await (const path of files(ROOT)) {
    const text = await Deno.readFile(path);
    bytes += text.length;
    const found = matcher.find(text, 10).map(({ id, writtenAs, start, end }) =>
      `${path}: ${id} ${writtenAs.join()} ${new TextDecoder().decode(text.subarray(start, end))}`
    );
    assert.deepEqual(found, []);
  }
  assert.ok(bytes > 500_000, "enough text was looked at");
});
