/** One import of a module, whatever its syntax: static, type only, re-export or dynamic. */
export interface Import {
  /** As written; absent for a dynamic import that is computed. */
  readonly specifier?: string;
  readonly typeOnly: boolean;
}

/** A use of a name that only some files may use, e.g. `Deno.exit`. */
export interface Use {
  /** `Deno`, `console`, ..., with the member when one is named. */
  readonly name: string;
  readonly line: number;
}

/** A function longer than a screen. */
export interface FunctionSize {
  readonly name: string;
  readonly lines: number;
}

/** What the architecture rules need to know of a module. */
export interface Source {
  /** Relative to the repository's root, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly uses: readonly Use[];
  readonly functions: readonly FunctionSize[];
}

const WATCHED = new Set([
  "Deno",
  "console",
  "Date",
  "Math",
  "crypto",
  "performance",
  "process",
  "fetch",
  "setTimeout",
  "setInterval",
  "WebSocket",
]);

/** Reads a module with the linter's own parser, so comments and strings do not mislead. */
export function readSource(path: string, text: string): Source {
  const imports: Import[] = [];
  const uses: Use[] = [];
  const functions: FunctionSize[] = [];
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  const measure = (node: Deno.lint.Node & { id?: { name: string } | null }): void => {
    const lines = lineAt(node.range[1]) - lineAt(node.range[0]) + 1;
    functions.push({ name: node.id?.name ?? `line ${lineAt(node.range[0])}`, lines });
  };
  const visitor: Deno.lint.LintVisitor = {
    ImportDeclaration(node): void {
      imports.push({ specifier: node.source.value, typeOnly: node.importKind === "type" });
    },
    ExportAllDeclaration(node): void {
      imports.push({ specifier: node.source.value, typeOnly: node.exportKind === "type" });
    },
    ExportNamedDeclaration(node): void {
      if (!node.source) return;
      imports.push({ specifier: node.source.value, typeOnly: node.exportKind === "type" });
    },
    ImportExpression(node): void {
      const value = node.source.type === "Literal" ? node.source.value : undefined;
      imports.push(
        typeof value === "string" ? { specifier: value, typeOnly: false } : { typeOnly: false },
      );
    },
    TSImportType(node): void {
      const quoted = /^import\(\s*["']([^"']+)["']/.exec(text.slice(...node.range))?.[1];
      imports.push(
        quoted === undefined ? { typeOnly: true } : { specifier: quoted, typeOnly: true },
      );
    },
    Identifier(node): void {
      if (!WATCHED.has(node.name) || isOwnName(node)) return;
      uses.push({ name: memberText(text, node), line: lineAt(node.range[0]) });
    },
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  };
  Deno.lint.runPlugin(
    { name: "architecture", rules: { read: { create: () => visitor } } },
    path,
    text,
  );
  return { path, lines: text.split("\n").length - 1, imports, uses, functions };
}

/** Is the identifier a type, or a member's or a key's name (`plan.process`), not the global? */
function isOwnName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  if (parent.type === "TSTypeReference") return true;
  if (parent.type === "MemberExpression") return !parent.computed && parent.property === node;
  return parent.type === "Property" && parent.key === node && !parent.shorthand;
}

function memberText(text: string, node: Deno.lint.Identifier): string {
  const parent = node.parent;
  return parent.type === "MemberExpression" || parent.type === "NewExpression"
    ? text.slice(...parent.range).replaceAll(/\s+/g, " ")
    : node.name;
}
