import assert from "node:assert/strict";
import { createDockerBackend } from "../backends/docker/mod.ts";
import { docker, never, plan, sh, silent, TestHome } from "./docker_bottles.ts";
import { EngineBetween } from "./docker_engine_between.ts";

/** A container and a network that are none of ours and must outlive every cleanup. */
class Foreign implements AsyncDisposable {
  readonly #name = `foreign-${crypto.randomUUID().slice(0, 8)}`;

  async make(): Promise<this> {
    const [third = 0, block = 0] = crypto.getRandomValues(new Uint8Array(2));
    const subnet = `10.214.${third}.${block & 0xf8}/29`;
    await docker("network", "create", "--subnet", subnet, this.#name);
    await docker(
      "run",
      "--detach",
      "--name",
      this.#name,
      "--label",
      "bot-bottle.slug=not-ours",
      "--network",
      this.#name,
      "node:22-slim",
      "sleep",
      "300",
    );
    return this;
  }

  async assertUntouched(): Promise<void> {
    const state = await docker("inspect", "--format", "{{.State.Status}}", this.#name);
    assert.equal(state.split("\n")[0], "running");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker("rm", "--force", this.#name);
    await docker("network", "rm", this.#name);
  }
}

Deno.test("a launch that is given up at any moment leaves nothing", async () => {
  await using home = new TestHome();
  await (await home.launch()).close();
  for (const delay of [0, 20, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("given up")), delay);
    const setup = [["sleep", "3"]];
    await assert.rejects(
      home.launch((plan) => ({ ...plan, agent: { ...plan.agent, setup } }), {
        signal: controller.signal,
      }),
      /given up/,
      `after ${delay} ms`,
    );
    assert.deepEqual(await home.backend.planCleanup(), [], `after ${delay} ms`);
  }
});

Deno.test("an engine that is lost at any request leaves only what cleanup removes", async () => {
  await using home = new TestHome();
  await using foreign = await new Foreign().make();
  await (await home.launch()).close();
  let atEnd = false;
  let found = 0;
  for (let cutAt = 2; !atEnd; cutAt += 2) {
    await using between = new EngineBetween({ cutAt });
    const backend = createDockerBackend({
      ...home.context,
      env: (name) => name === "DOCKER_HOST" ? `unix://${between.path}` : home.context.env(name),
    });
    const outcome = backend.prepare(plan(), { progress: silent, signal: never })
      .then((prepared) => prepared.launch({ progress: silent, signal: never }));
    await outcome.then(() => atEnd = true, (error) => {
      assert.match(String(error), /Cannot|socket|connect/i, `cut at ${cutAt}`);
    });
    await engineSettles();
    const leftovers = await home.backend.planCleanup();
    found += leftovers.length;
    assert.deepEqual(await home.backend.cleanup(leftovers), []);
    assert.deepEqual(await home.backend.planCleanup(), [], `cut at ${cutAt}`);
  }
  assert.ok(found > 10, `${found} things were left over in all`);
  await foreign.assertUntouched();
});

Deno.test("a launcher that is killed leaves what cleanup lists and removes", async () => {
  await using home = new TestHome();
  await using foreign = await new Foreign().make();
  await (await home.launch()).close();
  const program = `
    import { createDockerBackend } from ${
    JSON.stringify(import.meta.resolve("../backends/docker/mod.ts"))
  };
    import { plan, silent, never, TestHome } from ${
    JSON.stringify(import.meta.resolve("./docker_bottles.ts"))
  };
    const context = { ...new TestHome().context, home: Deno.args[0] };
    const prepared = await createDockerBackend(context).prepare(plan(), { progress: silent, signal: never });
    console.log("go");
    await prepared.launch({ progress: silent, signal: never });
    await new Promise((resolve) => setTimeout(resolve, 60000));
  `;
  const file = `${home.home}/launch.ts`;
  await Deno.writeTextFile(file, program);
  let found = 0;
  for (const delay of [60, 200, 350, 1200]) {
    const config = new URL("../deno.json", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", "--config", config, file, home.home],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, delay));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await engineSettles();
    const leftovers = await home.backend.planCleanup();
    found += leftovers.length;
    assert.deepEqual(await home.backend.cleanup(leftovers), []);
    assert.deepEqual(await home.backend.planCleanup(), []);
  }
  assert.ok(found > 4, `${found} things were left over in all`);
  await foreign.assertUntouched();
});

Deno.test("a sidecar that dies leaves a bottle that is shown unhealthy, closed and removable", async () => {
  await using home = new TestHome();
  await using bottle = await home.launch();
  await docker("kill", `bot-bottle-${bottle.slug}-sidecar`);
  const [found] = await home.backend.listActive();
  assert.equal(found?.healthy, false);
  const script =
    "node -e \"require('net').connect(9099, 'sidecar').on('error', (e) => console.log('closed'))\"";
  assert.equal(await sh(bottle, script), "closed\n");
  await home.backend.stop(bottle.slug);
  assert.deepEqual(await home.backend.planCleanup(), []);
  await assert.rejects(home.backend.stop(bottle.slug), /does not run/);
});

Deno.test("a sidecar that ends before it is ready ends the launch with its last words", async () => {
  await using home = new TestHome({
    sidecarSources: () =>
      Promise.resolve(
        new Map([[
          "sidecar/Dockerfile",
          'FROM node:22-slim\nENTRYPOINT ["sh", "-c", "echo no \\u001b[31mservices; exit 3"]\n',
        ]]),
      ),
  });
  await assert.rejects(home.launch(), (error: Error & { hint?: string }) => {
    assert.match(error.message, /ended before it was ready/);
    assert.match(error.hint ?? "", /no services/);
    return true;
  });
  assert.deepEqual(await home.backend.planCleanup(), []);
});

Deno.test("an engine that does not keep the host off the bottle's network is refused", async () => {
  // Engines that do not know an option of a network ignore it.
  await using between = new EngineBetween({
    rewrite: (text) => text.replace("bridge.inhibit_ipv4", "bridge.ignored_ipv4"),
  });
  await using home = new TestHome({
    env: (name) => name === "DOCKER_HOST" ? `unix://${between.path}` : undefined,
  });
  await assert.rejects(home.launch(), (error: Error & { hint?: string }) => {
    assert.match(error.message, /ended before it was ready/);
    assert.match(error.hint ?? "", /host end: ECONNREFUSED/);
    return true;
  });
  assert.deepEqual(await home.backend.planCleanup(), []);
});

Deno.test("another home neither lists nor removes a bottle", async () => {
  await using home = new TestHome();
  await using stranger = new TestHome();
  await using bottle = await home.launch();
  assert.deepEqual(await stranger.backend.listActive(), []);
  assert.deepEqual(await stranger.backend.planCleanup(), []);
  const leftovers = await home.backend.planCleanup();
  assert.deepEqual(await stranger.backend.cleanup(leftovers), []);
  await assert.rejects(stranger.backend.stop(bottle.slug), /does not run/);
  await assert.rejects(stranger.backend.open(bottle.slug), /does not run/);
  assert.equal((await bottle.exec(["true"])).code, 0);
});

/** The engine finishes what it was asked for, also when nobody waits for the answer any more. */
function engineSettles(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 700));
}
