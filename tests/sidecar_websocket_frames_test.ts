import assert from "node:assert/strict";
import fc from "fast-check";
import { WebSocketFault } from "../sidecar/egress/websocket/fault.ts";
import { type Agreed, limitExtensions, readAnswer } from "../sidecar/egress/websocket/extension.ts";
import { closeFault, closePayload, writeFrame } from "../sidecar/egress/websocket/frame.ts";
import { FrameReader, type Piece } from "../sidecar/egress/websocket/reader.ts";

const OPTIONS = { isMasked: true, mayCompress: false, partBytes: 1000, messageBytes: 100_000 };

function readAll(bytes: Uint8Array, cuts: readonly number[], options = OPTIONS): Piece[] {
  const reader = new FrameReader(options);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.flatMap((end, at) => [...reader.push(bytes.slice(ends[at - 1] ?? 0, end))]);
}

/** What readers of the pieces are told, whatever the pieces are. */
function told(pieces: readonly Piece[]): string[] {
  const list: string[] = [];
  let message = "";
  for (const piece of pieces) {
    const text = new TextDecoder("latin1").decode(piece.payload);
    if (piece.kind === "control") list.push(`control ${piece.opcode} ${text}`);
    else {
      message += text;
      if (!piece.isFinal) continue;
      list.push(`message ${piece.opcode} ${message}`);
      message = "";
    }
  }
  return list;
}

const message = fc.record({
  opcode: fc.constantFrom(1 as const, 2 as const),
  parts: fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 4 }),
  ping: fc.option(fc.uint8Array({ maxLength: 125 })),
});

Deno.test("frames read the same however they are cut, masked or not", () => {
  fc.assert(fc.property(
    fc.array(message, { maxLength: 4 }),
    fc.array(fc.nat(), { maxLength: 20 }),
    fc.boolean(),
    (messages, cuts, isMasked) => {
      const frames: Uint8Array[] = [];
      const expected: string[] = [];
      const latin1 = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
      for (const { opcode, parts, ping } of messages) {
        for (const [index, part] of parts.entries()) {
          const isFinal = index === parts.length - 1;
          frames.push(
            writeFrame({ opcode: index === 0 ? opcode : 0, isFinal }, part, { isMasked }),
          );
          if (ping === null || isFinal) continue;
          frames.push(writeFrame({ opcode: 9, isFinal: true }, ping, { isMasked }));
          expected.push(`control 9 ${latin1(ping)}`);
        }
        expected.push(`message ${opcode} ${parts.map(latin1).join("")}`);
      }
      const bytes = new Uint8Array(frames.flatMap((frame) => [...frame]));
      assert.deepEqual(told(readAll(bytes, cuts, { ...OPTIONS, isMasked })), expected);
    },
  ));
});

Deno.test("bytes of any kind are frames or a fault, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      fc.boolean(),
      (garbage, cuts, isMasked) => {
        try {
          const pieces = readAll(garbage, cuts, { ...OPTIONS, isMasked, mayCompress: true });
          assert.ok(pieces.every(({ payload }) => payload.length <= garbage.length));
        } catch (error) {
          assert.ok(error instanceof WebSocketFault, String(error));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const masked = (first: number, length: number): Uint8Array =>
  bytes(first, 128 | length, 0, 0, 0, 0, ...Array(length).fill(65));

const HOSTILE: Readonly<Record<string, [Uint8Array, number]>> = {
  "not masked": [bytes(0x81, 1, 65), 1002],
  "RSV1 without an agreement": [masked(0xc1, 1), 1002],
  "RSV2": [masked(0xa1, 1), 1002],
  "RSV3": [masked(0x91, 1), 1002],
  "a reserved data opcode": [masked(0x83, 1), 1002],
  "a reserved control opcode": [masked(0x8b, 1), 1002],
  "a continuation of nothing": [masked(0x80, 1), 1002],
  "a message within a message": [bytes(...masked(0x01, 1), ...masked(0x81, 1)), 1002],
  "a fragmented control frame": [masked(0x09, 1), 1002],
  "a control frame of 126 bytes": [bytes(0x89, 128 | 126, 0, 126, 0, 0, 0, 0), 1002],
  "a length in more bytes than it needs": [bytes(0x81, 128 | 126, 0, 5, 0, 0, 0, 0), 1002],
  "a long length in more bytes than it needs": [
    bytes(0x81, 128 | 127, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    1002,
  ],
  "a message beyond the bound": [bytes(0x81, 255, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0), 1009],
  "a length of 2^63": [bytes(0x81, 255, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1009],
  "a close frame of one byte": [masked(0x88, 1), 1002],
  "a close frame with a code that nobody may send": [
    bytes(0x88, 128 | 2, 0, 0, 0, 0, 3, 237),
    1002,
  ],
  "a close frame whose reason is no UTF-8": [
    bytes(0x88, 128 | 3, 0, 0, 0, 0, 3, 232, 255),
    1002,
  ],
};

for (const [what, [hostile, code]] of Object.entries(HOSTILE)) {
  Deno.test(`${what} is a fault, in one piece and byte by byte`, () => {
    for (const cuts of [[], [...hostile.keys()]]) {
      assert.throws(
        () => readAll(hostile, cuts),
        (error) => error instanceof WebSocketFault && error.code === code,
      );
    }
  });
}

Deno.test("a server's frame that is masked is a fault", () => {
  assert.throws(() => readAll(masked(0x81, 1), [], { ...OPTIONS, isMasked: false }));
});

Deno.test("a message in endless small parts is held to the bound of the whole", () => {
  const reader = new FrameReader({ ...OPTIONS, messageBytes: 50 });
  assert.throws(() => {
    for (let part = 0; part < 100; part++) {
      assert.ok([...reader.push(masked(part === 0 ? 1 : 0, 1))].length === 1);
    }
  }, /too long/);
});

Deno.test("a close frame's own words fit, and pass the check of what comes", () => {
  const payload = closePayload(1008, `${"long ".repeat(60)}\u00e9`);
  assert.ok(payload.length <= 125);
  assert.equal(closeFault(payload), undefined);
  assert.equal(closeFault(new Uint8Array(0)), undefined);
});

const HEADER = "Sec-WebSocket-Extensions";

function offered(...values: string[]): string | undefined {
  return limitExtensions(values.map((value) => [HEADER, value] as const))
    .map(([, value]) => value)[0];
}

Deno.test("no extension is offered but well-formed permessage-deflate", () => {
  assert.equal(offered(), undefined);
  assert.equal(offered("x-webkit-deflate-frame, bbf-usp-protocol"), undefined);
  assert.equal(
    offered("x-other, permessage-deflate; client_max_window_bits", "permessage-deflate"),
    "permessage-deflate; client_max_window_bits, permessage-deflate",
  );
  assert.equal(
    offered('Permessage-Deflate; server_max_window_bits="10"'),
    "permessage-deflate; server_max_window_bits=10",
  );
  for (const parameter of ["server_max_window_bits", "client_max_window_bits=16", "x=1"]) {
    assert.equal(offered(`permessage-deflate; ${parameter}`), undefined, parameter);
  }
  assert.equal(offered("permessage-deflate; x; x"), undefined);
});

function answered(offer: string, answer: string | undefined): Agreed | "none" | undefined {
  const of = (value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[HEADER, value]];
  return readAnswer(of(offer), of(answer));
}

Deno.test("an answer with an extension that was not offered so is refused", () => {
  const offer = "permessage-deflate; server_max_window_bits=10, permessage-deflate";
  assert.equal(answered(offer, undefined), "none");
  assert.deepEqual(answered("permessage-deflate; client_max_window_bits", "permessage-deflate"), {
    serverWindowBits: 15,
    clientWindowBits: 15,
    clientTakesOver: true,
    value: "permessage-deflate",
  });
  assert.equal(answered("", "permessage-deflate"), undefined);
  for (
    const answer of [
      "x-other",
      "permessage-deflate, permessage-deflate",
      "permessage-deflate; client_max_window_bits=10",
      "permessage-deflate; server_max_window_bits=7",
      "permessage-deflate; what",
    ]
  ) assert.equal(answered(offer, answer), undefined, answer);
  assert.equal(
    answered("permessage-deflate; server_no_context_takeover", "permessage-deflate"),
    undefined,
  );
});
