import assert from "node:assert/strict";
import { EGRESS_UID } from "../../policy/wire/launch.ts";
import { handOverAnswers } from "./queue_answers.ts";

const isRoot = Deno.uid() === 0;

async function ownerOf(path: string): Promise<number | null> {
  return (await Deno.lstat(path)).uid;
}

Deno.test({
  name: "root's answer changes hands, and nothing else that stands under an answer's name",
  // Nobody else may give files away, and nobody else has to.
  ignore: !isRoot,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const name = (): string => `${folder}/${crypto.randomUUID()}.response.json`;
    const [answer, link, twin, other] = [name(), name(), name(), `${folder}/other.json`];
    const outside = await Deno.makeTempFile();
    const linked = await Deno.makeTempFile({ dir: folder });
    await Deno.writeTextFile(answer, "{}", { mode: 0o600 });
    await Deno.writeTextFile(other, "{}", { mode: 0o600 });
    await Deno.symlink(outside, link);
    await Deno.link(linked, twin);
    {
      using _handing = handOverAnswers(folder);
      for (let tries = 0; tries < 40 && await ownerOf(answer) === 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    assert.equal(await ownerOf(answer), EGRESS_UID);
    for (const path of [outside, other, linked]) assert.equal(await ownerOf(path), 0, path);
    await Promise.all([Deno.remove(folder, { recursive: true }), Deno.remove(outside)]);
  },
});
