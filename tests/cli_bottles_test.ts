import assert from "node:assert/strict";
import type { Bottle } from "../backends/backend.ts";
import { StateStore } from "../host/state/state_store.ts";
import { Scene } from "./cli_transcript.ts";
import { TestHome } from "./docker_bottles.ts";

/** A scene with a bottle that runs on the engine, with no process of bot-bottle's holding it. */
async function withBottle(
  test: (scene: Scene, bottle: Bottle) => Promise<void>,
): Promise<void> {
  await using scene = await Scene.create();
  await Deno.mkdir(scene.home);
  await using home = new TestHome({ home: scene.home });
  const bottle = await home.launch();
  try {
    await test(scene, bottle);
  } finally {
    await bottle.close();
  }
}

Deno.test("list active shows a running bottle, as a table and as JSON", () =>
  withBottle(async (scene, { slug }) => {
    const table = await scene.run(["list", "active"]);
    assert.equal(table.code, 0);
    const [heading, row] = table.stdout.split("\n");
    assert.match(heading ?? "", /^BACKEND +SLUG +LABEL +AGENT +SERVICES +AGE +STATE$/);
    assert.match(
      row ?? "",
      new RegExp(`^docker +${slug} +a label +tester +egress,dns +\\d.*s +healthy$`),
    );
    const json = await scene.run(["list", "--json"]);
    const { available, active } = JSON.parse(json.stdout);
    assert.deepEqual(available, []);
    const [{ startedAt, ...rest }, ...others] = active;
    assert.deepEqual(others, []);
    assert(Date.now() - Date.parse(startedAt) < 120_000);
    assert.deepEqual(rest, {
      slug,
      agent: "tester",
      bottles: ["plain"],
      provider: "demo",
      label: "a label",
      backend: "docker",
      services: ["egress", "dns"],
      healthy: true,
    });
  }));

Deno.test("exec passes arguments, input, both outputs and the exit code through", () =>
  withBottle(async (scene, { slug }) => {
    const script = 'printf "%s|" "$@"; cat; echo problem >&2; exit 7';
    const args = ["exec", slug, "--", "sh", "-c", script, "sh", "a b", "--no-color", "$HOME"];
    const { code, stdout, stderr } = await scene.run(args, { stdin: "from here" });
    assert.deepEqual([code, stdout, stderr], [7, "a b|--no-color|$HOME|from here", "problem\n"]);
  }));

Deno.test("exec runs as the agent's user in its environment", () =>
  withBottle(async (scene, { slug }) => {
    const { stdout } = await scene.run(["exec", slug, "sh", "--", "-c", "id -un; echo $GREETING"]);
    assert.equal(stdout, "node\nhello there\n");
  }));

Deno.test("logs show the sidecar's lines, of one service if asked, and no escape sequences", () =>
  withBottle(async (scene, { slug }) => {
    const all = await scene.run(["logs", slug]);
    assert.equal(all.code, 0);
    assert.match(all.stdout, /^\[init\] host end: /m);
    const one = await scene.run(["logs", slug, "--service", "egress"]);
    assert.equal(one.stdout, "[egress] tokens: 1\n");
    const none = await scene.run(["logs", slug, "--service", "egres"]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /hint: choose one of egress, dns$/m);
  }));

Deno.test("following a log ends at Ctrl-C with exit code 130", () =>
  withBottle(async (scene, { slug }) => {
    const [program, ...args] = scene.argv("logs", slug, "--follow");
    await using child = new Deno.Command(program, {
      args,
      env: scene.environment(),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    assert.match(new TextDecoder().decode((await reader.read()).value), /init/);
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130);
    await reader.cancel();
    await child.stderr.cancel();
  }));

Deno.test("stop removes a bottle and its state; a second stop says that there is none", () =>
  withBottle(async (scene, { slug }) => {
    const first = await scene.run(["stop", slug]);
    assert.deepEqual([first.code, first.stdout], [0, ""]);
    assert.match(first.stderr, new RegExp(`^bot-bottle: info: ${slug} is gone$`, "m"));
    const second = await scene.run(["stop", slug]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /no such bottle runs\nbot-bottle: hint: bot-bottle list active/);
  }));

Deno.test("a slug that is nearly right is met with the right one", () =>
  withBottle(async (scene, { slug }) => {
    const { stderr } = await scene.run(["stop", `${slug.slice(0, -1)}`]);
    assert.match(stderr, new RegExp(`hint: did you mean ${slug}\\?`));
  }));

Deno.test("cleanup lists and removes what a crash left, and leaves a living owner's bottle", () =>
  withBottle(async (scene, { slug }) => {
    const store = new StateStore(scene.home);
    const owner = await store.reserve(slug) ?? assert.fail("taken");
    const alive = await scene.run(["cleanup", "--yes"]);
    assert.deepEqual([alive.code, alive.stdout], [0, ""]);
    assert.match(alive.stderr, /nothing to clean up/);
    await owner.preserve("so that closing keeps it");
    await owner.close();
    await Deno.remove(`${owner.path}/preserve`);

    const dry = await scene.run(["cleanup", "--dry-run"]);
    assert.equal(dry.code, 0);
    assert.match(dry.stdout, new RegExp(`^docker +${slug} +container +`, "m"));
    assert.match(dry.stdout, new RegExp(`^state +${slug} +folder +`, "m"));
    const asked = await scene.run(["cleanup"]);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /this is no terminal\nbot-bottle: hint: add --yes/);
    assert.match((await scene.run(["list", "active"])).stdout, new RegExp(slug));

    const wet = await scene.run(["cleanup", "--yes"]);
    assert.deepEqual([wet.code, wet.stdout], [0, dry.stdout]);
    assert.match(wet.stderr, /everything was removed/);
    assert.deepEqual(await store.slugs(), []);
    assert.match((await scene.run(["cleanup", "--dry-run"])).stderr, /nothing to clean up/);
  }));
