import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAgent } from "./agent.ts";
import { parseBottle } from "./bottle.ts";
import { formatDiagnostic, ManifestError } from "./diagnostic.ts";

const VALID = `---
extends: [base, other]
env:
  EDITOR: vi
  API_URL: \${HOST_API_URL}
  PIN: "?Enter the PIN"
agent_provider:
  template: claude
  auth_token: CLAUDE_TOKEN
  settings: { startup_args: [--verbose] }
git-gate:
  user: { name: Ada, email: ada@example.com }
  repos:
    project:
      url: ssh://git@git.example.com:2222/team/project.git
      key: { provider: static, path: ~/.ssh/deploy }
egress:
  log: 1
  routes:
    - host: api.example.com
      auth: { scheme: Bearer, token_ref: EXAMPLE_TOKEN }
      matches:
        - paths: [{ type: regex, value: "/v[0-9]+/.*" }]
          methods: [GET, POST]
          headers: [{ name: X-Env, value: prod, type: exact }]
      git: { fetch: true }
      dlp: { outbound_detectors: false }
---
text
`;

const PIECES = [
  ...["---", "\n", "\r\n", "\t", " ", ": ", "- ", "[", "]", "{", "}", ",", "#", "'", '"', "|", ">"],
  ...[
    "&a ",
    "*a",
    "!!str ",
    "!x ",
    "%YAML 1.1\n",
    "...\n",
    "? ",
    "<<: ",
    "~",
    "null",
    "0x1",
    ".inf",
  ],
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "env", "egress"],
  ...["routes", "\0", "\ufeff", "\u2028", "\ud800", "${", "*.", "(?=", "1e999", "-0"],
] as const;

const SOURCE = { name: "x", file: "x.md" } as const;

/** The names on Object.prototype before anything was parsed. */
const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype).join();

/** Parses as both kinds; anything but a value or a ManifestError fails the test. */
function parseBoth(bytes: Uint8Array, parsers = [parseBottle, parseAgent]): void {
  const before = performance.now();
  for (const parse of parsers) {
    try {
      parse(SOURCE, bytes);
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      assert.ok(error.diagnostics.length > 0);
      for (const each of error.diagnostics) {
        assert.ok(formatDiagnostic(each).length < 4000);
        assert.equal(each.file, "x.md");
      }
    }
  }
  assert.ok(performance.now() - before < 5000, "parsing took too long");
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), PROTOTYPE);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("random bytes are refused with a diagnostic", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      parseBoth(bytes);
      parseBoth(new Uint8Array([...encode("---\n"), ...bytes, ...encode("\n---\n")]));
    }),
    { numRuns: 500 },
  );
});

Deno.test("random pieces of YAML crash nothing", () => {
  const yaml = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 })), {
    maxLength: 60,
  });
  fc.assert(fc.property(yaml, (parts) => parseBoth(encode(`---\n${parts.join("")}\n---\n`))), {
    numRuns: 2000,
  });
});

Deno.test("a valid manifest with random edits crashes nothing", () => {
  const edit = fc.record({
    at: fc.nat({ max: VALID.length }),
    drop: fc.nat({ max: 12 }),
    put: fc.constantFrom("", ...PIECES),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const mutated = edits.reduce((text, { at, drop, put }) => {
        return text.slice(0, at) + put + text.slice(at + drop);
      }, VALID);
      parseBoth(encode(mutated));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("any JSON in the place of any key is accepted or refused, never a crash", () => {
  const paths = [
    ["env"],
    ["env", "A"],
    ["egress"],
    ["egress", "routes"],
    ["git-gate"],
    ["git-gate", "repos"],
    ["git-gate", "repos", "a"],
    ["git-gate", "repos", "a", "key"],
    ["agent_provider"],
    ["agent_provider", "settings"],
    ["skills"],
    ["extends"],
  ];
  const route = ["host", "auth", "matches", "git", "dlp", "allow_private"];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.json({ maxDepth: 4 }), (path, json) => {
      const nested = path.reduceRight((inner, key) => `{ ${JSON.stringify(key)}: ${inner} }`, json);
      parseBoth(encode(`---\n${nested}\n---\n`));
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...route), fc.json({ maxDepth: 4 }), (key, json) => {
      parseBoth(encode(`---\negress: { routes: [{ host: a.b, ${key}: ${json} }] }\n---\n`));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("the largest hostile frontmatters take bounded time", () => {
  const size = 64 * 1024 - 100;
  const units = ["[", "{", "- ", "? ", "a: ", "{a: ", '"', "'", "!", "!!a ", "&a ", "*a ", "%a\n"];
  const more = [
    "#\n",
    "\n",
    ": a\n",
    "? a\n",
    "- [\n",
    "{a,",
    "...\n",
    "a:\n- ",
    "| ",
    "&a\n",
    "a: *a\n",
  ];
  for (const unit of [...units, ...more]) {
    parseBoth(encode(`---\n${unit.repeat(size / unit.length)}\n---\n`), [parseBottle]);
  }
  const keys = Array.from({ length: 8000 }, (_, index) => `k${index}: 1`).join("\n");
  parseBoth(encode(`---\n${keys}\n---\n`));
  parseBoth(encode(`---\nenv:\n  ${keys.slice(0, 40_000).replaceAll("\n", "\n  ")}\n---\n`));
  const hosts = Array.from({ length: 1500 }, (_, index) => `- host: h${index}.example`).join("\n");
  parseBoth(encode(`---\negress:\n routes:\n${hosts}\n---\n`));
});

Deno.test("keys that could reach prototypes change no object", () => {
  const texts = [
    "__proto__: { polluted: 1 }",
    "constructor: { prototype: { polluted: 1 } }",
    "env: { __proto__: x, constructor: y }",
    "agent_provider: { settings: { __proto__: { polluted: 1 } } }",
    'agent_provider: { settings: { "__proto__": { polluted: 1 } } }',
    '"\\x5f_proto__": { polluted: 1 }',
    "git-gate: { repos: { __proto__: { url: x } } }",
    "hooks: { __proto__: { polluted: 1 } }",
  ];
  for (const text of texts) {
    parseBoth(encode(`---\n${text}\n---\n`));
    assert.throws(() => parseBottle(SOURCE, encode(`---\n${text}\n---\n`)), ManifestError);
    assert.equal("polluted" in {}, false);
  }
});
