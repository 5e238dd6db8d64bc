import { clip, displayWidth, pad } from "./width.ts";

const GAP = "  ";
const NARROWEST = 8;

/** Rows under a heading, with columns aligned. Cells must be safe to show already. */
export interface Table {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * The lines of a table. With a width, the widest columns are cut until a line fits, though no
 * column under 8 cells; without one (not a terminal) nothing is cut.
 */
export function formatTable({ heading, rows }: Table, width?: number): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) =>
    Math.max(...all.map((row) => displayWidth(row[column] ?? "")))
  );
  if (width !== undefined) shrink(widths, width);
  return all.map((row) =>
    widths.map((cells, column) => pad(clip(row[column] ?? "", cells), cells)).join(GAP).trimEnd()
  );
}

function shrink(widths: number[], available: number): void {
  const gaps = GAP.length * (widths.length - 1);
  let excess = widths.reduce((sum, cells) => sum + cells, gaps) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const cells = widths[widest] ?? 0;
    if (cells <= NARROWEST) return;
    widths[widest] = cells - 1;
    excess--;
  }
}
