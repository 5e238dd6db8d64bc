import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseNote, parseProposal, type Proposal } from "../policy/wire/proposal.ts";
import {
  FOUND,
  HOST,
  type OutboundArena,
  send,
  type Sent,
  startArena,
  TOKEN,
} from "./sidecar/outbound.ts";
import { curl, until } from "./sidecar/proxy.ts";

const OTHER = ["ghp", "9Zk2Wq7Yt4Rb1Nv8Mx5Lc3Jd6Hf0Gs9Pa2Ue"].join("_");

function contextOf(proposal: Proposal | undefined): Record<string, unknown> {
  return JSON.parse(proposal?.proposed_file ?? "{}");
}

function noteOf(arena: OutboundArena): { outcome?: string } {
  const name = arena.processed().find((one) => one.endsWith(".note.json"));
  if (name === undefined) return {};
  const parsed = parseNote(Deno.readTextFileSync(`${arena.queue}/processed/${name}`));
  assert.ok(parsed.ok);
  return parsed.value;
}

Deno.test("a held request goes on once it is approved, and the value is safe from then on", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const sent: Sent = {
    target: `/a?b=1`,
    headers: [["X-Note", `please use ${FOUND} here`]],
    body: "x",
  };
  const answer = send(arena.proxy.port, sent);
  const [proposal] = await arena.proposed();
  assert.equal(arena.connections(), 0);
  assert.ok(parseProposal(JSON.stringify(proposal)).ok);
  assert.equal(proposal?.tool, "egress-token-allow");
  assert.equal(proposal?.bottle_slug, "test-abcde");
  assert.deepEqual(contextOf(proposal), {
    detector: "token_patterns",
    kind: "github-classic",
    written_as: [],
    place: "header x-note",
    host: "plain.example.com",
    method: "POST",
    path: "/a",
    around: "please use [...] here",
  });
  const mode = (await Deno.lstat(`${arena.queue}/${proposal?.id}.proposal.json`)).mode ?? 0;
  assert.equal(mode & 0o777, 0o600);
  await arena.respond(proposal?.id ?? "", { status: "approved", notes: "", final_file: "" });
  assert.equal((await answer).status, 200);
  assert.equal(arena.arrived[0]?.headers["x-note"], `please use ${FOUND} here`);
  assert.deepEqual(arena.processed(), [
    `${proposal?.id}.proposal.json`,
    `${proposal?.id}.response.json`,
  ]);
  for (const again of [sent, { body: FOUND }, { target: `/${FOUND}` }]) {
    assert.equal((await send(arena.proxy.port, again)).status, 200);
  }
  assert.deepEqual(await arena.proposals(), []);
  const other = send(arena.proxy.port, { body: OTHER });
  const [next] = await arena.proposed();
  await arena.respond(next?.id ?? "", { status: "rejected", notes: "no", final_file: "" });
  assert.equal((await other).status, 403);
});

Deno.test("a rejection's words reach the agent, bounded and plain", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const answer = send(arena.proxy.port, { body: `{"key":"${TOKEN}"}` });
  const [proposal] = await arena.proposed();
  const notes = `use the \u001b[31mtest account\u0007${"!".repeat(5_000)}`;
  await arena.respond(proposal?.id ?? "", { status: "rejected", notes, final_file: null });
  const { status, text } = await answer;
  assert.equal(status, 403);
  const { error, supervise } = JSON.parse(text);
  assert.equal(error, "secret_found");
  assert.equal(supervise.outcome, "rejected");
  assert.match(supervise.notes, /^use the +\[31mtest account +!+$/);
  assert.ok(supervise.notes.length <= 2_000);
  assert.equal(arena.connections(), 0);
});

Deno.test("no file of the queue and no line of the log ever holds a value", async () => {
  await using arena = await startArena({ onMatch: "supervise", timeoutSeconds: 1 });
  const places: readonly Sent[] = [
    { target: `/a/${FOUND}?k=${TOKEN}`, headers: [[`x-${FOUND}`, TOKEN]] },
    { body: `${FOUND} ${TOKEN} ${FOUND}${TOKEN}` },
    { body: Buffer.from(TOKEN).toString("base64") },
    { host: `${TOKEN.toLowerCase()}.plain.example.com` },
  ];
  await Promise.all(places.map((sent) => send(arena.proxy.port, sent)));
  const texts = arena.processed().map((name) => {
    return Deno.readTextFileSync(`${arena.queue}/processed/${name}`);
  });
  assert.ok(texts.length > 0);
  for (const text of [...texts, ...arena.proxy.logs]) {
    for (const value of [FOUND, TOKEN, Buffer.from(TOKEN).toString("base64").slice(0, 20)]) {
      assert.ok(!text.toLowerCase().includes(value.toLowerCase()), text);
    }
  }
});

Deno.test("nobody answers: 403 says so, and the proposal is put away with a note", async () => {
  await using arena = await startArena({ onMatch: "supervise", timeoutSeconds: 0.5 });
  const { status, text } = await send(arena.proxy.port, { body: FOUND });
  assert.equal(status, 403);
  assert.equal(JSON.parse(text).supervise.outcome, "timed_out");
  assert.deepEqual(await arena.proposals(), []);
  assert.equal(noteOf(arena).outcome, "timed_out");
});

Deno.test("without a queue, or one that cannot be written, the request is refused and told why", async () => {
  {
    await using arena = await startArena({ onMatch: "supervise", noQueue: true });
    const { status, text } = await send(arena.proxy.port, { body: FOUND });
    assert.equal(status, 403);
    assert.equal(JSON.parse(text).supervise.outcome, "not_wired");
  }
  await using arena = await startArena({ onMatch: "supervise" });
  await Deno.remove(arena.queue, { recursive: true });
  const { status, text } = await send(arena.proxy.port, { body: FOUND });
  assert.equal(status, 403);
  assert.equal(JSON.parse(text).supervise.outcome, "queue_failed");
  await Deno.mkdir(arena.queue);
});

const BAD_ANSWERS: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["no JSON", '{"status": "approved"'],
  [
    "another proposal's",
    '{"proposal_id":"00000000-0000-4000-8000-000000000000","status":"approved"}',
  ],
  ["no status", '{"proposal_id":"ID"}'],
  ["an unknown status", '{"proposal_id":"ID","status":"approve"}'],
  ["a field too many", '{"proposal_id":"ID","status":"approved","extra":1}'],
  [
    "one that makes no sense here",
    '{"proposal_id":"ID","status":"modified","notes":"","final_file":""}',
  ],
  ["too much", `{"proposal_id":"ID","status":"approved","notes":"${"x".repeat(3_000_000)}"}`],
];

Deno.test("an answer that cannot be used is reported, neither fatal nor a yes; a later good one counts", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const answer = send(arena.proxy.port, { body: FOUND });
  const [proposal] = await arena.proposed();
  const path = `${arena.queue}/${proposal?.id}.response.json`;
  for (const [what, bad] of BAD_ANSWERS) {
    const before = arena.proxy.logs.length;
    await Deno.writeTextFile(`${path}.tmp`, bad.replace("ID", proposal?.id ?? ""));
    await Deno.rename(`${path}.tmp`, path);
    await until(() =>
      arena.proxy.logs.slice(before).some((line) => line.includes("cannot be used"))
    );
    assert.equal(arena.connections(), 0, what);
  }
  await Deno.remove(path);
  await Deno.symlink("/etc/passwd", path);
  await until(() => arena.proxy.logs.some((line) => line.includes("not a regular file")));
  await Deno.remove(path);
  await arena.respond(proposal?.id ?? "", { status: "approved" });
  assert.equal((await answer).status, 200);
});

Deno.test("one value asked for twice at once is one question, and both get its answer", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const answers = [{ body: FOUND }, { target: `/${FOUND}` }, { body: `x${FOUND}` }]
    .map((sent) => send(arena.proxy.port, sent));
  const [proposal] = await arena.proposed();
  await until(() => arena.proxy.logs.filter((line) => line.includes("secret_held")).length === 3);
  assert.equal((await arena.proposals()).length, 1);
  await arena.respond(proposal?.id ?? "", { status: "approved" });
  for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
});

Deno.test("several values in one request are several questions; one no is enough", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const answer = send(arena.proxy.port, { body: `${FOUND} ${OTHER}` });
  const [first] = await arena.proposed(2);
  await arena.respond(first?.id ?? "", { status: "rejected", notes: "not that" });
  assert.match((await answer).text, /not that/);
  await until(() => arena.processed().length >= 4);
  assert.deepEqual(await arena.proposals(), []);
});

Deno.test("so many requests wait at one time and no more", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const gone = new AbortController();
  const value = (index: number): string =>
    ["ghp", `Kd8s${String(index).padStart(2, "0")}q0VbNw7RtYxZ3mHj5PcGf9Ua1EoXi4`].join("_");
  const waiting = Array.from({ length: 16 }, (_, index) => {
    return send(arena.proxy.port, { body: value(index), signal: gone.signal }).catch(() => {});
  });
  await arena.proposed(16);
  const { status, text } = await send(arena.proxy.port, { body: value(99) });
  assert.equal(status, 403);
  assert.equal(JSON.parse(text).supervise.outcome, "too_many");
  gone.abort();
  await Promise.all(waiting);
  await until(() => arena.processed().length === 32);
  const after = send(arena.proxy.port, { body: value(99) });
  const [proposal] = await arena.proposed();
  await arena.respond(proposal?.id ?? "", { status: "approved" });
  assert.equal((await after).status, 200);
});

for (const how of ["in the clear", "--http1.1", "--http2"]) {
  Deno.test(`an agent that is killed while held takes its question back (${how})`, async () => {
    await using arena = await startArena({ onMatch: "supervise" });
    const url = how === "in the clear" ? "http://plain.example.com/" : `https://${HOST}/`;
    const version = how === "in the clear" ? [] : [how];
    const child = new Deno.Command("curl", {
      args: [
        ...["-sS", "--cacert", arena.proxy.caFile, "-x", `http://127.0.0.1:${arena.proxy.port}`],
        ...[...version, "-H", `X-Note: ${FOUND}`, "-d", "body", url],
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await arena.proposed();
    child.kill("SIGKILL");
    await child.status;
    await until(() => noteOf(arena).outcome === "withdrawn");
    assert.deepEqual(await arena.proposals(), []);
    assert.equal(arena.connections(), 0);
  });
}

Deno.test("a long body is held in mid-stream: nothing moves until the answer, then all of it does", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const words = "some words ".repeat(300_000);
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, `${words}${FOUND}${words}`);
  for (const version of ["--http1.1", "--http2"]) {
    for (const status of ["approved", "rejected"]) {
      arena.arrived.length = 0;
      const value = status === "approved" ? FOUND : OTHER;
      await Deno.writeTextFile(file, `${words}${value}${words}`);
      const isKnown = version === "--http2" && status === "approved";
      const answer = curl(arena.proxy, version, "-T", file, `https://${HOST}/`);
      if (!isKnown) {
        const [proposal] = await arena.proposed();
        assert.equal(contextOf(proposal).place, "body");
        await arena.respond(proposal?.id ?? "", { status });
      }
      const { out } = await answer;
      await until(() => arena.arrived.length === 1);
      const [seen] = arena.arrived;
      assert.equal(seen?.isWhole, status === "approved");
      if (status === "approved") assert.equal(seen?.body, `${words}${value}${words}`);
      else assert.ok(!seen?.body.includes(value) && /secret_found|^$/.test(out), out);
    }
  }
  await Deno.remove(file);
});

Deno.test("what an earlier process asked is put away when the next one starts", async () => {
  await using arena = await startArena({ onMatch: "supervise" });
  const old = crypto.randomUUID();
  const answer = send(arena.proxy.port, { body: FOUND });
  const [proposal] = await arena.proposed();
  const text = JSON.stringify({ ...proposal, id: old });
  await arena.respond(proposal?.id ?? "", { status: "approved" });
  await answer;
  await Deno.writeTextFile(`${arena.queue}/${old}.proposal.json`, text);
  const { startProxy } = await import("./sidecar/proxy.ts");
  await using _next = await startProxy({
    routes: "routes: []\n",
    queue: { folder: arena.queue, timeoutSeconds: 5 },
  });
  assert.deepEqual(await arena.proposals(), []);
  assert.equal(noteOf(arena).outcome, "abandoned");
});
