import assert from "node:assert/strict";
import { join } from "node:path";
import { BottleError } from "../errors.ts";
import { resolveSkills } from "./skills.ts";

const skillsDirectory = "/home/node/.claude/skills";

async function withHome(use: (home: string, skills: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  const skills = join(home, ".claude", "skills");
  await Deno.mkdir(skills, { recursive: true });
  try {
    await use(home, skills);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function failure(names: readonly string[], homeDirectory: string): Promise<BottleError> {
  try {
    await resolveSkills(names, { homeDirectory, skillsDirectory });
  } catch (error) {
    assert.ok(error instanceof BottleError);
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

Deno.test("skills are found by name, each once, in the order asked for", async () => {
  await withHome(async (homeDirectory, skills) => {
    await Deno.mkdir(join(skills, "release-notes"));
    await Deno.mkdir(join(skills, "review"));
    const real = await Deno.realPath(skills);
    const names = ["review", "release-notes", "review"];
    assert.deepEqual(await resolveSkills(names, { homeDirectory, skillsDirectory }), [
      { path: `${skillsDirectory}/review`, hostPath: join(real, "review") },
      { path: `${skillsDirectory}/release-notes`, hostPath: join(real, "release-notes") },
    ]);
  });
});

Deno.test("a skill that is a link leads to the folder itself", async () => {
  await withHome(async (homeDirectory, skills) => {
    const elsewhere = join(homeDirectory, "work", "notes");
    await Deno.mkdir(elsewhere, { recursive: true });
    await Deno.symlink(elsewhere, join(skills, "notes"));
    const [folder] = await resolveSkills(["notes"], { homeDirectory, skillsDirectory });
    assert.equal(folder?.hostPath, await Deno.realPath(elsewhere));
    assert.equal(folder?.path, `${skillsDirectory}/notes`);
  });
});

Deno.test("a skill that is missing is told with the one that was probably meant", async () => {
  await withHome(async (home, skills) => {
    await Deno.mkdir(join(skills, "release-notes"));
    const error = await failure(["relase-notes"], home);
    assert.match(error.message, /^Cannot use skill relase-notes: there is no folder /);
    assert.equal(error.hint, "did you mean release-notes?");
  });
});

Deno.test("names that lead elsewhere, and files, are no skills", async () => {
  await withHome(async (home, skills) => {
    await Deno.writeTextFile(join(skills, "file"), "");
    assert.match((await failure(["file"], home)).message, /is not a folder$/);
    for (const name of ["..", "../..", "a/b", "", "A", ".hidden", "a\0"]) {
      assert.match((await failure([name], home)).message, /not a skill's name$/);
    }
  });
});

Deno.test("no skills need no folder, and a missing home is told like a missing skill", async () => {
  const places = { homeDirectory: "/nowhere", skillsDirectory };
  assert.deepEqual(await resolveSkills([], places), []);
  assert.match((await failure(["notes"], "/nowhere")).message, /there is no folder/);
});
