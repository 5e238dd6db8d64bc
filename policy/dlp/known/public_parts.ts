/**
 * Which parts of a secret anybody may know: a token format's prefix, a JWT's header, the framing of
 * PEM. Text that holds only these must not alarm.
 */
export function markPublic(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  const marks = new Uint8Array(bytes.length);
  for (const [start, end] of publicRanges(value)) {
    const from = byteLength(value.slice(0, start));
    marks.fill(1, from, from + byteLength(value.slice(start, end)));
  }
  return marks;
}

type Range = readonly [start: number, end: number];

/**
 * Prefixes of token formats, as their issuers document them, and a general one: up to three words
 * with a sign behind each, in front of a long rest.
 */
const PREFIXES: readonly RegExp[] = [
  /^(?:Bearer|Basic|Token) +/i,
  /^github_pat_11A/,
  /^sk-ant-[a-z]{3}\d\d-/,
  /^pypi-AgEIcHlwaS5vcmc/,
  /^(?:AKIA|ASIA|AIza|dapi|eyJ)/,
  /^(?:[A-Za-z]{1,12}\d{0,2}[-_.:=]){1,3}(?=(?:[^A-Za-z0-9]*[A-Za-z0-9]){20})/,
];

function publicRanges(value: string): Range[] {
  const ranges: Range[] = [];
  for (const prefix of PREFIXES) {
    const match = prefix.exec(value);
    if (match !== null) ranges.push([0, match[0].length]);
  }
  const jwt = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.(?=[A-Za-z0-9_-]+\.)/g;
  for (const match of value.matchAll(jwt)) {
    ranges.push([match.index, match.index + match[0].length]);
  }
  for (const match of value.matchAll(/-----(?:BEGIN|END) [A-Z0-9 ]+-----/g)) {
    ranges.push([match.index, match.index + match[0].length]);
  }
  return ranges;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
