import assert from "node:assert/strict";
import { DEMO_FILES, Scene } from "./cli_transcript.ts";

interface Doctor {
  readonly healthy: boolean;
  readonly checks: readonly { name: string; status: string; detail: string; remedy?: string }[];
}

Deno.test("doctor finds nothing on a machine in order, and exits with 0", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const { code, stdout, stderr } = await scene.run(["doctor"]);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  for (const name of ["runtime", "docker", "disk", "folders", "state", "manifests", "providers"]) {
    assert.match(stdout, new RegExp(`^(ok|warn) +${name} `, "m"));
  }
});

Deno.test("doctor tells each thing that is wrong with its remedy, and exits with 1", async () => {
  await using scene = await Scene.create({
    ...DEMO_FILES,
    "bottles/broken.md": "---\negres: {}\n---\n",
    "agents/skilled.md": "---\nbottle: dev\nskills: [no-such-skill]\n---\n",
    "contrib/mine/mod.ts": "export default { name: 'mine' };\n",
  });
  await Deno.mkdir(`${scene.home}/state/crashed`, { recursive: true, mode: 0o700 });
  await Deno.chmod(`${scene.home}/bottles`, 0o777);
  const { code, stdout } = await scene.run(["doctor", "--json"]);
  assert.equal(code, 1);
  const { healthy, checks }: Doctor = JSON.parse(scene.normalize(stdout));
  assert.equal(healthy, false);
  const find = (name: string, detail: RegExp): string =>
    checks.find((check) => check.name === name && detail.test(check.detail))?.status ?? "absent";
  assert.equal(find("folders", /^<home>\/bottles: other users may write to it$/), "fail");
  assert.equal(find("manifests", /^<home>\/bottles\/broken\.md:2:1: egres: /), "fail");
  assert.equal(find("skills", /^agent skilled: Cannot use skill no-such-skill/), "fail");
  assert.equal(find("providers", /contrib\/mine\/mod\.ts/), "fail");
  assert.equal(find("state", /^left by a crash: crashed$/), "warn");
  for (const { status, remedy } of checks) assert.equal(status === "ok", remedy === undefined);
});

Deno.test("doctor without a backend fails with the way to get one", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const env = { DOCKER_HOST: `unix://${scene.folder}/nobody.sock` };
  const { code, stdout } = await scene.run(["doctor"], { env });
  assert.equal(code, 1);
  assert.match(stdout, /^warn +docker .*\n +remedy: \S/m);
  assert.match(stdout, /^fail +backends +none can be used, so no bottle can start$/m);
});

Deno.test("completion offers commands, options, agents, bottles, slugs and fixed values", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  await Deno.mkdir(`${scene.home}/state/dev-1`, { recursive: true, mode: 0o700 });
  const offered = async (...words: string[]): Promise<string[]> => {
    const { code, stdout } = await scene.run(["complete", "--", ...words]);
    assert.equal(code, 0);
    return stdout.split("\n").map((line) => line.split("\t")[0] ?? "")
      .filter((word) => word !== "" && !word.startsWith(":"));
  };
  assert.deepEqual(await offered("sto"), ["stop"]);
  assert.deepEqual(await offered("start", ""), ["implementer"]);
  assert.deepEqual(await offered("start", "--bottle", ""), ["dev"]);
  assert.deepEqual(await offered("start", "--backend", ""), ["docker"]);
  assert.deepEqual(await offered("start", "--color", "m"), ["magenta"]);
  assert.deepEqual(await offered("stop", ""), ["dev-1"]);
  assert.deepEqual(await offered("list", "ac"), ["active"]);
  assert.deepEqual(await offered("policy", "check", ""), ["dev"]);
  assert((await offered("start", "--")).includes("--headless"));
});

Deno.test("completion scripts are shell that the shell accepts", async () => {
  await using scene = await Scene.create();
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await scene.run(["completions", shell]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /bot-bottle complete --/);
  }
  const { stdout } = await scene.run(["completions", "bash"]);
  const { success, stderr } = await new Deno.Command("bash", { args: ["-nc", stdout] }).output();
  assert(success, new TextDecoder().decode(stderr));
});
