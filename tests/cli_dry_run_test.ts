import assert from "node:assert/strict";
import { Scene } from "./cli_transcript.ts";

Deno.test("a dry run asks for no value and needs no terminal", async () => {
  await using scene = await Scene.create({
    "agents/helper.md": "---\nbottle: dev\n---\n",
    "bottles/dev.md": '---\nagent_provider: { template: demo }\nenv: { PIN: "?Enter" }\n---\n',
  });
  const told = await scene.run(["start", "helper", "--dry-run"]);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stderr, /^env +PIN$/m);
  assert.doesNotMatch(told.stderr, /Enter/);
});
