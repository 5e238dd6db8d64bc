/** A fenced block of a Markdown file. */
export interface Block {
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Words after the fence: how the block is checked. */
  readonly tag: string;
  readonly text: string;
}

/** A link or a path in code style, as it is written. */
export interface Reference {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

const FENCE = /^(\s*)(`{3,})\s*(.*?)\s*$/;

/** Fenced blocks, at any indentation. A fence that is never closed runs to the end. */
export function blocksOf(file: string, text: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; tag: string; fence: string; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const [, , fence = "", rest = ""] = FENCE.exec(line) ?? [];
    if (!open && fence) {
      open = { line: index + 1, tag: rest, fence, lines: [] };
    } else if (open && fence.startsWith(open.fence) && rest === "") {
      blocks.push({ file, line: open.line, tag: open.tag, text: join(open.lines) });
      open = undefined;
    } else {
      open?.lines.push(line);
    }
  }
  if (open) blocks.push({ file, line: open.line, tag: open.tag, text: join(open.lines) });
  return blocks;
}

/** Targets of links outside fenced blocks. */
export function linksOf(file: string, text: string): Reference[] {
  return proseOf(text).flatMap(({ line, prose }) =>
    [...prose.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => ({ file, line, target }))
  );
}

/** Paths of test files in code style outside fenced blocks. */
export function testPathsOf(file: string, text: string): Reference[] {
  return proseOf(text).flatMap(({ line, prose }) =>
    [...prose.matchAll(/`((?:[a-z_]+\/)+[a-z0-9_]+_test\.ts)`/g)]
      .map(([, target = ""]) => ({ file, line, target }))
  );
}

/** Anchors that headings make, the way that code hosts make them. */
export function anchorsOf(text: string): string[] {
  return proseOf(text)
    .filter(({ prose }) => /^#{1,6} /.test(prose))
    .map(({ prose }) =>
      prose.replace(/^#+ /, "").toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-")
    );
}

function proseOf(text: string): { line: number; prose: string }[] {
  let fence = "";
  return text.split("\n").flatMap((prose, index) => {
    const [, , found = "", rest = ""] = FENCE.exec(prose) ?? [];
    const inside = fence !== "";
    if (!inside && found) fence = found;
    else if (inside && found.startsWith(fence) && rest === "") fence = "";
    return inside || found ? [] : [{ line: index + 1, prose }];
  });
}

function join(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
