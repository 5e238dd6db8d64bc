import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { PolicyCheckOutput } from "../host/commands/policy_check.ts";
import { Scene } from "./cli_transcript.ts";
import { seededBlobs } from "./doubles/models/blobs.ts";

const TOKEN = seededBlobs(31).alphanumeric(40);
const OTHER = ["ghp", seededBlobs(32).alphanumeric(36)].join("_");

const BOTTLE = `---
agent_provider:
  template: demo
egress:
  routes:
    - host: api.example.com
      auth: { scheme: Bearer, token_ref: EXAMPLE_TOKEN }
      matches:
        - methods: [GET]
        - paths: [{ value: /v1 }]
      dlp: { outbound_on_match: block }
    - host: redact.example.com
      dlp: { outbound_on_match: redact }
    - host: ask.example.com
    - host: open.example.com
      dlp: { outbound_detectors: false }
---
`;

interface Checked {
  readonly code: number;
  readonly output: PolicyCheckOutput;
  readonly text: string;
}

async function withChecks(
  run: (
    check: (...args: readonly string[]) => Promise<Checked>,
    scene: Scene,
  ) => Promise<void>,
): Promise<void> {
  await using scene = await Scene.create({ "bottles/dev.md": BOTTLE });
  await run(async (...args) => {
    const env = { EXAMPLE_TOKEN: TOKEN };
    const { code, stdout, stderr } = await scene.run(
      ["policy", "check", "dev", ...args, "--json"],
      { env },
    );
    assert.equal(stderr, "");
    const text = scene.normalize(stdout);
    for (const value of [TOKEN, OTHER, TOKEN.slice(0, 14), btoa(TOKEN).slice(0, 16)]) {
      assert.ok(!text.includes(value), "a value is shown");
    }
    return { code, output: JSON.parse(stdout), text };
  }, scene);
}

Deno.test("policy check blocks what the proxy would, and tells place and disguise", async () => {
  await withChecks(async (check) => {
    const url = "https://api.example.com/v1/items";
    const { code, output } = await check("POST", url, "--header", `X-Note: ${btoa(TOKEN)}`);
    assert.equal(code, 1);
    assert.deepEqual([output.allowed, output.outcome, output.status, output.reason], [
      false,
      "refused",
      403,
      "secret_found",
    ]);
    assert.deepEqual(output.findings, [{
      detector: "known_secrets",
      kind: "EXAMPLE_TOKEN",
      place: "header x-note",
      writtenAs: ["base64"],
    }]);
    assert.ok(output.explanation.includes("outbound_on_match: block: the request is refused"));
    const own = await check("POST", url, "--header", `Authorization: Bearer ${TOKEN}`);
    assert.deepEqual([own.code, own.output.outcome], [0, "forwarded"]);
  });
});

Deno.test("policy check tells the lines of route and rule", async () => {
  await withChecks(async (check) => {
    const { output, text } = await check("POST", "https://api.example.com/v1/items");
    assert.match(output.route?.from ?? "", /dev\.md:6$/);
    assert.match(output.route?.rule ?? "", /dev\.md:10$/);
    assert.match(text, /known secrets: EXAMPLE_TOKEN/);
  });
});

Deno.test("policy check tells redaction and holding apart from refusal", async () => {
  await withChecks(async (check) => {
    const redacted = await check("GET", `https://redact.example.com/a?key=${OTHER}`);
    assert.deepEqual([redacted.code, redacted.output.outcome], [0, "redacted"]);
    assert.match(redacted.output.explanation[0] ?? "", /^redacted: GET /);
    const inName = await check("GET", "https://redact.example.com/", "--header", `${OTHER}: 1`);
    assert.deepEqual([inName.code, inName.output.outcome], [1, "refused"]);
    const held = await check("GET", `https://ask.example.com/a/${OTHER}`);
    assert.deepEqual([held.code, held.output.outcome], [1, "held"]);
    assert.match(held.output.explanation[0] ?? "", /^held: GET /);
    const off = await check("GET", `https://open.example.com/a/${OTHER}`);
    assert.deepEqual([off.code, off.output.outcome, off.output.findings], [
      0,
      "forwarded",
      undefined,
    ]);
  });
});

Deno.test("policy check scans a body, compressed too, and of any length", async () => {
  await withChecks(async (check, scene) => {
    const url = "https://api.example.com/v1/items";
    const path = `${scene.folder}/body`;
    const bodies: readonly (readonly [Uint8Array, readonly string[], string])[] = [
      [Buffer.from(`{"a":"${TOKEN}"}`), [], "body"],
      [
        gzipSync(`{"a":"${TOKEN}"}`),
        ["--header", "Content-Encoding: gzip"],
        "body (decoded from gzip)",
      ],
      [Buffer.concat([Buffer.alloc(5_000_000, "word "), Buffer.from(TOKEN)]), [], "body"],
    ];
    for (const [bytes, options, place] of bodies) {
      await Deno.writeFile(path, bytes);
      const { code, output } = await check("POST", url, "--body", path, ...options);
      assert.equal(code, 1);
      assert.ok(output.findings?.some((one) => one.place === place), place);
    }
    const lines = Array.from({ length: 80_000 }, () => crypto.randomUUID()).join("\n");
    for (const [text, verdict] of [[lines, 0], [lines + TOKEN, 1]] as const) {
      await Deno.writeFile(path, gzipSync(text));
      const { code, output } = await check("POST", url, "--body", path);
      assert.equal(code, verdict);
      const places = (output.findings ?? []).map((one) => one.place);
      assert.deepEqual(places, verdict === 0 ? [] : ["body (decoded from gzip)"]);
    }
    await Deno.writeTextFile(path, "no gzip at all");
    const broken = await check("POST", url, "--body", path, "--header", "Content-Encoding: gzip");
    assert.deepEqual([broken.code, broken.output.reason], [1, "body_unreadable"]);
    const clean = await check("POST", url, "--body", path);
    assert.deepEqual([clean.code, clean.output.outcome], [0, "forwarded"]);
  });
});
