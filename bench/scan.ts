import { Buffer } from "node:buffer";
import process from "node:process";
import { createOutboundScanner } from "../policy/dlp/scanner.ts";
import type { OutboundScanner, ScanRequest } from "../policy/dlp/scan.ts";
import { Secret } from "../policy/secret.ts";
import { inflate } from "../sidecar/egress/inflate.ts";
import type { Row } from "./row.ts";
import { CLEAN, HOSTILE } from "./scan_bodies.ts";

const MIB = 1024 * 1024;
const ROUNDS = 15;
/** Milliseconds of scanning before it is measured, so that the compiler is done. */
const WARM_UP = 400;
const LEAST_CLEAN = 150;
const LEAST_HOSTILE = 20;
const MOST_HEAD = 5;

const REQUEST: ScanRequest = {
  detectors: ["token_patterns", "known_secrets"],
  isSafe: () => false,
};

/** How fast bodies of 1 MiB are scanned on one core with the detectors that are on by default. */
export function run(): Promise<Row[]> {
  const scanner = createOutboundScanner({ secrets: secrets(), inflate });
  const peer = copySpeed();
  const rows = [
    ...Object.entries(CLEAN).map(([name, make]) =>
      speed(scanner, { name, body: make(MIB), least: LEAST_CLEAN, peer })
    ),
    ...Object.entries(HOSTILE).map(([name, make]) =>
      speed(scanner, { name: `hostile ${name}`, body: make(MIB), least: LEAST_HOSTILE, peer })
    ),
    head(scanner),
  ];
  return Promise.resolve(rows);
}

function secrets(): ReadonlyMap<string, Secret> {
  const random = (): string => crypto.getRandomValues(new Uint8Array(30)).toBase64();
  return new Map(
    Array.from({ length: 10 }, (_, n) => [`EGRESS_TOKEN_${n}`, new Secret(random())]),
  );
}

/** Milliseconds of this process on a core, whatever else the machine does. */
function onCore(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The fastest of some rounds: what else runs on the machine can only add to it. */
function fastest(work: () => unknown): number {
  for (let spent = 0; spent < WARM_UP;) spent += onCore(work);
  return Math.min(...Array.from({ length: ROUNDS }, () => onCore(work)));
}

/** MB/s at which the machine copies and sums bytes: what any look at each byte costs here. */
function copySpeed(): number {
  const bytes = new Uint8Array(MIB).fill(7);
  const work = (): number => {
    let sum = 0;
    for (let at = 0; at < bytes.length; at++) sum = (sum + (bytes[at] as number)) | 0;
    return sum;
  };
  return MIB / 1000 / fastest(work);
}

interface Measured {
  readonly name: string;
  readonly body: Uint8Array;
  /** MB/s that are aimed at. */
  readonly least: number;
  readonly peer: number;
}

function speed(scanner: OutboundScanner, { name, body, least, peer }: Measured): Row {
  const ours = body.length / 1000 / fastest(() => scanner.scan(body, REQUEST));
  return {
    bench: "scan",
    metric: `${name}, against summing its bytes`,
    ours,
    peer,
    value: ours / peer,
    unit: "MB/s",
    aim: `>= ${least} MB/s`,
    met: ours >= least,
  };
}

/** A request's head: what each of many small requests pays. */
function head(scanner: OutboundScanner): Row {
  const line = "accept: application/json\r\nuser-agent: agent/2.0.1 (external, cli)\r\n";
  const bytes = new Uint8Array(Buffer.from(line.repeat(8)).subarray(0, 500));
  const many = 10_000;
  const work = (): void => {
    for (let n = 0; n < many; n++) scanner.scan(bytes, REQUEST);
  };
  const ours = fastest(work) * 1000 / many;
  return {
    bench: "scan",
    metric: "a request's head of 500 bytes, against the aim",
    ours,
    peer: MOST_HEAD,
    value: ours / MOST_HEAD,
    unit: "us",
    aim: `<= ${MOST_HEAD} us`,
    met: ours <= MOST_HEAD,
  };
}
