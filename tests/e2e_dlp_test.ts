import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseProposal, type Proposal } from "../policy/wire/proposal.ts";
import { eventually, Operator } from "./operator.ts";

const HOST = "api.example.com";
/** In the form of a token that nobody gave. */
const FOUND = ["ghp", "2Kd8sLq0VbNw7RtYxZ3mHj5PcGf9Ua1EoXi4"].join("_");
const OTHER = ["ghp", "9Zk2Wq7Yt4Rb1Nv8Mx5Lc3Jd6Hf0Gs9Pa2Ue"].join("_");

/** Sends its first argument through the bottle's proxy and prints what comes back. */
const SAY = `
const { hostname, port } = new URL(process.env.http_proxy);
const out = require("node:http").request({
  hostname, port, method: "POST", path: "http://${HOST}/x", headers: { host: "${HOST}" },
}, (response) => {
  let text = "";
  response.on("data", (part) => text += part);
  response.on("end", () => console.log(response.statusCode + " " + text.trim()));
});
out.on("error", (error) => console.log("failed " + error.message));
out.end(process.argv[1]);
`;

/** What a bottle that ended said. */
interface Ended {
  readonly code: number;
  /** Of the agent. */
  readonly lines: string[];
  readonly stderr: string;
}

interface Arena extends AsyncDisposable {
  readonly operator: Operator;
  /** Bodies that reached the upstream. */
  readonly arrived: string[];
  start(label: string, texts: readonly string[]): Promise<Ended>;
  /** Waits for the open proposals of a bottle. */
  proposed(slug: string): Promise<Proposal>;
  respond(proposal: Proposal, answer: object): Promise<void>;
}

/** An operator whose bottles reach an upstream on this machine. */
async function setUp(env: Record<string, string> = {}): Promise<Arena> {
  const operator = await Operator.create();
  await operator.installShellAgent({ routes: [{ host: HOST }] });
  const arrived: string[] = [];
  const upstream = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => void (text += part));
    request.on("end", () => {
      arrived.push(text);
      response.end("arrived");
    });
  });
  const address = await operator.backend.hostAddress();
  await new Promise<void>((done) => upstream.listen(0, address, done));
  const { port } = upstream.address() as AddressInfo;
  const folder = (slug: string): string => `${operator.home}/queue/${slug}`;
  return {
    operator,
    arrived,
    start: async (label, texts) => {
      const script = texts.map((text) => `node -e '${SAY}' '${text}'`).join("\n");
      const args = ["start", "shell", "--headless", "--label", label, "--prompt", script];
      const { code, stdout, stderr } = await operator.run(args, {
        env: { BOT_BOTTLE_EXTRA_HOSTS: `${HOST}=${address}:${port}`, ...env },
      });
      assert.equal(code, 0, stderr);
      return { code, lines: stdout.trim().split("\n"), stderr };
    },
    proposed: (slug) =>
      eventually(`${slug} asks`, async () => {
        const names = await Array.fromAsync(Deno.readDir(folder(slug))).catch(() => []);
        const file = names.find(({ name }) => name.endsWith(".proposal.json"));
        if (file === undefined) return undefined;
        const parsed = parseProposal(await Deno.readTextFile(`${folder(slug)}/${file.name}`));
        assert.ok(parsed.ok);
        return parsed.value;
      }, { seconds: 100 }),
    respond: async ({ id, bottle_slug: slug }, answer) => {
      const path = `${folder(slug)}/${id}.response.json`;
      const text = JSON.stringify({ proposal_id: id, notes: "", final_file: "", ...answer });
      await Deno.writeTextFile(`${path}.tmp`, text, { mode: 0o600 });
      await Deno.rename(`${path}.tmp`, path);
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise((done) => {
        upstream.close(done);
        upstream.closeAllConnections();
      });
      await operator[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a held request of a bottle waits for its operator, whose yes or no it gets", async () => {
  await using arena = await setUp();
  const run = arena.start("asker", [`key=${FOUND}`, `again=${FOUND}`, `key=${OTHER}`]);
  run.catch(() => {}); // awaited below; until then something else may fail
  const first = await arena.proposed("asker");
  assert.deepEqual(arena.arrived, []);
  assert.ok(!JSON.stringify(first).includes(FOUND));
  // Long enough for the operator to be told, which happens once a second.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await arena.respond(first, { status: "approved" });
  const second = await eventually("the other value", async () => {
    const open = await arena.proposed("asker");
    return open.id === first.id ? undefined : open;
  });
  const { code } = await arena.operator.run(
    ["supervise", "reject", second.id, "--reason", "use the test account"],
  );
  assert.equal(code, 0);
  const { lines, stderr } = await run;
  assert.match(stderr, /asker waits for your answer: token_patterns: github-classic in body/);
  assert.match(stderr, new RegExp(`bot-bottle supervise show ${first.id.slice(0, 8)}`));
  assert.deepEqual(lines.slice(0, 2), ["200 arrived", "200 arrived"]);
  assert.match(lines[2] ?? "", /^403 .*secret_found.*use the test account/);
  assert.deepEqual(arena.arrived, [`key=${FOUND}`, `again=${FOUND}`]);
  assert.deepEqual([...Deno.readDirSync(`${arena.operator.home}/queue`)], []);
});

Deno.test("two bottles ask at once, each in a queue of its own that no bottle can reach", async () => {
  await using arena = await setUp();
  const runs = ["one", "two"].map((label) => arena.start(label, [`${label}=${FOUND}`]));
  for (const run of runs) run.catch(() => {});
  const [one, two] = await Promise.all([arena.proposed("one"), arena.proposed("two")]);
  assert.notEqual(one.id, two.id);
  const probe = await arena.operator.run(
    ["exec", "one", "--", "sh", "-c", "ls /run/bot-bottle; ls -R / 2>/dev/null | grep proposal"],
  );
  assert.doesNotMatch(probe.stdout, /queue|proposal/);
  await arena.respond(one, { status: "approved" });
  await arena.respond(two, { status: "rejected", notes: "not from there" });
  const [yes, no] = await Promise.all(runs);
  assert.deepEqual(yes?.lines, ["200 arrived"]);
  assert.match(no?.lines[0] ?? "", /^403 .*not from there/);
  assert.deepEqual(arena.arrived, [`one=${FOUND}`]);
});

Deno.test("the operator's time limit holds, and a launch that is killed leaves its queue to cleanup", async () => {
  await using arena = await setUp({ EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS: "1" });
  const { lines } = await arena.start("impatient", [FOUND]);
  assert.match(lines[0] ?? "", /^403 .*timed_out/);
  const queue = `${arena.operator.home}/queue/gone`;
  await Deno.mkdir(queue, { recursive: true, mode: 0o700 });
  await Deno.chmod(`${arena.operator.home}/queue`, 0o700);
  const dry = await arena.operator.run(["cleanup", "--dry-run"]);
  assert.match(dry.stdout, /queue +gone +folder/);
  assert.equal((await arena.operator.run(["cleanup", "--yes"])).code, 0);
  await assert.rejects(Deno.lstat(queue), Deno.errors.NotFound);
});
