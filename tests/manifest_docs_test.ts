import assert from "node:assert/strict";
import { parseAgent } from "../policy/manifest/agent.ts";
import { parseBottle } from "../policy/manifest/bottle.ts";
import type { ManifestKind } from "../policy/manifest/json_schema.ts";
import { keyTable } from "../policy/manifest/reference.ts";

const DOCUMENT = new URL("../docs/manifest.md", import.meta.url);

/**
 * `WRITE_DOCS=1 deno test -A tests/manifest_docs_test.ts && deno fmt docs/manifest.md` writes the
 * tables instead of comparing them.
 */
const REWRITE = Deno.env.get("WRITE_DOCS") === "1";

function withTable(text: string, kind: ManifestKind): string {
  const article = kind === "bottle" ? "a" : "an";
  const start = `<!-- keys of ${article} ${kind} -->\n`;
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf("<!-- end -->", from);
  assert.ok(from >= start.length && to >= from, `docs/manifest.md has no table of ${kind} keys`);
  return `${text.slice(0, from)}\n${keyTable(kind)}\n\n${text.slice(to)}`;
}

/** The text without what the formatter adds to align the columns of a table. */
function bare(text: string): string {
  return text.replace(/ +\|/g, " |").replace(/\| -+(?= \|)/g, "|---").replace(/--- \|/g, "---|");
}

Deno.test("the tables of keys are those of the schemas", async () => {
  const text = await Deno.readTextFile(DOCUMENT);
  const current = withTable(withTable(text, "bottle"), "agent");
  if (REWRITE) await Deno.writeTextFile(DOCUMENT, current);
  else assert.equal(bare(text), bare(current), "write the tables anew, see WRITE_DOCS");
});

Deno.test("every example in the reference is a manifest that is accepted", async () => {
  const text = await Deno.readTextFile(DOCUMENT);
  const examples = [...text.matchAll(/^```yaml (bottle|agent)\n(.*?)^```$/gms)];
  assert.equal(examples.length, 4);
  for (const [, kind, yaml] of examples) {
    const bytes = new TextEncoder().encode(`---\n${yaml}---\n`);
    const parse = kind === "bottle" ? parseBottle : parseAgent;
    parse({ name: "example", file: "docs/manifest.md" }, bytes);
  }
});
