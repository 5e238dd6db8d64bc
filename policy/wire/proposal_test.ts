import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatQueueFile,
  idInFileName,
  parseNote,
  parseProposal,
  parseResponse,
  type Proposal,
  PROPOSAL_TOOLS,
  proposalFileName,
} from "./proposal.ts";

const ID = "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d";
const PROPOSAL: Proposal = {
  id: ID,
  bottle_slug: "dev-abcde",
  tool: "egress-token-allow",
  proposed_file: "{}",
  justification: "because",
  arrival_timestamp: "2026-01-02T03:04:05.678Z",
  current_file_hash: "0".repeat(64),
};

Deno.test("a proposal and an answer come back as they were written, in ASCII alone", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...PROPOSAL_TOOLS), (text, tool) => {
      const proposal = { ...PROPOSAL, tool, proposed_file: text, justification: text };
      const written = formatQueueFile(proposal);
      assert.match(written, /^[\n\x20-\x7e]*$/);
      assert.deepEqual(parseProposal(written), { ok: true, value: proposal });
      const response = {
        proposal_id: ID,
        status: "rejected" as const,
        notes: text,
        final_file: text,
      };
      const answer = parseResponse(formatQueueFile(response), ID);
      assert.deepEqual(answer, { ok: true, value: response });
    }),
  );
});

Deno.test("what is left out or null in an answer is empty", () => {
  const read = parseResponse(`{"proposal_id":"${ID}","status":"approved","notes":null}`, ID);
  assert.deepEqual(read, {
    ok: true,
    value: { proposal_id: ID, status: "approved", notes: "", final_file: "" },
  });
});

Deno.test("anything else is refused with a reason that repeats nothing of it", () => {
  const bad = [
    "",
    "null",
    "[]",
    "SECRET",
    JSON.stringify({ ...PROPOSAL, SECRET: 1 }),
    JSON.stringify({ ...PROPOSAL, id: "SECRET" }),
    JSON.stringify({ ...PROPOSAL, id: "../../SECRET" }),
    JSON.stringify({ ...PROPOSAL, tool: "SECRET" }),
    JSON.stringify({ ...PROPOSAL, current_file_hash: "SECRET" }),
    JSON.stringify({ ...PROPOSAL, arrival_timestamp: "SECRET" }),
    JSON.stringify({ ...PROPOSAL, proposed_file: "S".repeat(1024 * 1024 + 1) }),
  ];
  for (const text of bad) {
    const read = parseProposal(text);
    assert.ok(!read.ok, text.slice(0, 80));
    assert.ok(!read.reason.includes("SECRET"), read.reason);
    assert.ok(read.reason.length < 100);
  }
  assert.ok(!parseResponse(JSON.stringify({ proposal_id: ID, status: "yes" }), ID).ok);
  const other = { proposal_id: ID, status: "approved" };
  assert.ok(!parseResponse(JSON.stringify(other), ID.replace("0", "1")).ok);
  assert.ok(!parseNote(JSON.stringify({ proposal_id: ID, outcome: "approved", at: "now" })).ok);
});

Deno.test("a file's name tells its part and id, and nothing else passes for one", () => {
  assert.equal(idInFileName(proposalFileName(ID, "proposal"), "proposal"), ID);
  for (
    const name of [
      `${ID}.response.json`,
      `${ID}.proposal.json.tmp`,
      `.${ID}.proposal.json`,
      `x${ID}.proposal.json`,
      `${ID}.proposal.json\n`,
    ]
  ) {
    assert.equal(idInFileName(name, "proposal"), undefined, name);
  }
});
