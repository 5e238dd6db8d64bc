import assert from "node:assert/strict";
import { parseAgent } from "../../policy/manifest/agent.ts";
import { parseBottle } from "../../policy/manifest/bottle.ts";
import { resolveManifest } from "../../policy/manifest/merge.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import { nodeUser } from "../../providers/define.ts";
import type { LoadedProvider } from "../providers/door.ts";
import { imagePlan } from "./image.ts";

const PROVIDER: LoadedProvider = {
  name: "p",
  description: "",
  source: "p",
  dockerfile: "FROM provider\n",
  user: nodeUser,
  skillsDirectory: "/s",
  settingsSchema: {},
  parseSettings: (value) => ({ ok: true, value }),
  provision: () => ({ routes: [], env: {}, files: [], setup: [], argv: ["p"] }),
};

function manifestWith(provider: object): ResolvedManifest {
  const encode = (value: object): Uint8Array =>
    new TextEncoder().encode(`---\n${JSON.stringify(value)}\n---\n`);
  const agent = parseAgent({ name: "a", file: "a.md" }, encode({ bottle: "b" }));
  const bottle = parseBottle({ name: "b", file: "b.md" }, encode({ agent_provider: provider }));
  return resolveManifest({ agent, selected: [], bottles: new Map([["b", bottle]]) });
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without a Dockerfile of the manifest the provider's own is used, with no folder", async () => {
  const places = { cwd: "/nowhere", userHome: "/nowhere" };
  assert.deepEqual(await imagePlan(manifestWith({ template: "p" }), PROVIDER, places), {
    name: "p",
    dockerfile: "FROM provider\n",
  });
});

Deno.test("a Dockerfile is found from the working folder and from home", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/Dockerfile`, "FROM own\n");
    const places = { cwd: folder, userHome: folder };
    for (
      const dockerfile of ["./Dockerfile", "Dockerfile", "~/Dockerfile", `${folder}/Dockerfile`]
    ) {
      const manifest = manifestWith({ template: "p", dockerfile });
      assert.equal((await imagePlan(manifest, PROVIDER, places)).dockerfile, "FROM own\n");
    }
  });
});

Deno.test("its folder is sent only when it copies something from there", async () => {
  await inFolder(async (folder) => {
    const places = { cwd: folder, userHome: folder };
    const manifest = manifestWith({ template: "p", dockerfile: "Dockerfile" });
    for (
      const [text, sent] of [["RUN echo COPY this\n", false], ["copy a /a\n", true], [
        "ADD a /a\n",
        true,
      ]] as const
    ) {
      await Deno.writeTextFile(`${folder}/Dockerfile`, `FROM own\n${text}`);
      assert.equal(
        (await imagePlan(manifest, PROVIDER, places)).contextPath !== undefined,
        sent,
        text,
      );
    }
  });
});

Deno.test("a Dockerfile that is none ends with its path", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/folder`);
    await Deno.writeFile(`${folder}/large`, new Uint8Array(300 * 1024));
    const places = { cwd: folder, userHome: folder };
    for (const dockerfile of ["absent", "folder", "large"]) {
      const manifest = manifestWith({ template: "p", dockerfile });
      await assert.rejects(
        imagePlan(manifest, PROVIDER, places),
        /Cannot read the Dockerfile .*\//,
      );
    }
  });
});
