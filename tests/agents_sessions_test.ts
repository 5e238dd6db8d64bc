import assert from "node:assert/strict";
import { join } from "node:path";
import { REAL_AGENTS } from "./agents/agents.ts";
import { alarmsOf, scannerFor } from "./agents/findings.ts";
import { readRecordings, writeRecordings } from "./agents/recordings.ts";
import { setStage, type Stage } from "./agents/session.ts";
import { seededBlobs } from "./doubles/models/blobs.ts";
import { curl } from "./sidecar/proxy.ts";

/** Secrets of the usual forms, put together here so that they stand nowhere in one piece. */
function secrets(): Record<string, string> {
  const blobs = seededBlobs(99);
  return {
    EGRESS_TOKEN_0: ["sk-ant", `oat01-${blobs.base64(86, "url")}`, `${blobs.base64(6)}AA`].join(
      "-",
    ),
    EGRESS_TOKEN_1: ["sk", "proj", blobs.base64(120, "url")].join("-"),
    EGRESS_TOKEN_2: ["ghp", blobs.alphanumeric(36)].join("_"),
    EGRESS_TOKEN_3: `${blobs.hex(8)}-${blobs.hex(4)}-4${blobs.hex(3)}-a${blobs.hex(3)}-${
      blobs.hex(12)
    }`,
    EGRESS_TOKEN_4: blobs.hex(40),
  };
}

/** The silence is worth something: the same proxy stops the same request with a secret in it. */
async function assertGuarded(
  { proxy, model }: Stage,
  host: string,
): Promise<void> {
  const received = model.received.length;
  const text = `{"messages":[{"role":"user","content":"${secrets()["EGRESS_TOKEN_2"]}"}]}`;
  const { out } = await curl(proxy, "-d", text, `https://${host}/v1/messages`);
  assert.match(out, /secret_found/);
  assert.equal(model.received.length, received);
}

for (const agent of REAL_AGENTS) {
  Deno.test(`the real ${agent.name} works through many turns with no block and no hold`, async () => {
    await using stage = await setStage(agent, secrets());
    const { model, proxy, workspace } = stage;
    for (const job of ["farewell", "review"]) {
      const { code, output } = await stage.run(job, { resumed: job === "review" });
      assert.equal(code, 0, `${output}\n${proxy.logs.join("\n")}`);
      assert.match(output, new RegExp(`The job ${job} is finished`));
    }
    const read = (path: string): Promise<string> => Deno.readTextFile(join(workspace, path));
    assert.match(await read("src/greeting.js"), /goodbye \$\{name\}/);
    assert.match(await read("NOTES.md"), /says goodbye now/);
    assert.match(await read("REVIEW.md"), /Nothing to complain about/);
    const events = proxy.logs.map((line) => JSON.parse(line));
    // A warning of one suspicious phrase in an answer stops nothing.
    const stopped = events.filter(({ event, reason }) =>
      event === "egress_block" ||
      event === "egress_warn" && !String(reason).startsWith("injection_suspected")
    );
    assert.deepEqual(stopped, []);
    const turns = model.received.filter(({ isModelCall }) => isModelCall);
    assert.ok(turns.length >= 24, `${turns.length} turns`);
    const bytes = model.received.reduce((sum, { body }) => sum + body.length, 0);
    assert.ok(bytes > agent.leastBytes, `${bytes} bytes`);
    await writeRecordings(stage.recordings, model.received);
    const scanner = scannerFor(secrets());
    const recordings = await readRecordings(stage.recordings);
    assert.equal(recordings.length, model.received.length);
    assert.deepEqual(recordings.flatMap((recording) => alarmsOf(scanner, recording)), []);
    await assertGuarded(stage, agent.modelHost);
  });
}

Deno.test("the Claude Code of these sessions is the one that bottles get", async () => {
  const read = (path: string): Promise<string> => Deno.readTextFile(new URL(path, import.meta.url));
  const { dependencies } = JSON.parse(await read("agents/packages/package.json"));
  const image = /@anthropic-ai\/claude-code@(\S+)/.exec(
    await read("../providers/claude/Dockerfile"),
  );
  assert.equal(image?.[1], dependencies["@anthropic-ai/claude-code"]);
});
