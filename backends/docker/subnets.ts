/** An IPv4 range: its first address as a number and the length of its prefix. */
export interface Range {
  readonly base: number;
  readonly bits: number;
}

/** The two ranges of a bottle and the addresses in use there. */
export interface Subnets {
  readonly internal: string;
  /** The host's end of the internal network, which must never answer. */
  readonly gateway: string;
  /** The sidecar's address towards the bottle. */
  readonly sidecar: string;
  readonly agent: string;
  readonly egress: string;
}

/**
 * Ranges that bottles live in, tried in order. The engine's own pool would end at about thirty
 * networks; a bottle needs two of eight addresses, so each range has room for thousands. The last
 * one is set aside for benchmarks (RFC 2544) and in use by no network.
 */
const POOLS: readonly Range[] = Object.freeze([
  { base: ipv4(10, 213, 0, 0), bits: 16 },
  { base: ipv4(172, 30, 0, 0), bits: 16 },
  { base: ipv4(192, 168, 208, 0), bits: 20 },
  { base: ipv4(198, 19, 0, 0), bits: 16 },
]);

const BLOCK_BITS = 28;
const ATTEMPTS_PER_POOL = 32;

/** Picks a block of sixteen addresses that overlaps none of `taken`; undefined when all is taken. */
export function pickSubnets(
  taken: readonly Range[],
  random: (below: number) => number,
): Subnets | undefined {
  for (const pool of POOLS) {
    const blocks = 2 ** (BLOCK_BITS - pool.bits);
    for (let attempt = 0; attempt < ATTEMPTS_PER_POOL; attempt++) {
      const block: Range = { base: pool.base + random(blocks) * 16, bits: BLOCK_BITS };
      if (!taken.some((range) => overlaps(range, block))) return subnetsOf(block.base);
    }
  }
  return undefined;
}

function subnetsOf(base: number): Subnets {
  return {
    internal: `${formatAddress(base)}/29`,
    gateway: formatAddress(base + 1),
    sidecar: formatAddress(base + 2),
    agent: formatAddress(base + 3),
    egress: `${formatAddress(base + 8)}/29`,
  };
}

/** Ranges that this machine has routes to, from the kernel's table; empty where it has none. */
export async function hostRoutes(path = "/proc/net/route"): Promise<Range[]> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split("\n").slice(1).flatMap((line) => {
    const [, destination, , , , , , mask] = line.split("\t");
    if (destination === undefined || mask === undefined) return [];
    const bits = popcount(littleEndian(mask));
    return bits === 0 ? [] : [{ base: littleEndian(destination), bits }];
  });
}

/** A range written as `a.b.c.d/n`; undefined for anything else. */
export function parseRange(text: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  return { base: ipv4(a, b, c, d), bits };
}

function overlaps(left: Range, right: Range): boolean {
  const size = 2 ** (32 - Math.min(left.bits, right.bits));
  return Math.floor(left.base / size) === Math.floor(right.base / size);
}

function ipv4(a: number, b: number, c: number, d: number): number {
  return ((a * 256 + b) * 256 + c) * 256 + d;
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** The kernel prints addresses as they lie in memory; all machines that matter are little-endian. */
function littleEndian(hex: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
  return ipv4(d, c, b, a);
}

function popcount(value: number): number {
  return value.toString(2).replaceAll("0", "").length;
}
