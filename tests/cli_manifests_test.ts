import assert from "node:assert/strict";
import { DEMO_FILES, Scene } from "./cli_transcript.ts";

Deno.test("list available shows agents by name, from the home and from the folder", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  await Deno.mkdir(`${scene.folder}/work/.bot-bottle/agents`, { recursive: true });
  await Deno.writeTextFile(`${scene.folder}/work/.bot-bottle/agents/local.md`, "---\n---\n");
  const { code, stdout, stderr } = await scene.run(["list", "available"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    scene.normalize(stdout),
    [
      "AGENT        SOURCE  FILE",
      "implementer  home    <home>/agents/implementer.md",
      "local        cwd     <folder>/work/.bot-bottle/agents/local.md",
      "",
    ].join("\n"),
  );
});

Deno.test("list available as JSON has the documented shape, and no file is opened", async () => {
  await using scene = await Scene.create({ "agents/broken.md": "this is no manifest" });
  const { code, stdout } = await scene.run(["list", "available", "--json"]);
  assert.equal(code, 0);
  const file = `${scene.home}/agents/broken.md`;
  assert.deepEqual(JSON.parse(stdout), { available: [{ name: "broken", source: "home", file }] });
});

Deno.test("info shows what is merged and where from, and never a value of the environment", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const env = { HOST_VALUE: "SECRET-host", EXAMPLE_TOKEN: "SECRET-token" };
  const { code, stdout, stderr } = await scene.run(["info", "implementer"], { env });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    scene.normalize(stdout),
    [
      "agent         implementer (<home>/agents/implementer.md)",
      "bottles       dev (<home>/bottles/dev.md)",
      "provider      demo",
      "env           EDITOR (<home>/bottles/dev.md:4)",
      "              API_KEY (<home>/bottles/dev.md:5)",
      "              FROM_HOST (<home>/bottles/dev.md:6)",
      "skills        none",
      "git identity  none",
      "git gate      none",
      "egress        api.example.com [auth:Bearer] [matches] (<home>/bottles/dev.md:9)",
      "              docs.example.com (<home>/bottles/dev.md:14)",
      "",
    ].join("\n"),
  );
});

Deno.test("info as JSON names variables, kinds and places", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const { stdout } = await scene.run(["info", "implementer", "--json"]);
  const info: unknown = JSON.parse(scene.normalize(stdout));
  assert.deepEqual(info, {
    agent: "implementer",
    file: "<home>/agents/implementer.md",
    bottles: [{ name: "dev", file: "<home>/bottles/dev.md" }],
    provider: "demo",
    env: [
      { name: "EDITOR", kind: "literal", from: "<home>/bottles/dev.md:4" },
      { name: "API_KEY", kind: "literal", from: "<home>/bottles/dev.md:5" },
      { name: "FROM_HOST", kind: "host", from: "<home>/bottles/dev.md:6" },
    ],
    skills: [],
    gitIdentity: [],
    repos: [],
    routes: [
      {
        host: "api.example.com",
        auth: "Bearer",
        tokenEnv: "EXAMPLE_TOKEN",
        matches: 1,
        gitFetch: false,
        allowPrivate: false,
        from: "<home>/bottles/dev.md:9",
      },
      {
        host: "docs.example.com",
        matches: 0,
        gitFetch: false,
        allowPrivate: false,
        from: "<home>/bottles/dev.md:14",
      },
    ],
  });
});

Deno.test("a broken manifest is told with file, line and key, all problems at once", async () => {
  await using scene = await Scene.create({
    ...DEMO_FILES,
    "bottles/dev.md": "---\negres: {}\nenv:\n  A: [1]\n---\n",
  });
  const { code, stdout, stderr } = await scene.run(["info", "implementer"]);
  assert.deepEqual([code, stdout], [1, ""]);
  const text = scene.normalize(stderr);
  assert.match(text, /^bot-bottle: error: <home>\/bottles\/dev\.md:2:1: egres: /m);
  assert.match(text, /did you mean `egress`/);
  assert.match(text, /^bot-bottle: error: <home>\/bottles\/dev\.md:4:\d+: env\.A: /m);
});

Deno.test("an agent that is not there is told with the nearest one", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const { code, stderr } = await scene.run(["info", "implementr"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /there is no agent `implementr`\nbot-bottle: hint: did you mean `implementer`/,
  );
});

Deno.test("policy check tells the verdict, the rule and the line it stands on", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const check = (...args: string[]): ReturnType<Scene["run"]> =>
    scene.run(["policy", "check", "dev", ...args], { env: { EXAMPLE_TOKEN: "SECRET-token" } });
  const allowed = await check("GET", "https://api.example.com/v1/items");
  assert.deepEqual([allowed.code, allowed.stderr], [0, ""]);
  assert.match(allowed.stdout, /^allowed: GET \/v1\/items on api\.example\.com:443$/m);
  assert.match(scene.normalize(allowed.stdout), /route from: <home>\/bottles\/dev\.md:9$/m);

  const denied = await check("POST", "https://api.example.com/v1/items");
  assert.equal(denied.code, 1);
  assert.match(denied.stdout, /^denied \(403 rule_not_matched\): /);

  const sneaky = await check("GET", "https://api.example.com/v1/%2e%2e/admin", "--json");
  assert.equal(sneaky.code, 1);
  assert.equal(JSON.parse(sneaky.stdout).allowed, false);
});

Deno.test("policy check knows the provider's own routes", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const { stdout } = await scene.run(["policy", "check", "dev", "POST", "http://demo.example/"]);
  assert.match(stdout, /route from: provider demo$/m);
});

Deno.test("policy check refuses when the host has no token for the route", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const url = "https://api.example.com/v1/items";
  const { code, stdout } = await scene.run(["policy", "check", "dev", "GET", url]);
  assert.equal(code, 1);
  assert.match(stdout, /^denied \(403 token_unset\): .*EXAMPLE_TOKEN is not set/);
});

Deno.test("policy check names what is wrong with its own arguments", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const check = (...args: string[]): ReturnType<Scene["run"]> =>
    scene.run(["policy", "check", "dev", "GET", ...args]);
  assert.equal((await check("api.example.com")).code, 2);
  assert.equal((await check("https://api.example.com/", "--header", "nocolon")).code, 2);
  const body = await check("https://docs.example.com/", "--body", "/nonexistent");
  assert.equal(body.code, 1);
  assert.match(body.stderr, /Cannot read the body \/nonexistent: /);
});

Deno.test("schemas are JSON Schemas of 2020-12", async () => {
  await using scene = await Scene.create();
  for (const kind of ["bottle", "agent"]) {
    const { code, stdout } = await scene.run(["schema", kind]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).$schema, "https://json-schema.org/draft/2020-12/schema");
  }
});
