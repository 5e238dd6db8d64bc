const encoder = new TextEncoder();

const PROSE = [
  "The service reads its settings once, checks them, and listens. A request that no rule allows is",
  "answered with the reason and a hint. export function parse(text: string): Result { return read",
  '(lex(text)); }  // see README.md, section 3.2\\n{\\"role\\": \\"user\\", \\"content\\": \\"Please',
  " explain why the build of 2026-03-14 failed on commit 9fceb02d0ae598e95dc970b74767f19372d61af8,",
  'and propose a change with a test. The log is attached below; line 1432 looks odd to me.\\"} ',
].join(" ");

/** JSON of exactly `length` bytes such as agents send: prose, source code, hashes; no secret. */
export function jsonBody(length: number): Uint8Array {
  const [start, end] = ['{"messages":[{"role":"user","content":"', '"}]}'];
  const room = length - start.length - end.length;
  const text = PROSE.repeat(Math.ceil(room / PROSE.length)).slice(0, room).replace(/\\$/, ".");
  return encoder.encode(start + text + end);
}

/** Bytes as of an archive: the same ones in each run, and no text. */
export function binaryBody(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = 0x9e3779b9;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer).subarray(0, length);
}
