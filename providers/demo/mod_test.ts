import assert from "node:assert/strict";
import type { ProviderContext } from "../provider.ts";
import demo from "./mod.ts";
import { makeDemoToken } from "./upstream.ts";

function context(settings: Parameters<typeof demo.parseSettings>[0]): ProviderContext {
  const parsed = demo.parseSettings(settings);
  assert.ok(parsed.ok);
  return {
    settings: parsed.value,
    authTokenEnv: "DEMO_TOKEN",
    forwardHostCredentials: false,
    workdir: "/home/node/workspace",
    prompt: "",
    resume: false,
    remoteControl: false,
  };
}

Deno.test("the demo's route allows reading below /public of one host, with its token", () => {
  const { routes } = demo.provision(context({}));
  assert.equal(routes.length, 1);
  const [route] = routes;
  assert.equal(route?.host, "demo.example");
  assert.deepEqual(route?.auth, { scheme: "Bearer", tokenEnv: "DEMO_TOKEN" });
  assert.deepEqual(route?.matches, [
    { paths: [{ type: "prefix", value: "/public/" }], methods: ["GET"] },
  ]);
  assert.equal(route?.allowPrivate, false);
});

Deno.test("the demo's settings and startup arguments reach its command line", () => {
  const { argv } = demo.provision(context({
    "allowed_host": "allowed.test",
    "forbidden_host": "forbidden.test",
    "host_services": ["10.0.0.1:80", "10.0.0.1:81"],
    "startup_args": ["--json"],
  }));
  assert.deepEqual(argv.slice(argv.indexOf("/home/node/demo/main.ts") + 1), [
    "--allowed=allowed.test",
    "--forbidden=forbidden.test",
    "--host-service=10.0.0.1:80",
    "--host-service=10.0.0.1:81",
    "--json",
  ]);
});

Deno.test("the demo's agent gets every module that it imports, and cannot change them", () => {
  const { files } = demo.provision(context({}));
  const paths = new Set(files.map(({ path }) => path));
  for (const { path, content, owner, mode } of files) {
    assert.equal(owner, "root");
    assert.equal(mode, 0o644);
    for (const [, name] of String(content).matchAll(/from "\.\/([a-z_]+\.ts)"/g)) {
      assert.ok(paths.has(`/home/node/demo/${name}`), `${path} imports ${name}`);
    }
  }
});

Deno.test("the demo's agent does not find itself when it searches for a token", () => {
  const form = /bbdemo_[0-9a-f]{32}/;
  assert.match(makeDemoToken(), form);
  const { files, argv, env } = demo.provision(context({}));
  assert.doesNotMatch(JSON.stringify([files, argv, env]), form);
});
