import { fileURLToPath } from "node:url";
import samplesOfTokens from "../../policy/dlp/tokens/samples.json" with { type: "json" };
import { type Encoding, ENCODINGS } from "./encodings.ts";
import { corpusScanner, isCaught, isTokenCaught, type Sample, samples } from "./matrix.ts";
import { type Split, SPLITS } from "./splits.ts";
import type { Surface } from "./surfaces.ts";

/** Samples of one cell. */
export interface Count {
  caught: number;
  sent: number;
}

/** Surfaces that stand in one column. */
const GROUPS: Readonly<Record<string, readonly Surface[]>> = Object.freeze({
  "host": ["host"],
  "path, query": ["path", "query"],
  "headers, trailers": ["header name", "header value", "trailer"],
  "bodies": ["JSON", "form", "multipart"],
  "compressed": ["gzip", "br", "zstd"],
  "streamed": ["streamed"],
  "WebSocket": ["WebSocket text", "WebSocket binary"],
});

const PIECES = SPLITS.filter((size) => size > 0);

/** What the scan saw of the whole corpus. */
export class CorpusTable {
  readonly #counts = new Map<string, Count>();
  readonly columns: readonly string[] = [
    ...Object.keys(GROUPS),
    ...PIECES.map(pieceColumn),
    TOKENS,
  ];

  add(encoding: Encoding, column: string, caught: boolean): void {
    const key = `${encoding.name}\n${column}`;
    const count = this.#counts.get(key) ?? { caught: 0, sent: 0 };
    this.#counts.set(key, count);
    count.sent++;
    if (caught) count.caught++;
  }

  /** Of one cell; nothing was sent where the surface cannot carry the encoding. */
  count(encoding: Encoding, column: string): Count {
    return this.#counts.get(`${encoding.name}\n${column}`) ?? { caught: 0, sent: 0 };
  }

  /** The table as rows of cells, its head first. */
  rows(): readonly (readonly string[])[] {
    const cell = ({ caught, sent }: Count): string => sent === 0 ? "" : `${caught}/${sent}`;
    return [
      ["written as", ...this.columns],
      ...ENCODINGS.map((encoding) => [
        encoding.isPromised ? encoding.name : `_${encoding.name}_`,
        ...this.columns.map((column) => cell(this.count(encoding, column))),
      ]),
    ];
  }
}

const TOKENS = "any token";

function pieceColumn(size: Split): string {
  return size === 1 ? "pieces of 1" : `of ${size}`;
}

function columnOf({ split, surface }: Sample): string {
  if (split > 0) return pieceColumn(split);
  const group = Object.entries(GROUPS).find(([, surfaces]) => surfaces.includes(surface));
  if (group === undefined) throw new Error(`Cannot place ${surface} in the table`);
  return group[0];
}

/** Scans the whole corpus; the counts are the same on every machine. */
export function measureCorpus(): CorpusTable {
  const table = new CorpusTable();
  const scanner = corpusScanner();
  for (const sample of samples()) {
    table.add(sample.encoding, columnOf(sample), isCaught(scanner, sample));
  }
  for (const [kind, { true: written }] of Object.entries(samplesOfTokens)) {
    const token = (written[0] ?? "").replaceAll("|", "");
    for (const encoding of ENCODINGS) {
      for (const form of encoding.forms(token)) {
        table.add(encoding, TOKENS, isTokenCaught(scanner, form, kind));
      }
    }
  }
  return table;
}

/** A Markdown table. */
export function toMarkdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${
      cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\\u", "\\\\u")).join(" | ")
    } |`;
  const rule = head.map((_, index) => index === 0 ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** The table as it stands in a page between its marks, each row as its cells; for comparison. */
export function tableIn(page: string): readonly (readonly string[])[] {
  const [, block = ""] = page.split(START);
  return (block.split(END)[0] ?? "").split("\n")
    .filter((line) => line.startsWith("|") && !/^[|\s:-]+$/.test(line))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

const START = "<!-- generated from the corpus: run `deno task corpora` -->";
const END = "<!-- end of the corpus -->";

/** The page with the table between its marks made anew. */
export function withTable(page: string, table: CorpusTable): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`Cannot place the table: no line ${START}`);
  return `${page.slice(0, start + START.length)}\n\n${toMarkdown(table.rows())}\n\n${
    page.slice(end)
  }`;
}

if (import.meta.main) {
  const page = new URL("../../README.md", import.meta.url);
  await Deno.writeTextFile(page, withTable(await Deno.readTextFile(page), measureCorpus()));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", fileURLToPath(page)],
  }).output();
  if (!success) throw new Error("Cannot format README.md");
}
