import assert from "node:assert/strict";
import { eventually, Operator } from "./operator.ts";

/** A script that tells that it runs and then waits until it is told to end. */
const WAIT = "echo running; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo ended";

async function firstOutput(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value);
}

/** Every part of a bottle that this operator's home still has on the engine. */
async function leftovers(operator: Operator): Promise<string[]> {
  return (await operator.backend.planCleanup()).map(({ kind, name }) => `${kind} ${name}`);
}

async function activeBottles(operator: Operator): Promise<{ slug: string; healthy: boolean }[]> {
  const { stdout } = await operator.run(["list", "active", "--json"]);
  return JSON.parse(stdout).active;
}

function start(operator: Operator, label: string, script: string): Deno.ChildProcess {
  return operator.spawn(["start", "shell", "--headless", "--label", label, "--prompt", script]);
}

Deno.test("the agent's output, errors and exit code are those of the start", async () => {
  await using operator = await Operator.create();
  await operator.installShellAgent();
  const script = "echo out; echo err >&2; exit 7";
  const { code, stdout, stderr } = await operator.run(
    ["start", "shell", "--headless", "--prompt", script],
  );
  assert.equal(code, 7);
  assert.equal(stdout, "out\n");
  assert.match(stderr, /^err$/m);
  assert.match(stderr, /exit code 7; .*state.* was kept/);
  assert.deepEqual(await leftovers(operator), []);
});

Deno.test("two bottles of one label run side by side and do not reach each other", async () => {
  await using operator = await Operator.create();
  await operator.installShellAgent();
  const running = ["twin", "twin-2"].map((slug) => ({
    slug,
    child: start(operator, "twin", WAIT),
  }));
  for (const { child } of running) assert.equal(await firstOutput(child), "running\n");
  const slugs = (await activeBottles(operator)).map(({ slug }) => slug).sort();
  assert.deepEqual(slugs, ["twin", "twin-2"]);
  const addresses = await Promise.all(slugs.map(async (slug) => {
    const { stdout } = await operator.run(
      ["exec", slug, "--", "sh", "-c", "hostname -I; getent hosts sidecar"],
    );
    return stdout.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
  }));
  assert.ok(addresses.every((own) => own.length >= 2), JSON.stringify(addresses));
  for (const [index, slug] of slugs.entries()) {
    const [own, other] = index === 0 ? addresses : addresses.toReversed();
    const attempts = (other ?? []).map((address) =>
      `reach ${address} 9099 9099; reach ${address} 53`
    );
    const script = `reach() { timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2" && echo "reached $1 $2"; }
      ${attempts.join("\n")}
      reach ${own?.at(-1)} 9099; true`;
    const { stdout } = await operator.run(["exec", slug, "--", "bash", "-c", script]);
    assert.equal(stdout, `reached ${own?.at(-1)} 9099\n`, "its own sidecar alone");
  }
  for (const slug of slugs) await operator.run(["exec", slug, "--", "touch", "/tmp/go"]);
  for (const { child } of running) assert.equal((await child.status).code, 0);
  assert.deepEqual(await leftovers(operator), []);
});

Deno.test("Ctrl-C at any moment ends with 130 and leaves nothing", async (test) => {
  await using operator = await Operator.create();
  await operator.installShellAgent();
  assert.equal((await operator.run(["start", "shell", "--headless", "--prompt", "true"])).code, 0);
  for (const delay of [60, 150, 250, 400, 600, 900, 1500]) {
    await test.step(`after ${delay} ms`, async () => {
      const child = start(operator, "cut", WAIT);
      const output = Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill("SIGINT");
      const { code } = await child.status;
      const [, stderr] = await output;
      assert.equal(code, 130, stderr);
      assert.doesNotMatch(stderr, /fault of bot-bottle|\n\s+at /);
      assert.deepEqual(await leftovers(operator), []);
      assert.deepEqual((await operator.run(["list", "active"])).stdout, "No bottles run\n");
      assert.deepEqual([...Deno.readDirSync(`${operator.home}/state`)], []);
    });
  }
});

Deno.test("cleanup removes what a killed start left, and nothing of anybody else", async (test) => {
  await using operator = await Operator.create();
  await using other = await Operator.create();
  for (const each of [operator, other]) await each.installShellAgent();
  const bystander = start(other, "bystander", WAIT);
  assert.equal(await firstOutput(bystander), "running\n");
  const neighbour = start(operator, "neighbour", WAIT);
  assert.equal(await firstOutput(neighbour), "running\n");
  for (const delay of [100, 200, 300, 450, 600, 1000, 2000]) {
    await test.step(`killed after ${delay} ms`, async () => {
      const child = start(operator, "killed", WAIT);
      const output = [new Response(child.stdout).text(), new Response(child.stderr).text()];
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill("SIGKILL");
      await Promise.all([child.status, ...output]);
      const dry = await operator.run(["cleanup", "--dry-run"]);
      assert.equal(dry.code, 0, dry.stderr);
      const { code, stderr } = await operator.run(["cleanup", "--yes"]);
      assert.equal(code, 0, stderr);
      const left = (await leftovers(operator)).filter((name) => !name.includes("-neighbour-"));
      assert.deepEqual(left, []);
      assert.deepEqual([...Deno.readDirSync(`${operator.home}/state`)].map(({ name }) => name), [
        "neighbour",
      ]);
    });
  }
  const bottles = [[operator, neighbour, "neighbour"], [other, bystander, "bystander"]] as const;
  for (const [owner, child, slug] of bottles) {
    assert.equal((await owner.run(["exec", slug, "--", "touch", "/tmp/go"])).code, 0);
    assert.equal((await child.status).code, 0);
  }
});

Deno.test("a bottle whose sidecar was killed has no way out, and its end removes the rest", async () => {
  await using operator = await Operator.create();
  await operator.installShellAgent({ routes: [{ host: "demo.example" }] });
  const child = start(operator, "orphan", WAIT);
  assert.equal(await firstOutput(child), "running\n");
  const { success } = await new Deno.Command("docker", {
    args: ["kill", "bot-bottle-orphan-sidecar"],
    stdout: "null",
  }).output();
  assert.ok(success);
  const attempt = await operator.run(
    ["exec", "orphan", "--", "bash", "-c", "timeout 3 bash -c 'exec 3<>/dev/tcp/sidecar/9099'"],
  );
  assert.notEqual(attempt.code, 0);
  await eventually("the list tells that it is not healthy", async () => {
    return (await activeBottles(operator))[0]?.healthy === false || undefined;
  });
  await operator.run(["exec", "orphan", "--", "touch", "/tmp/go"]);
  assert.equal((await child.status).code, 0);
  assert.deepEqual(await leftovers(operator), []);
});

Deno.test("a terminal that is closed takes its bottle with it", async () => {
  await using operator = await Operator.create();
  await operator.installShellAgent();
  const terminal = operator.spawnOnTerminal(["start", "shell", "--label", "closed"]);
  const keys = terminal.stdin.getWriter();
  let shown = "";
  const reading = (async () => {
    for await (const chunk of terminal.stdout) shown += new TextDecoder().decode(chunk);
  })();
  const saw = (text: string): Promise<unknown> =>
    eventually(`${text} is shown`, () => Promise.resolve(shown.includes(text) || undefined), {
      seconds: 120,
    });
  await saw("Colour?");
  await keys.write(new TextEncoder().encode("\r"));
  await saw("Start this bottle?");
  await keys.write(new TextEncoder().encode("y"));
  await saw("node@bottle");
  terminal.kill("SIGKILL");
  await Promise.all([terminal.status, reading]);
  await eventually("nothing is left", async () => {
    const states = [...Deno.readDirSync(`${operator.home}/state`)];
    return (await leftovers(operator)).length + states.length === 0 || undefined;
  });
});
