import assert from "node:assert/strict";
import { MITMPROXY_HINT } from "../bench/egress/mitmproxy.ts";
import { formatOutcome, type Row } from "../bench/row.ts";

const MAIN = new URL("../bench/main.ts", import.meta.url).pathname;
/** Without the scan's, which is a benchmark of its own. */
const PARTS = ["get", "post", "connections", "download", "upload", "stream", "memory"];
const TIMED = [
  "GET 1 KiB",
  "POST 64 KiB",
  "new connections",
  "download 200 MB",
  "upload 200 MB",
  "first streamed byte",
];

async function bench(
  ...args: string[]
): Promise<{ code: number; rows: Row[]; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  const rows = lines.map((line) => JSON.parse(line));
  return { code, rows, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("the egress benchmark measures every part against every peer that is there", async () => {
  const { code, rows, stderr } = await bench("egress", ...PARTS, "--quick", "--json");
  assert.ok([0, 1, 3].includes(code), stderr);
  for (const row of rows) {
    const { bench, metric, ours, peer, value, unit, aim, met, ...others } = row;
    assert.deepEqual(others, {});
    assert.equal(bench, "egress");
    assert.ok([metric, unit, aim].every((text) => typeof text === "string" && text !== ""));
    assert.ok([ours, peer, value].every((number) => Number.isFinite(number) && number > 0));
    assert.equal(typeof met, "boolean");
  }
  const has = (metric: string): boolean => rows.some((row) => row.metric === metric);
  const skips = stderr.split("\n").filter((line) => line.includes("SKIPPED"));
  for (const title of TIMED) assert.ok(has(`${title}, against direct`), title);
  for (const peer of ["mitmproxy", "http-mitm-proxy"]) {
    const isSkipped = skips.some((line) => line.includes(`against ${peer}:`));
    for (const title of TIMED) assert.notEqual(has(`${title}, against ${peer}`), isSkipped);
  }
  assert.ok(skips.length === 0 || code !== 0, "a skip never counts as success");
  for (const what of ["idle", "peak, 1 GiB down"]) assert.ok(has(`memory ${what}`));
});

Deno.test("an unknown part of a benchmark is named with those that there are", async () => {
  const { code, stderr } = await bench("egress", "gett");
  assert.equal(code, 2);
  assert.match(stderr, /no benchmark gett; .*egress has get, post/);
});

Deno.test("the egress benchmark leaves no process behind when it is interrupted", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "egress", "get"],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const started: string[] = [];
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    if (started.length > 0 || !text.includes("GET 1 KiB")) continue;
    started.push(...await childrenOf(child.pid));
    child.kill("SIGINT");
  }
  assert.equal((await child.status).code, 130);
  assert.ok(started.length >= 3, "origin, proxy and client");
  for (const pid of started) await assert.rejects(Deno.stat(`/proc/${pid}`), pid);
});

async function childrenOf(pid: number): Promise<string[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return text.split(" ").filter((one) => one !== "");
}

Deno.test("a skip reads as one, with how to get what is missing", () => {
  const line = formatOutcome({ bench: "egress", skipped: "get", reason: MITMPROXY_HINT });
  assert.match(line, /^egress +get: SKIPPED, .*apt-get install mitmproxy/);
});
