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

  /** The table as rows of cells, its head first: a column for each surface and size of pieces. */
  rows(): readonly (readonly string[])[] {
    return this.#rows(this.columns.map((column) => [column, [column]]));
  }

  /** The same in three columns. */
  summary(): readonly (readonly string[])[] {
    return this.#rows([
      ["in one piece", Object.keys(GROUPS)],
      ["in pieces", PIECES.map(pieceColumn)],
      [TOKENS, [TOKENS]],
    ]);
  }

  /** Each column is the sum of those that it names. */
  #rows(
    columns: readonly (readonly [heading: string, summed: readonly string[]])[],
  ): readonly (readonly string[])[] {
    const cell = (encoding: Encoding, summed: readonly string[]): string => {
      const counts = summed.map((column) => this.count(encoding, column));
      const sum = (of: keyof Count): number => counts.reduce((all, one) => all + one[of], 0);
      return sum("sent") === 0 ? "" : `${sum("caught")}/${sum("sent")}`;
    };
    return [
      ["written as", ...columns.map(([heading]) => heading)],
      ...ENCODINGS.map((encoding) => [
        encoding.isPromised ? encoding.name : `_${encoding.name}_`,
        ...columns.map(([, summed]) => cell(encoding, summed)),
      ]),
    ];
  }
}

/** The pages that show the corpus, and what each shows of it. */
export const PAGES: readonly (readonly [
  path: string,
  rows: (table: CorpusTable) => readonly (readonly string[])[],
])[] = Object.freeze([
  ["README.md", (table: CorpusTable) => table.summary()],
  ["docs/corpus.md", (table: CorpusTable) => table.rows()],
]);

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
export function withTable(page: string, rows: readonly (readonly string[])[]): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`Cannot place the table: no line ${START}`);
  return `${page.slice(0, start + START.length)}\n\n${toMarkdown(rows)}\n\n${page.slice(end)}`;
}

if (import.meta.main) {
  const table = measureCorpus();
  const pages = PAGES.map(([path, rows]) =>
    [new URL(`../../${path}`, import.meta.url), rows] as const
  );
  for (const [page, rows] of pages) {
    await Deno.writeTextFile(page, withTable(await Deno.readTextFile(page), rows(table)));
  }
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", ...pages.map(([page]) => fileURLToPath(page))],
  }).output();
  if (!success) throw new Error("Cannot format the pages");
}
