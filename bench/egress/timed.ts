import { atLeast, median, type Row, withoutAim } from "../row.ts";
import type { Load, Measured } from "./load.ts";
import type { Lane, Rig, Side } from "./rig.ts";

const MB = 1_000_000;

/** A load whose speed is compared. */
export interface Timed {
  /** For people, while it runs. */
  readonly title: string;
  readonly rounds: number;
  load(options: { readonly quick: boolean }): Load;
  /** Rows for one peer from the medians of both sides. */
  rows(ours: Measured, peer: Measured, names: { readonly bench: string; side: Side }): Row[];
}

/** How many times mitmproxy's rate ours has to be. */
interface RateAim {
  readonly title: string;
  readonly unit: string;
  readonly least?: number;
  /** Bytes in one of `unit`'s things; rates of transfers come in bytes. */
  readonly scale?: number;
}

function rateRow(
  { title, unit, least, scale = 1 }: RateAim,
  sides: { readonly bench: string; readonly side: Side; ours: Measured; peer: Measured },
): Row {
  const row = {
    bench: sides.bench,
    metric: `${title}, against ${sides.side}`,
    ours: sides.ours.rate / scale,
    peer: sides.peer.rate / scale,
    unit,
  };
  return least === undefined || sides.side !== "mitmproxy" ? withoutAim(row) : atLeast(least, row);
}

/** Requests on kept connections: the rate and how long one takes. */
function requests(
  aim: RateAim,
  load: Pick<Load & { kind: "requests" }, "path" | "bodyBytes">,
): Timed {
  return {
    title: aim.title,
    rounds: 5,
    load: ({ quick }) => ({ kind: "requests", ...load, connections: 16, ms: quick ? 150 : 1200 }),
    rows: (ours, peer, { bench, side }) => [
      rateRow(aim, { bench, side, ours, peer }),
      ...(["p50", "p99"] as const).map((quantile) =>
        withoutAim({
          bench,
          metric: `${aim.title}, ${quantile}, against ${side}`,
          ours: ours[quantile],
          peer: peer[quantile],
          unit: "ms",
        })
      ),
    ],
  };
}

function connections(aim: RateAim): Timed {
  return {
    title: aim.title,
    rounds: 5,
    load: ({ quick }) => ({ kind: "connections", connections: 8, ms: quick ? 150 : 1200 }),
    rows: (ours, peer, { bench, side }) => [rateRow(aim, { bench, side, ours, peer })],
  };
}

function transfer(aim: RateAim, kind: "download" | "upload"): Timed {
  return {
    title: aim.title,
    rounds: 3,
    load: ({ quick }) => ({ kind, bytes: (quick ? 5 : 200) * MB }),
    rows: (ours, peer, { bench, side }) => [rateRow(aim, { bench, side, ours, peer })],
  };
}

const firstStreamedByte: Timed = {
  title: "first streamed byte",
  rounds: 5,
  load: ({ quick }) => ({ kind: "first_byte", count: quick ? 5 : 40 }),
  rows: (ours, peer, { bench, side }) => {
    const row = withoutAim({
      bench,
      metric: `first streamed byte, against ${side}`,
      ours: ours.p50,
      peer: peer.p50,
      unit: "ms",
    });
    if (side !== "direct") return [row];
    return [{ ...row, aim: "<= 1.2 times and 2 ms", met: row.ours <= 1.2 * row.peer + 2 }];
  },
};

/** The timed parts by the names that they are run by. */
export const TIMED: Readonly<Record<string, Timed>> = {
  get: requests({ title: "GET 1 KiB", unit: "requests/s", least: 8 }, { path: "/small" }),
  post: requests({ title: "POST 64 KiB", unit: "requests/s", least: 4 }, {
    path: "/post",
    bodyBytes: 64 * 1024,
  }),
  connections: connections({ title: "new connections", unit: "connections/s", least: 7 }),
  download: transfer({ title: "download 200 MB", unit: "MB/s", least: 2, scale: MB }, "download"),
  upload: transfer({ title: "upload 200 MB", unit: "MB/s", scale: MB }, "upload"),
  stream: firstStreamedByte,
};

/** Measures every lane in turn, round after round, and compares the medians. */
export async function timedRows(
  rig: Rig,
  timed: Timed,
  options: { readonly bench: string; readonly quick: boolean },
): Promise<Row[]> {
  const load = timed.load(options);
  const results = new Map<Lane, Measured[]>(rig.lanes.map((lane) => [lane, []]));
  // What compiles or connects at its first use is no one's speed.
  for (const lane of rig.lanes) await rig.measure(lane, timed.load({ quick: true }));
  for (let round = 0; round < (options.quick ? 1 : timed.rounds); round++) {
    for (const [lane, measured] of results) measured.push(await rig.measure(lane, load));
  }
  const medians = new Map([...results].map(([lane, all]) => [lane.side, middle(all)]));
  const ours = medians.get("ours");
  if (ours === undefined) throw new Error("nothing of ours was measured");
  return [...medians].filter(([side]) => side !== "ours")
    .flatMap(([side, peer]) => timed.rows(ours, peer, { bench: options.bench, side }));
}

function middle(all: readonly Measured[]): Measured {
  return {
    rate: median(all.map((one) => one.rate)),
    p50: median(all.map((one) => one.p50)),
    p99: median(all.map((one) => one.p99)),
  };
}
