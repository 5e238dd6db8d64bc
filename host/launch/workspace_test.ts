import assert from "node:assert/strict";
import { workspaceFolder } from "./workspace.ts";

async function inFolders(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/ada/.bot-bottle`, { recursive: true });
    await Deno.mkdir(`${root}/ada/project`);
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("a project's folder is copied to the working directory", async () => {
  await inFolders(async (root) => {
    const folder = await workspaceFolder(`${root}/ada/project`, {
      home: `${root}/ada/.bot-bottle`,
      userHome: `${root}/ada`,
      workdir: "/home/node/workspace",
    });
    assert.deepEqual(folder, { path: "/home/node/workspace", hostPath: `${root}/ada/project` });
  });
});

Deno.test("no folder that holds the operator's home or policy is copied, links included", async () => {
  await inFolders(async (root) => {
    await Deno.symlink(`${root}/ada`, `${root}/link`);
    const places = { home: `${root}/ada/.bot-bottle`, userHome: `${root}/ada`, workdir: "/w" };
    for (const cwd of ["/", root, `${root}/ada`, `${root}/link`]) {
      await assert.rejects(workspaceFolder(cwd, places), /your home folder lies in it/, cwd);
    }
    const elsewhere = { ...places, userHome: undefined };
    await assert.rejects(workspaceFolder(`${root}/ada`, elsewhere), /bot-bottle folder lies in it/);
  });
});
