import assert from "node:assert/strict";
import { BottleError } from "../errors.ts";
import { StateStore } from "./state_store.ts";

const METADATA = {
  agent: "dev",
  bottles: ["base"],
  provider: "demo",
  backend: "docker",
  cwd: "/work",
  workspace: false,
  started_at: "2026-01-02T03:04:05.000Z",
};

async function withStore(test: (store: StateStore, home: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(new StateStore(`${folder}/home`), `${folder}/home`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a reserved slug is live, described and private", () =>
  withStore(async (store, home) => {
    await using state = await store.reserve("dev-1") ?? assert.fail("taken");
    await state.writeMetadata(METADATA);
    const [entry] = await store.list();
    assert.deepEqual(entry, {
      slug: "dev-1",
      path: `${home}/state/dev-1`,
      present: true,
      live: true,
      preserved: false,
      metadata: { version: 1, slug: "dev-1", ...METADATA },
    });
    for (const path of [home, `${home}/state`, state.path]) {
      assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o700);
    }
    assert.equal(((await Deno.stat(`${state.path}/metadata.json`)).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("of many who reserve a slug at once exactly one gets it", () =>
  withStore(async (store) => {
    const tries = await Promise.all(Array.from({ length: 20 }, () => store.reserve("same")));
    const winners = tries.filter((state) => state !== undefined);
    assert.equal(winners.length, 1);
    assert.deepEqual(await store.slugs(), ["same"]);
    await winners[0]?.close();
    assert.deepEqual(await store.slugs(), []);
  }));

Deno.test("closing removes the folder unless it is to be preserved", () =>
  withStore(async (store) => {
    const state = await store.reserve("kept") ?? assert.fail("taken");
    await state.preserve("the agent crashed");
    await state.close();
    await state.close();
    const entry = await store.entry("kept");
    assert.equal(entry.preserved, true);
    assert.equal(entry.live, false);
    assert.deepEqual(await store.stale(Date.now()), []);
    assert.equal(await store.removeStale(entry), false);
    assert.deepEqual(await store.slugs(), ["kept"]);
  }));

Deno.test("a folder whose process was killed is stale and can be removed", () =>
  withStore(async (store, home) => {
    await crash(home, "crashed");
    const stale = await store.stale(Date.now());
    assert.deepEqual(stale.map(({ slug }) => slug), ["crashed"]);
    for (const entry of stale) assert.equal(await store.removeStale(entry), true);
    assert.deepEqual(await store.slugs(), []);
  }));

Deno.test("a folder with a living owner is not removed even if it was thought stale", () =>
  withStore(async (store) => {
    await using state = await store.reserve("alive") ?? assert.fail("taken");
    const entry = { slug: "alive", path: state.path, present: true, live: false, preserved: false };
    assert.equal(await store.removeStale(entry), false);
    assert.deepEqual(await store.stale(Date.now()), []);
  }));

Deno.test("a half-made folder is stale only after a while", () =>
  withStore(async (store, home) => {
    await Deno.mkdir(`${home}/state/.new-x`, { recursive: true, mode: 0o700 });
    assert.deepEqual(await store.stale(Date.now()), []);
    const [entry] = await store.stale(Date.now() + 120_000);
    assert.equal(entry?.slug, ".new-x");
  }));

Deno.test("a link in place of a state folder is refused and left alone", () =>
  withStore(async (store, home) => {
    const elsewhere = `${home}/elsewhere`;
    await Deno.mkdir(elsewhere, { recursive: true });
    await Deno.mkdir(`${home}/state`, { mode: 0o700 });
    await Deno.symlink(elsewhere, `${home}/state/dev`);
    await assert.rejects(store.entry("dev"), /it is a link/);
    assert.equal(await store.reserve("dev"), undefined);
    assert.deepEqual(await store.stale(Date.now()), []);
    assert.deepEqual([...Deno.readDirSync(elsewhere)], []);
  }));

Deno.test("a linked state root or one that others may write to is refused", () =>
  withStore(async (store, home) => {
    await Deno.mkdir(`${home}/real`, { recursive: true, mode: 0o700 });
    await Deno.symlink(`${home}/real`, `${home}/state`);
    await assert.rejects(store.slugs(), /it is a link/);
    await assert.rejects(store.reserve("dev"), /it is a link/);
    await Deno.remove(`${home}/state`);
    await Deno.mkdir(`${home}/state`);
    await Deno.chmod(`${home}/state`, 0o777);
    await assert.rejects(store.slugs(), /other users may write to it/);
  }));

Deno.test("what is no slug never becomes a path", () =>
  withStore(async (store) => {
    for (const slug of ["..", "a/b", "", ".new-x", "A", "a\n", "-a"]) {
      await assert.rejects(store.reserve(slug), BottleError);
      await assert.rejects(store.entry(slug), BottleError);
    }
  }));

Deno.test("metadata of another version, or that is broken or huge, is a problem and no crash", () =>
  withStore(async (store) => {
    await using state = await store.reserve("dev") ?? assert.fail("taken");
    const problems: string[] = [];
    const texts = ["{", "[]", '{"version":2}', '{"version":1}', " ".repeat(100_000)];
    for (const text of texts) {
      await state.write("metadata.json", text);
      problems.push((await store.entry("dev")).problem ?? "none");
    }
    assert.deepEqual(problems, [
      "metadata.json: it is not JSON",
      "metadata.json: its version is not 1",
      "metadata.json: its version is not 1",
      "metadata.json: slug is not valid",
      "metadata.json is too large",
    ]);
  }));

Deno.test("a home that cannot be made is told with what to do", async () => {
  const file = await Deno.makeTempFile();
  try {
    await assert.rejects(new StateStore(`${file}/home`).reserve("dev"), (error) => {
      assert(error instanceof BottleError);
      assert.match(error.message, /^Cannot make .*: part of the path is not a folder$/);
      assert.match(error.hint ?? "", /BOT_BOTTLE_HOME/);
      return true;
    });
  } finally {
    await Deno.remove(file);
  }
});

/** Leaves behind what a process leaves that is killed while it owns a slug. */
async function crash(home: string, slug: string): Promise<void> {
  const module = new URL("./state_store.ts", import.meta.url).href;
  const program = `import { StateStore } from ${JSON.stringify(module)};
    await new StateStore(${JSON.stringify(home)}).reserve(${JSON.stringify(slug)});
    Deno.kill(Deno.pid, "SIGKILL");`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
}
