import assert from "node:assert/strict";
import { type BottleManifest, parseBottle } from "./bottle.ts";
import { type Diagnostic, formatDiagnostic, ManifestError } from "./diagnostic.ts";

const TOKEN = ["ghp", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].join("_");
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

function parse(yaml: string): BottleManifest {
  const bytes = new TextEncoder().encode(`---\n${yaml}\n---\n`);
  return parseBottle({ name: "dev", file: "dev.md" }, bytes);
}

function diagnostics(yaml: string): readonly Diagnostic[] {
  try {
    parse(yaml);
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    return error.diagnostics;
  }
  return [];
}

/** Each diagnostic as `line: key path: message (hint)`. */
function problems(yaml: string): readonly string[] {
  return diagnostics(yaml).map((each) => {
    assert.notEqual(each.hint, "", formatDiagnostic(each));
    return `${each.line}: ${each.keyPath}: ${each.message} (${each.hint})`;
  });
}

function only(yaml: string): string {
  const told = problems(yaml);
  assert.equal(told.length, 1, told.join("\n"));
  return told[0] ?? "";
}

Deno.test("a bottle with every key is read into exact values", () => {
  const { layer, extends: parents } = parse(`
extends: [base-a, base-b]
env:
  EDITOR: vi
  API_URL: \${HOST_API_URL}
  PIN: "?Enter the PIN"
agent_provider:
  template: claude
  dockerfile: ./Dockerfile
  auth_token: BOT_BOTTLE_CLAUDE_OAUTH_TOKEN
  forward_host_credentials: true
  settings: { startup_args: [--verbose], deep: { list: [1, { x: null }] } }
git-gate:
  user: { name: Ada, email: ada@example.com }
  repos:
    project:
      url: ssh://git@git.example.com:2222/team/project.git
      key: { provider: static, path: ~/.ssh/deploy }
      host_key: ${HOST_KEY}
    other:
      url: git@example.com:x
      key: { provider: gitea, forge_token_env: GITEA_TOKEN, api_url: https://git.example.com }
egress:
  log: 2
  routes:
    - host: API.example.com:8443
      auth: { scheme: Bearer, token_ref: EXAMPLE_TOKEN }
      matches:
        - paths: [{ type: prefix, value: /v2/ }, { value: /x }]
          methods: [GET, POST]
          headers: [{ name: X-Env, value: prod }]
      git: { fetch: true }
      dlp: { outbound_detectors: false, inbound_detectors: false, outbound_on_match: block }
      allow_private: true
    - host: "*.example.org"`);
  assert.deepEqual(parents.map((each) => each.value), ["base-a", "base-b"]);
  assert.deepEqual([...layer.env].map(([name, { origin: _, ...value }]) => [name, value]), [
    ["EDITOR", { kind: "literal", value: "vi" }],
    ["API_URL", { kind: "host", variable: "HOST_API_URL" }],
    ["PIN", { kind: "prompt", question: "Enter the PIN" }],
  ]);
  assert.deepEqual(layer.provider?.settings, {
    startup_args: ["--verbose"],
    deep: { list: [1, { x: null }] },
  });
  assert.equal(Object.getPrototypeOf(layer.provider?.settings), Object.prototype);
  assert.equal(layer.repos.byName.get("project")?.hostKey?.value, HOST_KEY);
  assert.deepEqual(layer.repos.byName.get("other")?.key?.value, {
    provider: "gitea",
    forgeTokenEnv: "GITEA_TOKEN",
    apiUrl: "https://git.example.com",
  });
  assert.equal(layer.log?.value, 2);
  assert.deepEqual(layer.routes.map((each) => each.route), [
    {
      host: "api.example.com",
      port: 8443,
      auth: { scheme: "Bearer", tokenEnv: "EXAMPLE_TOKEN" },
      matches: [{
        paths: [{ type: "prefix", value: "/v2/" }, { type: "prefix", value: "/x" }],
        methods: ["GET", "POST"],
        headers: [{ name: "x-env", value: "prod", type: "exact" }],
      }],
      gitFetch: true,
      allowPrivate: true,
      dlp: { outboundDetectors: [], inboundDetectors: [], outboundOnMatch: "block" },
    },
    {
      host: "*.example.org",
      matches: [],
      gitFetch: false,
      allowPrivate: false,
      dlp: {
        outboundDetectors: ["token_patterns", "known_secrets"],
        inboundDetectors: ["naive_injection_detection"],
        outboundOnMatch: "supervise",
      },
    },
  ]);
});

Deno.test("every value knows its bottle, file, line and key path", () => {
  const { layer } = parse("env:\n  A: b\negress:\n  routes:\n    - host: example.com");
  assert.deepEqual(layer.env.get("A")?.origin, {
    kind: "bottle",
    name: "dev",
    file: "dev.md",
    line: 3,
    column: 3,
    keyPath: "env.A",
  });
  assert.equal(layer.routes[0]?.origin.line, 6);
  assert.equal(layer.routes[0]?.origin.keyPath, "egress.routes[0]");
});

Deno.test("a bottle that says nothing allows nothing", () => {
  const { layer } = parse("");
  assert.deepEqual(layer.routes, []);
  assert.equal(layer.env.size, 0);
  assert.equal(layer.repos.clears, false);
});

Deno.test("an unknown key lists the allowed ones and the nearest", () => {
  assert.equal(
    only("egres: {}"),
    "2: egres: `egres` is not a known key (did you mean `egress`? " +
      "allowed here: extends, env, agent_provider, git-gate, egress)",
  );
  assert.match(only("egress: { rutes: [] }"), /^2: egress\.rutes: .*did you mean `routes`/);
  assert.match(only("egress: { routes: [{ host: a.b, alow_private: true }] }"), /`allow_private`/);
});

Deno.test("every problem of a file is told at once, in its order", () => {
  const told = problems(`env: { 1A: x, B: 8080 }
volumes: []
egress:
  log: 3
  routes:
    - host: "exa mple.com"
      matches: []
      dlp: { inbound: false, outbound_detectors: [tokens] }
    - auth: { scheme: Basic, token_ref: T }
agent_provider: { template: Claude, forward_host_credentials: "yes" }
git-gate: { repos: { "a b": { url: x, host_key: y } } }`);
  assert.deepEqual(told.map((each) => each.split(": ").slice(0, 2).join(": ")), [
    "2: env.1A",
    "2: env.B",
    "3: volumes",
    "5: egress.log",
    "7: egress.routes[0].host",
    "8: egress.routes[0].matches",
    "9: egress.routes[0].dlp.inbound",
    "9: egress.routes[0].dlp.outbound_detectors[0]",
    "10: egress.routes[1].host",
    "10: egress.routes[1].auth.scheme",
    "11: agent_provider.template",
    "11: agent_provider.forward_host_credentials",
    '12: git-gate.repos["a b"]',
    '12: git-gate.repos["a b"].url',
    '12: git-gate.repos["a b"].host_key',
  ]);
});

Deno.test("keys of earlier versions say where they went", () => {
  const hints: Readonly<Record<string, RegExp>> = {
    "runtime: runsc": /gVisor is detected/,
    "ssh: {}": /git-gate/,
    "git: {}": /git-gate/,
    "git_user: {}": /git-gate/,
    "supervise: true": /every bottle is supervised/,
    "egress: { routes: [{ host: a.b, role: api }] }": /reserved/,
    "egress: { routes: [{ host: a.b, auth_scheme: Bearer }] }": /token_ref/,
  };
  for (const [yaml, hint] of Object.entries(hints)) {
    assert.match(only(yaml), hint);
    assert.doesNotMatch(only(yaml), /did you mean/);
  }
});

Deno.test("a wrong type says what is expected and how it is written", () => {
  assert.match(only("env: { PORT: 8080 }"), /expected a text, not a number \(.*quotes/);
  assert.match(only("env: [a]"), /expected a mapping, not a list/);
  assert.match(only("egress: { log: '1' }"), /expected one of 0, 1, 2, not this text/);
  assert.match(only("egress: { routes: {} }"), /expected a list, not a mapping/);
  assert.match(only("extends: 3"), /expected a text or a list, not a number/);
  assert.match(only("extends: [a, 3]"), /extends\[1\]: expected a text, not a number/);
  assert.match(only("egress:"), /has no value, expected a mapping/);
  assert.match(
    only("egress: { routes: [{ host: a.b, git: { fetch: 'true' } }] }"),
    /expected true or false, not this text \(write true or false, without quotes\)/,
  );
  assert.match(
    only("egress: { routes: [{ host: a.b, dlp: { outbound_detectors: true } }] }"),
    /expected false or a list, not true or false/,
  );
  assert.match(
    only("egress: { routes: [{ host: a.b, auth: { scheme: bearer, token_ref: T } }] }"),
    /did you mean Bearer\?/,
  );
  assert.match(only("git-gate: { repos: { a: { key: { provider: gitlab } } } }"), /static, gitea/);
  assert.match(only("git-gate: { repos: { a: { key: { path: x } } } }"), /provider: this key is/);
});

Deno.test("a token in the place of a name is recognised and never repeated", () => {
  const places = [
    `agent_provider: { auth_token: ${TOKEN} }`,
    `egress: { routes: [{ host: a.b, auth: { scheme: Bearer, token_ref: ${TOKEN} } }] }`,
    `git-gate: { repos: { a: { key: { provider: gitea, forge_token_env: ${TOKEN}, ` +
    `api_url: "https://a.b" } } } }`,
    `egress: { routes: [{ host: a.b, auth: { scheme: ${TOKEN}, token_ref: A } }] }`,
    `egress: { routes: [{ host: a.b, auth: { ${TOKEN}: x, scheme: Bearer, token_ref: A } }] }`,
    `egress: { routes: [{ host: "${TOKEN}" }] }`,
    `env: { "${TOKEN}": x }`,
    `extends: "${TOKEN}"`,
    `git-gate: { user: { email: "<${TOKEN}>" } }`,
    `git-gate: { repos: { a: { url: "https://${TOKEN}@a.b/x" } } }`,
    `git-gate: { repos: { a: { key: { provider: static, path: "${TOKEN}\\n" } } } }`,
  ];
  for (const yaml of places) assert.doesNotMatch(problems(yaml).join("\n"), /A1b2C3/, yaml);
  assert.match(only(places[0] ?? ""), /looks like a token itself/);
  assert.match(only(places[1] ?? ""), /looks like a token itself/);
  assert.match(only(places[2] ?? ""), /looks like a token itself/);
});

Deno.test("what is not the name of a variable is refused where a token is named", () => {
  for (const name of ["MY-TOKEN", "1TOKEN", "${TOKEN}", "a b", "''"]) {
    const yaml = `agent_provider: { auth_token: ${JSON.stringify(name)} }`;
    assert.match(only(yaml), /not the name of an environment variable/, name);
  }
});

Deno.test("hosts are canonical, and one host has one route", () => {
  assert.match(
    only("egress: { routes: [{ host: example.com }, { host: EXAMPLE.com.:8443 }] }"),
    /routes\[1\]\.host: another route has this host/,
  );
  for (const host of ["*", "*.*.example.com", "a.*.b", "http://a.b", "a.b/x", "0x7f.1", ""]) {
    const yaml = `egress: { routes: [{ host: ${JSON.stringify(host)} }] }`;
    assert.match(only(yaml), /egress\.routes\[0\]\.host: not a usable host/, host);
  }
  assert.equal(problems("egress: { routes: [{ host: '*.a.b' }, { host: a.b }] }").length, 0);
});

Deno.test("lists that could be read as all or as nothing are refused", () => {
  const route = (rest: string): string => `egress: { routes: [{ host: a.b, ${rest} }] }`;
  for (const rest of ["matches: []", "matches: [{}]", "matches: [{ paths: [] }]"]) {
    assert.equal(problems(route(rest)).length, 1, rest);
  }
  assert.equal(problems(route("matches: [{ methods: [] }]")).length, 1);
  assert.equal(problems(route("dlp: { outbound_detectors: [] }")).length, 1);
});

Deno.test("patterns must compile, and paths must be paths", () => {
  const path = (value: string, type = "regex"): string =>
    `egress: { routes: [{ host: a.b, matches: [{ paths: [{ type: ${type}, value: ${
      JSON.stringify(value)
    } }] }] }] }`;
  for (const value of ["(", "(?=x)", "\\1", "a{1000}{1000}", ""]) {
    assert.match(only(path(value)), /not a usable regular expression/, value);
  }
  for (const value of ["v1", "/a?b", "/..%2fx", "/a b", ""]) {
    assert.match(only(path(value, "exact")), /not a usable path/, value);
  }
});

Deno.test("an environment value with a part to fill in is refused with a hint", () => {
  assert.match(only('env: { URL: "https://${HOST}/x" }'), /env\.URL: .*the whole value/);
  assert.match(only('env: { PIN: "?" }'), /without a question/);
});

Deno.test("git identities hold no line breaks or angle brackets", () => {
  assert.equal(problems('git-gate: { user: { name: "A\\nB" } }').length, 1);
  assert.equal(problems('git-gate: { user: { name: "A\\rB" } }').length, 1);
  assert.equal(problems('git-gate: { user: { email: "<a@b>" } }').length, 1);
});

Deno.test("forges are reached over https, or over http on loopback only", () => {
  const repo = (url: string): string =>
    "git-gate: { repos: { a: { key: { provider: gitea, forge_token_env: T, " +
    `api_url: ${JSON.stringify(url)} } } } }`;
  for (const url of ["https://git.example.com", "http://127.0.0.1:3000", "http://[::1]:3000/"]) {
    assert.deepEqual(problems(repo(url)), [], url);
  }
  const refused = ["http://git.example.com", "https://u:p@a.b", "https://a.b/?x", "file:///x", "a"];
  for (const url of refused) assert.equal(problems(repo(url)).length, 1, url);
});

Deno.test("an empty mapping of repositories clears, an entry without fields is refused", () => {
  assert.equal(parse("git-gate: { repos: {} }").layer.repos.clears, true);
  assert.match(only("git-gate: { repos: { a: {} } }"), /says nothing/);
});

Deno.test("names that every JavaScript object has are ordinary names or refused, never inherited", () => {
  assert.equal(parse("env: { toString: x }").layer.env.size, 1);
  assert.match(only("toString: 1"), /`toString` is not a known key/);
  assert.match(only("egress: { valueOf: 1 }"), /`valueOf` is not a known key/);
  assert.match(only("env: { __proto__: x }"), /cannot be a key/);
});
