import assert from "node:assert/strict";
import { readSidecarSources } from "../host/sidecar_sources.ts";
import { sidecarSources } from "./sidecar_sources.ts";

Deno.test("the image gets exactly the modules that the sidecar's programs import", async () => {
  const listed = [...(await readSidecarSources()).keys()];
  assert.deepEqual(listed, await sidecarSources(), "run `deno task sources`");
});

Deno.test("each listed source is handed over with the text that it has", async () => {
  const sources = await readSidecarSources();
  for (const [path, text] of sources) {
    assert.equal(text, await Deno.readTextFile(new URL(`../${path}`, import.meta.url)), path);
  }
});
