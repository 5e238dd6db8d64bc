import assert from "node:assert/strict";
import { parseAgent } from "./agent.ts";
import { type BottleManifest, parseBottle } from "./bottle.ts";
import { ManifestError } from "./diagnostic.ts";
import { resolveManifest } from "./merge.ts";
import { placeInProvider } from "./provider_place.ts";
import type { ResolvedManifest } from "./resolved.ts";

const KEY = "key: { provider: static, path: k }";

interface Files {
  readonly agent?: string;
  readonly selected?: readonly string[];
  readonly [bottle: string]: string | readonly string[] | undefined;
}

/** Resolves an agent from frontmatter texts: `agent`, and each bottle under its name. */
function resolve({ agent = "bottle: dev", selected = [], ...bottles }: Files): ResolvedManifest {
  const bytes = (yaml: string): Uint8Array => new TextEncoder().encode(`---\n${yaml}\n---\n`);
  const parsed = Object.entries(bottles).map(([name, yaml]): [string, BottleManifest] => {
    return [name, parseBottle({ name, file: `${name}.md` }, bytes(String(yaml)))];
  });
  return resolveManifest({
    agent: parseAgent({ name: "helper", file: "agents/helper.md" }, bytes(agent)),
    selected,
    bottles: new Map(parsed),
  });
}

function problems(files: Files): readonly string[] {
  try {
    resolve(files);
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    return error.diagnostics.map(({ file, line, keyPath, message, hint }) => {
      return `${file}:${line}: ${keyPath}: ${message} (${hint})`;
    });
  }
  return [];
}

function literals({ env }: ResolvedManifest): Record<string, string> {
  return Object.fromEntries([...env].map(([name, entry]) => {
    return [name, `${entry.kind === "literal" ? entry.value : entry.kind}@${entry.origin.name}`];
  }));
}

Deno.test("environment maps merge and the child wins, each value knowing its file", () => {
  const resolved = resolve({
    base: "env: { A: a, B: b }",
    dev: "extends: base\nenv: { B: c, C: d }",
  });
  assert.deepEqual(literals(resolved), { A: "a@base", B: "c@dev", C: "d@dev" });
  assert.deepEqual(resolved.chain, [
    { name: "base", file: "base.md" },
    { name: "dev", file: "dev.md" },
  ]);
});

Deno.test("of several parents the later wins, and the file itself over all", () => {
  const files = { one: "env: { A: '1', B: '1', C: '1' }", two: "env: { B: '2', C: '2' }" };
  assert.deepEqual(literals(resolve({ ...files, dev: "extends: [one, two]\nenv: { C: '3' }" })), {
    A: "1@one",
    B: "2@two",
    C: "3@dev",
  });
});

Deno.test("bottles named at launch replace the agent's own, in order, by the same rules", () => {
  const resolved = resolve({
    agent: "bottle: missing",
    selected: ["one", "two", "one"],
    one: "env: { A: '1' }\negress: { log: 2 }",
    two: "env: { A: '2' }",
  });
  assert.deepEqual(literals(resolved), { A: "2@two" });
  assert.equal(resolved.egress.log, 2);
  assert.deepEqual(resolved.bottles, ["one", "two"]);
});

Deno.test("the git identity merges field by field, an empty text says nothing, the agent wins", () => {
  const resolved = resolve({
    agent: "bottle: dev\ngit-gate: { user: { name: Bot, email: '' } }",
    base: "git-gate: { user: { name: Ada, email: ada@example.com } }",
    dev: "extends: base\ngit-gate: { user: { name: Eve, email: '' } }",
  });
  assert.equal(resolved.gitGate.user.name?.value, "Bot");
  assert.equal(resolved.gitGate.user.name?.origin.file, "agents/helper.md");
  assert.equal(resolved.gitGate.user.email?.value, "ada@example.com");
  assert.equal(resolved.gitGate.user.email?.origin.file, "base.md");
});

Deno.test("repositories merge by name and field; an empty mapping clears them", () => {
  const base = `git-gate: { repos: { a: { url: "git@x.example:a", ${KEY} }, b: { url: ` +
    `"git@x.example:b", ${KEY} } } }`;
  const merged = resolve({
    base,
    dev: 'extends: base\ngit-gate: { repos: { a: { url: "git@y.example:a" } } }',
  });
  assert.deepEqual(merged.gitGate.repos.map(({ name, url }) => [name, url.host]), [
    ["a", "y.example"],
    ["b", "x.example"],
  ]);
  assert.equal(merged.gitGate.repos[0]?.key.provider, "static");
  assert.deepEqual(resolve({ base, dev: "extends: base" }).gitGate.repos.length, 2);
  assert.deepEqual(
    resolve({ base, dev: "extends: base\ngit-gate: { repos: {} }" }).gitGate.repos,
    [],
  );
});

Deno.test("a repository that no bottle completes is refused; one without host_key is warned of", () => {
  assert.deepEqual(problems({ dev: 'git-gate: { repos: { a: { url: "git@x.example:a" } } }' }), [
    "dev.md:2: git-gate.repos.a: no bottle gives the key of `a` " +
    "(give it here or in a bottle that this one extends)",
  ]);
  const { warnings } = resolve({
    dev: `git-gate: { repos: { a: { url: "git@x.example:a", ${KEY} } } }`,
  });
  assert.match(warnings.join(), /^dev\.md:2: `a` has no host_key/);
});

Deno.test("a provider is replaced as a whole, and claude when no bottle names one", () => {
  const base = "agent_provider: { template: pi, settings: { a: 1 }, dockerfile: D }";
  const replaced = resolve({ base, dev: "extends: base\nagent_provider: { template: demo }" });
  assert.equal(replaced.provider.template, "demo");
  assert.deepEqual(replaced.provider.settings, {});
  assert.equal(replaced.provider.dockerfile, undefined);
  assert.equal(resolve({ base, dev: "extends: base" }).provider.template, "pi");
  const none = resolve({ dev: "" }).provider;
  assert.equal(none.template, "claude");
  assert.equal(none.origin, undefined);
});

Deno.test("routes are put together, and the log level of the child wins", () => {
  const resolved = resolve({
    base: "egress: { log: 2, routes: [{ host: a.example }] }",
    dev: "extends: base\negress: { log: 0, routes: [{ host: b.example }] }",
  });
  assert.deepEqual(
    resolved.egress.routes.map(({ route, origin }) => `${route.host}@${origin.name}`),
    ["a.example@base", "b.example@dev"],
  );
  assert.equal(resolved.egress.log, 0);
  assert.equal(resolve({ dev: "" }).egress.log, 1);
});

Deno.test("two bottles with a route for one host are refused, naming both places", () => {
  const files = {
    base: "egress: { routes: [{ host: api.example }] }",
    dev: "extends: base\negress: { routes: [{ host: API.example }] }",
  };
  assert.deepEqual(problems(files), [
    "dev.md:3: egress.routes[0].host: bottle `base` has a route for api.example already " +
    "(keep one of the two: the other is at base.md:2)",
  ]);
});

Deno.test("a base that is reached on two ways brings its routes once", () => {
  const resolved = resolve({
    selected: ["left", "right"],
    base: "egress: { routes: [{ host: api.example }] }",
    left: "extends: base",
    right: "extends: base",
  });
  assert.equal(resolved.egress.routes.length, 1);
  assert.deepEqual(resolved.chain.map((each) => each.name), ["base", "left", "right"]);
});

Deno.test("a circle is refused with its chain", () => {
  assert.match(
    problems({ dev: "extends: a", a: "extends: [b]", b: "extends: a" }).join(),
    /^b\.md:2: extends: bottles extend one another in a circle: a -> b -> a/,
  );
  assert.match(problems({ dev: "extends: dev" }).join(), /circle: dev -> dev/);
});

Deno.test("a very long chain is refused, a wide lattice is quick", () => {
  const chain = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`b${index}`, `extends: b${index + 1}`]),
  );
  assert.match(problems({ ...chain, b50: "", dev: "extends: b0" }).join(), /more than 32 deep/);
  const lattice = Object.fromEntries(
    Array.from({ length: 28 }, (_, i) => [`b${i}`, `extends: [b${i + 1}, b${i + 1}]`]),
  );
  assert.equal(resolve({ ...lattice, b28: "", dev: "extends: b0" }).chain.length, 30);
});

Deno.test("a missing bottle is told where it is named, with the nearest name", () => {
  assert.deepEqual(problems({ agent: "bottle: dve", dev: "" }), [
    "agents/helper.md:2: bottle: there is no bottle `dve` (did you mean `dev`? there are: dev)",
  ]);
  assert.match(problems({ dev: "extends: [x]" }).join(), /dev\.md:2: extends\[0\]: there is no/);
  assert.match(problems({ selected: ["x"], dev: "" }).join(), /^--bottle x:0: : there is no/);
  assert.match(problems({ agent: "", dev: "" }).join(), /the agent names no bottle/);
});

Deno.test("a variable that the sidecar injects cannot be handed to the bottle as well", () => {
  const told = problems({
    base: "egress: { routes: [{ host: a.example, auth: { scheme: Bearer, token_ref: T } }] }",
    dev: "extends: base\nenv: { MY_TOKEN: '${T}', OTHER: '${U}' }",
  });
  assert.equal(told.length, 1);
  assert.match(told.join(), /dev\.md:3: env\.MY_TOKEN: .*would show the bottle a credential/);
  assert.match(
    problems({ dev: "env: { A: '${T}' }\nagent_provider: { auth_token: T }" }).join(),
    /the account's token of claude/,
  );
  const key = "key: { provider: gitea, forge_token_env: T, api_url: 'https://a.example' }";
  assert.match(
    problems({
      dev: `env: { A: '\${T}' }\ngit-gate: { repos: { a: { url: "git@x.example:a", ${key} } } }`,
    }).join(),
    /the forge's token of a/,
  );
});

Deno.test("a variable that every bottle sets by itself is warned of", () => {
  const { warnings } = resolve({ dev: "env: { HTTPS_PROXY: x, ALL_PROXY: y, LANG: C, A: b }" });
  assert.deepEqual(warnings.map((each) => each.split("`")[1]), ["HTTPS_PROXY", "ALL_PROXY"]);
});

Deno.test("a literal that looks like a credential is warned of, not shown", () => {
  const token = ["glpat", "abcdefghijklmnopqrst"].join("-");
  const { warnings } = resolve({ dev: `env: { A: ${token} }` });
  assert.match(warnings.join(), /^dev\.md:2: `A` looks like a credential/);
  assert.doesNotMatch(warnings.join(), /abcdef/);
});

Deno.test("a place inside of a provider's settings is found in the file that it stands in", () => {
  const { provider } = resolve({
    base: "agent_provider:\n  template: pi\n  settings:\n    models:\n      - a\n      - b",
    dev: "extends: base",
  });
  const at = (...path: (string | number)[]): unknown => {
    const { file, line, keyPath } = placeInProvider(provider, ["agent_provider", ...path]);
    return `${file}:${line}: ${keyPath}`;
  };
  assert.equal(at("settings", "models", 1), "base.md:7: agent_provider.settings.models[1]");
  assert.equal(at("settings", "other"), "base.md:4: agent_provider.settings.other");
  assert.equal(at("auth_token"), "base.md:2: agent_provider.auth_token");
  assert.equal(placeInProvider(resolve({ dev: "" }).provider, ["agent_provider"]).line, 0);
});
