import type { BenchContext } from "../context.ts";
import type { Outcome, Skip } from "../row.ts";
import { Interrupt } from "./interrupt.ts";
import { memory } from "./memory.ts";
import { findMitmproxy, MITMPROXY_HINT } from "./mitmproxy.ts";
import { hasNode, NPM_PROXY_HINT } from "./npm_proxy.ts";
import { Rig } from "./rig.ts";
import { TIMED, timedRows } from "./timed.ts";

const BENCH = "egress";

/** What can be run by itself. */
export const PARTS: readonly string[] = [...Object.keys(TIMED), "memory", "scan"];

/** The proxy against mitmproxy with the same checks, against no proxy, and against an npm one. */
export async function* run(context: BenchContext): AsyncGenerator<Outcome> {
  using interrupt = new Interrupt();
  try {
    yield* measure(context, interrupt.signal);
  } catch (error) {
    // A terminal interrupts the processes as well, and they may be gone first.
    await new Promise((resolve) => setTimeout(resolve, 50));
    interrupt.signal.throwIfAborted();
    throw error;
  }
}

async function* measure(context: BenchContext, signal: AbortSignal): AsyncGenerator<Outcome> {
  const { parts, quick, progress } = context;
  const wanted = PARTS.filter((part) => parts.length === 0 || parts.includes(part));
  if (wanted.includes("memory")) {
    progress("memory");
    yield* await memory({ bench: BENCH, quick, signal });
  }
  const timed = wanted.map((part) => TIMED[part]).filter((one) => one !== undefined);
  if (timed.length > 0) {
    progress("starting the origin, the proxies and the client");
    await using rig = await Rig.start(["ours", "mitmproxy", "http-mitm-proxy", "direct"], signal);
    for (const one of timed) {
      progress(one.title);
      yield* await timedRows(rig, one, { bench: BENCH, quick });
    }
  }
  if (wanted.includes("scan")) {
    progress("scan");
    yield* await (await import("../scan.ts")).run();
  }
  yield* await missingPeers(wanted.filter((part) => part !== "scan"));
}

/** What was not measured, since it is not installed. */
async function missingPeers(parts: readonly string[]): Promise<Skip[]> {
  const skip = (part: string, peer: string, reason: string): Skip => ({
    bench: BENCH,
    skipped: `${part} against ${peer}`,
    reason,
  });
  const timed = parts.filter((part) => part in TIMED);
  return [
    ...await findMitmproxy() === undefined
      ? parts.map((part) => skip(part, "mitmproxy", MITMPROXY_HINT))
      : [],
    ...await hasNode() ? [] : timed.map((part) => skip(part, "http-mitm-proxy", NPM_PROXY_HINT)),
  ];
}
