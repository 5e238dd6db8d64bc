import assert from "node:assert/strict";
import { formatQueueFile, parseResponse, type Proposal } from "../policy/wire/proposal.ts";
import { Scene } from "./cli_transcript.ts";

const FIRST = "11111111-aaaa-4aaa-8aaa-111111111111";
const SECOND = "22222222-bbbb-4bbb-8bbb-222222222222";

function proposal(id: string, more: Partial<Proposal> = {}): Proposal {
  return {
    id,
    bottle_slug: "dev-abcde",
    tool: "egress-token-allow",
    proposed_file: "body: ...[masked]...\n",
    justification: "github-classic in the body of POST api.example.com/v1",
    arrival_timestamp: new Date(Date.now() - 65_000).toISOString(),
    current_file_hash: "0".repeat(64),
    ...more,
  };
}

async function sceneWith(...proposals: readonly Proposal[]): Promise<Scene> {
  return await Scene.create(Object.fromEntries(proposals.map((one) => [
    `queue/${one.bottle_slug}/${one.id}.proposal.json`,
    formatQueueFile(one),
  ])));
}

Deno.test("supervise list shows what waits, oldest first, and not what has an answer", async () => {
  const older = new Date(Date.now() - 7_200_000).toISOString();
  await using scene = await sceneWith(
    proposal(FIRST),
    proposal(SECOND, { bottle_slug: "ops-fghij", arrival_timestamp: older }),
  );
  const { code, stdout, stderr } = await scene.run(["supervise", "list"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const [heading, first, second] = stdout.split("\n");
  assert.match(heading ?? "", /^ID +AGE +BOTTLE +TOOL +WHAT$/);
  assert.match(first ?? "", /^22222222 +2h +ops-fghij +egress-token-allow +github-classic/);
  assert.match(second ?? "", /^11111111 +1m 5s +dev-abcde /);
  assert.equal((await scene.run(["supervise", "approve", "2222"])).code, 0);
  const left = JSON.parse((await scene.run(["supervise", "list", "--json"])).stdout);
  assert.deepEqual(left.map((one: Proposal) => one.id), [FIRST]);
});

Deno.test("supervise reject writes an answer with the reason, once", async () => {
  await using scene = await sceneWith(proposal(FIRST));
  const args = ["supervise", "reject", FIRST, "--reason", "use the test account"];
  assert.equal((await scene.run(args)).code, 0);
  const path = `${scene.home}/queue/dev-abcde/${FIRST}.response.json`;
  const response = parseResponse(await Deno.readTextFile(path), FIRST);
  assert.deepEqual(response, {
    ok: true,
    value: {
      proposal_id: FIRST,
      status: "rejected",
      notes: "use the test account",
      final_file: "",
    },
  });
  assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  const again = await scene.run(["supervise", "approve", FIRST]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /nothing waits under this id/);
});

Deno.test("supervise show keeps what a bottle wrote from acting on the terminal", async () => {
  const hostile = "\u001b]0;owned\u0007\u001b[2Jhidden\u202etxt\nsecond line";
  await using scene = await sceneWith(
    proposal(FIRST, { proposed_file: hostile, justification: hostile }),
  );
  const { code, stdout } = await scene.run(["supervise", "show", "1111"]);
  assert.equal(code, 0);
  assert.match(stdout, /^id +11111111-aaaa-4aaa-8aaa-111111111111$/m);
  assert.match(stdout, /^second line$/m);
  for (const acting of ["\u001b", "\u0007", "\u202e"]) assert.ok(!stdout.includes(acting));
});

Deno.test("supervise skips and reports what is no proposal, and goes on", async () => {
  await using scene = await sceneWith(
    proposal(FIRST),
    proposal(SECOND, { bottle_slug: "dev-abcde" }),
  );
  const folder = `${scene.home}/queue/dev-abcde`;
  await Deno.writeTextFile(`${folder}/${SECOND}.proposal.json`, "{}");
  await Deno.symlink("/etc/passwd", `${folder}/${SECOND.replace("2", "3")}.proposal.json`);
  await Deno.writeTextFile(
    `${folder}/${SECOND.replace("2", "4")}.proposal.json`,
    formatQueueFile(proposal(SECOND.replace("2", "4"), { bottle_slug: "other-abcde" })),
  );
  const { code, stdout, stderr } = await scene.run(["supervise", "list", "--json"]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout).map((one: Proposal) => one.id), [FIRST]);
  assert.match(stderr, /is not valid/);
  assert.match(stderr, /not a regular file/);
  assert.match(stderr, /speaks for another bottle/);
});

Deno.test("an answer that cannot be used leaves its question open, and gives way to one that can", async () => {
  await using scene = await sceneWith(proposal(FIRST));
  const path = `${scene.home}/queue/dev-abcde/${FIRST}.response.json`;
  await Deno.writeTextFile(path, `{"proposal_id":"${FIRST}","status":"yes"}`);
  const { stdout, stderr } = await scene.run(["supervise", "list", "--json"]);
  assert.deepEqual(JSON.parse(stdout).map((one: Proposal) => one.id), [FIRST]);
  assert.match(stderr, /skipped .*response\.json: status is not valid/);
  assert.equal((await scene.run(["supervise", "approve", FIRST])).code, 0);
  const answer = parseResponse(await Deno.readTextFile(path), FIRST);
  assert.equal(answer.ok && answer.value.status, "approved");
});

Deno.test("a file among the queues hides no bottle's questions", async () => {
  await using scene = await sceneWith(proposal(FIRST));
  await Deno.writeTextFile(`${scene.home}/queue/stray`, "");
  const { code, stdout, stderr } = await scene.run(["supervise", "list", "--json"]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout).map((one: Proposal) => one.id), [FIRST]);
  assert.match(stderr, /skipped .*stray: it is not a folder/);
});

Deno.test("an id that several questions begin with answers none of them", async () => {
  await using scene = await sceneWith(proposal(FIRST), proposal(FIRST.replace(/1$/, "2")));
  const { code, stderr } = await scene.run(["supervise", "approve", "1111"]);
  assert.equal(code, 2);
  assert.match(stderr, /several ids begin so/);
});
