import assert from "node:assert/strict";
import { join } from "node:path";
import { formatDiagnostic, ManifestError } from "../../policy/manifest/diagnostic.ts";
import { ManifestStore } from "./store.ts";

/** Folders to make manifests in, removed at the end of the test. */
class Sandbox implements AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly cwd: string;

  private constructor(root: string) {
    this.root = root;
    this.home = join(root, "user", ".bot-bottle");
    this.cwd = join(root, "work");
  }

  static async make(files: Readonly<Record<string, string>>): Promise<Sandbox> {
    const sandbox = new Sandbox(await Deno.realPath(await Deno.makeTempDir()));
    await Deno.mkdir(join(sandbox.root, "user"));
    await Deno.mkdir(sandbox.cwd);
    for (const [path, text] of Object.entries(files)) await sandbox.write(path, text);
    return sandbox;
  }

  /** `home/...` is the operator's folder, `local/...` the working folder's. */
  path(path: string): string {
    return path.replace(/^home\//, `${this.home}/`).replace(/^local\//, `${this.cwd}/.bot-bottle/`)
      .replace(/^cwd\//, `${this.cwd}/`).replace(/^user\//, `${this.root}/user/`);
  }

  async write(path: string, text: string): Promise<string> {
    const file = this.path(path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
    return file;
  }

  get store(): ManifestStore {
    return new ManifestStore({ home: this.home, cwd: this.cwd });
  }

  async problems(agent: string, bottles: readonly string[] = []): Promise<readonly string[]> {
    try {
      await this.store.resolve({ agent, bottles });
    } catch (error) {
      assert.ok(error instanceof ManifestError, String(error));
      return error.diagnostics.map((each) => {
        return formatDiagnostic(each).replaceAll(this.home, "HOME").replaceAll(this.cwd, "CWD");
      });
    }
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

const EMPTY = "---\n---\n";

Deno.test("agents and bottles are listed by name, with where they stand", async () => {
  await using sandbox = await Sandbox.make({
    "home/bottles/dev.md": EMPTY,
    "home/bottles/base.md": EMPTY,
    "home/agents/helper.md": EMPTY,
    "home/agents/notes.txt": "",
    "local/agents/local.md": EMPTY,
  });
  assert.deepEqual((await sandbox.store.listBottles()).map((each) => each.name), ["base", "dev"]);
  assert.deepEqual(await sandbox.store.listAgents(), [
    { name: "helper", file: join(sandbox.home, "agents/helper.md"), source: "home" },
    { name: "local", file: join(sandbox.cwd, ".bot-bottle/agents/local.md"), source: "cwd" },
  ]);
  assert.deepEqual(await sandbox.store.warnings(), []);
});

Deno.test("without any folder there is nothing, and no error", async () => {
  await using sandbox = await Sandbox.make({});
  assert.deepEqual(await sandbox.store.listAgents(), []);
  assert.deepEqual(await sandbox.store.listBottles(), []);
  assert.match((await sandbox.problems("helper")).join(), /no agent `helper`\n.*none yet/);
});

Deno.test("listing opens no file, so broken and unreadable ones break nothing", async () => {
  await using sandbox = await Sandbox.make({
    "home/bottles/broken.md": "not a manifest",
    "home/agents/helper.md": "---\nbottle: dev\n---\n",
    "home/bottles/dev.md": EMPTY,
  });
  await Deno.symlink("/nonexistent", sandbox.path("home/agents/dangling.md"));
  await Deno.symlink("loop.md", sandbox.path("home/bottles/loop.md"));
  await new Deno.Command("mkfifo", { args: [sandbox.path("home/agents/pipe.md")] }).output();
  await Deno.chmod(await sandbox.write("home/agents/locked.md", EMPTY), 0o000);
  assert.equal((await sandbox.store.listAgents()).length, 4);
  assert.equal((await sandbox.store.listBottles()).length, 3);
  const { bottles } = await sandbox.store.resolve({ agent: "helper" });
  assert.deepEqual(bottles, ["dev"]);
});

Deno.test("listing leaves the time of a file's last reading as it is", async () => {
  await using sandbox = await Sandbox.make({
    "home/agents/helper.md": EMPTY,
    "home/bottles/dev.md": EMPTY,
  });
  const files = ["home/agents/helper.md", "home/bottles/dev.md"].map((each) => sandbox.path(each));
  const longAgo = new Date("2001-01-01");
  for (const file of files) await Deno.utime(file, longAgo, longAgo);
  await sandbox.store.listAgents();
  await sandbox.store.listBottles();
  await sandbox.store.warnings();
  for (const file of files) assert.deepEqual((await Deno.stat(file)).atime, longAgo);
});

Deno.test("an agent of the working folder hides the home's, and the warning says so", async () => {
  await using sandbox = await Sandbox.make({
    "home/agents/helper.md": "---\nbottle: a\n---\nhome",
    "local/agents/helper.md": "---\nbottle: b\n---\nlocal",
    "home/bottles/a.md": EMPTY,
    "home/bottles/b.md": EMPTY,
  });
  const resolved = await sandbox.store.resolve({ agent: "helper" });
  assert.equal(resolved.agent.prompt, "local");
  assert.deepEqual(resolved.bottles, ["b"]);
  assert.equal((await sandbox.store.listAgents())[0]?.source, "cwd");
  assert.match((await sandbox.store.warnings()).join(), /hides the agent of that name/);
  assert.match(resolved.warnings.join(), /hides the agent of that name/);
});

Deno.test("bottles of the working folder are never read, only warned of", async () => {
  await using sandbox = await Sandbox.make({
    "local/bottles/dev.md": "---\negress: { routes: [{ host: evil.example }] }\n---\n",
    "local/agents/helper.md": "---\nbottle: dev\n---\n",
  });
  assert.deepEqual(await sandbox.store.listBottles(), []);
  assert.match((await sandbox.store.warnings()).join(), /ignored, since bottles are read from/);
  assert.match((await sandbox.problems("helper")).join(), /there is no bottle `dev`/);
  await sandbox.write("home/bottles/dev.md", EMPTY);
  const resolved = await sandbox.store.resolve({ agent: "helper" });
  assert.deepEqual(resolved.egress.routes, []);
  assert.match(resolved.warnings.join(), /ignored/);
});

Deno.test("a name that leads elsewhere finds nothing", async () => {
  await using sandbox = await Sandbox.make({
    "user/secret.md": EMPTY,
    "home/agents/helper.md": EMPTY,
    "home/bottles/dev.md": EMPTY,
  });
  for (const name of ["../../secret", "../agents/helper", "Helper", "", "/etc/passwd", "a/b"]) {
    assert.match((await sandbox.problems(name)).join(), /there is no agent/, name);
    assert.match((await sandbox.problems("helper", [name])).join(), /there is no bottle/, name);
  }
});

Deno.test("badly named files are left out with a warning", async () => {
  await using sandbox = await Sandbox.make({
    "home/bottles/Dev.md": EMPTY,
    "home/agents/my_agent.md": EMPTY,
    "home/agents/a\x1bb.md": EMPTY,
    "local/agents/1st.md": EMPTY,
  });
  assert.deepEqual(await sandbox.store.listAgents(), []);
  const warnings = await sandbox.store.warnings();
  assert.equal(warnings.length, 4);
  assert.ok(!warnings.join().includes("\x1b"));
});

Deno.test("a leftover of an earlier version is an error that says how to move on", async () => {
  await using sandbox = await Sandbox.make({ "cwd/bot-bottle.json": "{}" });
  await assert.rejects(sandbox.store.listAgents(), ManifestError);
  assert.match((await sandbox.problems("helper")).join(), /earlier version.*\n.*bottles\/NAME\.md/);
  await Deno.mkdir(sandbox.path("local/"));
  assert.deepEqual(await sandbox.store.listAgents(), []);
  await sandbox.write("user/bot-bottle.json", "{}");
  await assert.rejects(sandbox.store.listBottles(), ManifestError);
  await Deno.mkdir(sandbox.home);
  assert.deepEqual(await sandbox.store.listBottles(), []);
});

Deno.test("a home that is the working folder's own is looked at once", async () => {
  await using sandbox = await Sandbox.make({
    "home/agents/helper.md": "---\nbottle: dev\n---\n",
    "home/bottles/dev.md": EMPTY,
  });
  const store = new ManifestStore({ home: sandbox.home, cwd: join(sandbox.root, "user") });
  assert.deepEqual((await store.listAgents()).map((each) => each.source), ["home"]);
  assert.deepEqual(await store.warnings(), []);
  assert.deepEqual((await store.resolve({ agent: "helper" })).warnings, []);
});

Deno.test("a link of the working folder that leads out of it is refused, the home's is followed", async () => {
  await using sandbox = await Sandbox.make({
    "user/outside.md": "---\nbottle: dev\n---\nsecret",
    "home/bottles/dev.md": EMPTY,
    "home/agents/x.md": EMPTY,
    "local/agents/x.md": EMPTY,
    "cwd/shared/inside.md": "---\nbottle: dev\n---\nfine",
  });
  await Deno.symlink(sandbox.path("user/outside.md"), sandbox.path("local/agents/evil.md"));
  await Deno.symlink("../../shared/inside.md", sandbox.path("local/agents/inside.md"));
  await Deno.symlink(sandbox.path("user/outside.md"), sandbox.path("home/agents/linked.md"));
  assert.match((await sandbox.problems("evil")).join(), /link out of the folder/);
  assert.equal((await sandbox.store.resolve({ agent: "inside" })).agent.prompt, "fine");
  assert.equal((await sandbox.store.resolve({ agent: "linked" })).agent.prompt, "secret");
});

Deno.test("a whole folder that is linked into the working folder is refused as well", async () => {
  await using sandbox = await Sandbox.make({
    "user/agents/evil.md": "---\nbottle: dev\n---\nsecret",
  });
  await Deno.mkdir(sandbox.path("local/"));
  await Deno.symlink(sandbox.path("user/agents"), sandbox.path("local/agents"));
  assert.match((await sandbox.problems("evil")).join(), /link out of the folder/);
});

Deno.test("pipes, devices, folders and huge files neither hang nor fill the memory", async () => {
  await using sandbox = await Sandbox.make({ "home/agents/x.md": EMPTY, "home/bottles/x.md": "" });
  await new Deno.Command("mkfifo", { args: [sandbox.path("home/agents/pipe.md")] }).output();
  await Deno.symlink("/dev/zero", sandbox.path("home/agents/zero.md"));
  await Deno.mkdir(sandbox.path("home/agents/folder.md"));
  await Deno.symlink("loop.md", sandbox.path("home/agents/loop.md"));
  using huge = await Deno.create(sandbox.path("home/agents/huge.md"));
  await huge.truncate(8 * 1024 ** 3);
  for (const name of ["pipe", "zero", "folder"]) {
    assert.match((await sandbox.problems(name)).join(), /not a regular file/, name);
  }
  assert.match((await sandbox.problems("loop")).join(), /links lead in a circle/);
  assert.match((await sandbox.problems("huge")).join(), /more than 256 KiB/);
});

Deno.test("all that is wrong in an agent's bottles is told at once", async () => {
  await using sandbox = await Sandbox.make({
    "home/agents/helper.md": "---\nbottle: dev\n---\n",
    "home/bottles/dev.md": "---\nextends: [a, b, missing]\n---\n",
    "home/bottles/a.md": "---\negres: {}\n---\n",
    "home/bottles/b.md": "no fence",
  });
  const told = (await sandbox.problems("helper")).map((each) => each.split("\n")[0]);
  assert.deepEqual(told, [
    "HOME/bottles/a.md:2:1: egres: `egres` is not a known key",
    "HOME/bottles/b.md:1:1: the file does not begin with a `---` line",
    "HOME/bottles/dev.md:2:17: extends[2]: there is no bottle `missing`",
  ]);
});

Deno.test("resolving an agent over three bottles takes a few milliseconds", async () => {
  const routes = Array.from({ length: 20 }, (_, index) => `    - host: h${index}.example`);
  await using sandbox = await Sandbox.make({
    "home/agents/helper.md": "---\nbottle: top\n---\nprompt",
    "home/bottles/top.md": "---\nextends: middle\nenv: { A: b }\n---\n",
    "home/bottles/middle.md": "---\nextends: base\n---\n",
    "home/bottles/base.md": `---\negress:\n  routes:\n${routes.join("\n")}\n---\n`,
  });
  await sandbox.store.resolve({ agent: "helper" });
  const times: number[] = [];
  for (let run = 0; run < 15; run++) {
    const before = performance.now();
    await sandbox.store.resolve({ agent: "helper" });
    times.push(performance.now() - before);
  }
  const median = times.sort((a, b) => a - b)[7] ?? Infinity;
  assert.ok(median < 40, `${median} ms`);
});
