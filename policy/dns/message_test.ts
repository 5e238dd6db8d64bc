import assert from "node:assert/strict";
import fc from "fast-check";
import { answerQuery, DNS_QUERY_MAX } from "./message.ts";

const ZONE = { names: ["sidecar", "_egress.local"], address: Uint8Array.of(10, 9, 8, 7) };

function query(labels: readonly string[], type: number, cls = 1): Uint8Array {
  const name = labels.flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  const header = [0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...header, ...name, 0, 0, type, 0, cls]);
}

function read(answer: Uint8Array | undefined): { rcode: number; answers: number; id: number } {
  assert.ok(answer);
  const view = new DataView(answer.buffer);
  return { id: view.getUint16(0), rcode: view.getUint16(2) & 15, answers: view.getUint16(6) };
}

Deno.test("a name of the zone has its address, in any case of letters", () => {
  const answer = answerQuery(query(["_EGRESS", "Local"], 1), ZONE);
  assert.deepEqual(read(answer), { id: 0xabcd, rcode: 0, answers: 1 });
  assert.deepEqual([...answer?.slice(-4) ?? []], [10, 9, 8, 7]);
});

Deno.test("a name of the zone has no other data", () => {
  assert.deepEqual(read(answerQuery(query(["sidecar"], 28), ZONE)), {
    id: 0xabcd,
    rcode: 0,
    answers: 0,
  });
});

Deno.test("every other name does not exist", () => {
  for (const labels of [["example", "com"], ["a", "sidecar"], ["sidecar", "a"], [], ["side.car"]]) {
    assert.equal(read(answerQuery(query(labels, 1), ZONE)).rcode, 3);
  }
});

Deno.test("responses and fragments get no answer", () => {
  const response = query(["sidecar"], 1);
  response[2] = 0x81;
  assert.equal(answerQuery(response, ZONE), undefined);
  assert.equal(answerQuery(new Uint8Array(11), ZONE), undefined);
  assert.equal(answerQuery(new Uint8Array(DNS_QUERY_MAX + 1), ZONE), undefined);
});

Deno.test("a compressed name in a query is a format error", () => {
  const packet = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]);
  assert.equal(read(answerQuery(packet, ZONE)).rcode, 1);
});

Deno.test("no bytes crash it, and no answer is much longer than its query", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const answer = answerQuery(bytes, ZONE);
      assert.ok(answer === undefined || answer.length <= bytes.length + 16);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("only names of the zone are ever answered with an address", () => {
  const label = fc.stringMatching(/^[ -~]{1,63}$/);
  fc.assert(fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
    const packet = query(labels, 1);
    fc.pre(packet.length <= 255);
    const isOwn = labels.every((one) => !one.includes(".")) &&
      ZONE.names.includes(labels.join(".").toLowerCase());
    assert.equal(read(answerQuery(packet, ZONE)).answers, isOwn ? 1 : 0);
  }));
});
