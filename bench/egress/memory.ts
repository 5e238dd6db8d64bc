import { type Row, withoutAim } from "../row.ts";
import type { Lane, Side } from "./rig.ts";
import { Rig } from "./rig.ts";

const MIB = 1024 * 1024;
/** After the start, for what a process frees when it has nothing to do. */
const SETTLE_MS = 2_000;
const AIMS_MB = Object.freeze({ idle: 60, peak: 300 });

/** Megabytes of one process. */
interface Footprint {
  readonly idle: number;
  readonly down: number;
  readonly up: number;
}

/** Resident memory of fresh processes: at rest, and at most while 1 GiB goes each way. */
export async function memory(
  { bench, quick, signal }: {
    readonly bench: string;
    readonly quick: boolean;
    readonly signal: AbortSignal;
  },
): Promise<Row[]> {
  const found = new Map<Side, Footprint>();
  await using rig = await Rig.start(["ours", "mitmproxy"], signal);
  await new Promise((resolve) => setTimeout(resolve, quick ? 200 : SETTLE_MS));
  const bytes = quick ? 16 * MIB : 1024 * MIB;
  for (const lane of rig.lanes) {
    const idle = await resident(lane, "VmRSS");
    await rig.measure(lane, { kind: "download", bytes });
    const down = await resident(lane, "VmHWM");
    await rig.measure(lane, { kind: "upload", bytes });
    found.set(lane.side, { idle, down, up: await resident(lane, "VmHWM") });
  }
  const ours = found.get("ours");
  const peer = found.get("mitmproxy");
  if (ours === undefined) throw new Error("nothing of ours was measured");
  const row = (metric: string, key: keyof Footprint, most: number): Row => ({
    // Without a peer the row stands against its aim.
    ...withoutAim({ bench, metric, ours: ours[key], peer: peer?.[key] ?? most, unit: "MB" }),
    aim: `< ${most} MB`,
    met: ours[key] < most,
  });
  return [
    row("memory idle", "idle", AIMS_MB.idle),
    row("memory peak, 1 GiB down", "down", AIMS_MB.peak),
    row("memory peak, 1 GiB down and up", "up", AIMS_MB.peak),
  ];
}

async function resident(lane: Lane, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${lane.pid}/status`);
  const kib = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1];
  if (kib === undefined) throw new Error(`the memory of ${lane.side} is not known`);
  return Number(kib) * 1024 / 1_000_000;
}
