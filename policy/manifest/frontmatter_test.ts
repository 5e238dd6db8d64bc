import assert from "node:assert/strict";
import { formatDiagnostic, ManifestError } from "./diagnostic.ts";
import { type Frontmatter, parseFrontmatter, placeOf } from "./frontmatter.ts";
import { MAX_MANIFEST_BYTES } from "./limits.ts";

function parse(text: string | Uint8Array): Frontmatter {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseFrontmatter("x.md", bytes);
}

/** The first line of each diagnostic. */
function problems(text: string | Uint8Array): readonly string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    for (const { hint } of error.diagnostics) assert.notEqual(hint, "");
    return error.diagnostics.map((each) => formatDiagnostic(each).split("\n")[0] ?? "");
  }
  return [];
}

Deno.test("a file is taken apart into keys and a body", () => {
  const { data, body } = parse("---\na: 1\nb: [x, true, null]\n---\n\n# Title\n\ntext\n\n");
  assert.deepEqual(JSON.parse(JSON.stringify(data)), { a: 1, b: ["x", true, null] });
  assert.equal(body, "# Title\n\ntext");
});

Deno.test("an empty frontmatter is an empty mapping", () => {
  for (const text of ["---\n---\n", "---\n---", "---\n\n---\nx", "---\n# only a comment\n---\n"]) {
    assert.deepEqual(Object.keys(parse(text).data), [], text);
  }
});

Deno.test("a byte order mark, CRLF line ends and blanks after a fence are taken", () => {
  const { data, body } = parse("\ufeff--- \r\na: 1\r\nb: 2\r\n---\t\r\none\r\ntwo\r\n");
  assert.deepEqual({ ...data }, { a: 1, b: 2 });
  assert.equal(body, "one\ntwo");
});

Deno.test("three dashes inside a value or further down in the body end nothing", () => {
  const { data, body } = parse("---\na: |\n  ---\n  x\nb: '---'\n---\none\n---\ntwo\n");
  assert.equal(data["a"], "---\nx\n");
  assert.equal(data["b"], "---");
  assert.equal(body, "one\n---\ntwo");
});

Deno.test("a missing fence is told at its place", () => {
  assert.deepEqual(problems(""), ["x.md:1:1: the file does not begin with a `---` line"]);
  assert.deepEqual(problems("# Title\n"), ["x.md:1:1: the file does not begin with a `---` line"]);
  assert.deepEqual(problems("\n---\n---\n"), [
    "x.md:1:1: the file does not begin with a `---` line",
  ]);
  assert.deepEqual(problems("---\na: 1\n"), [
    "x.md:1:1: the frontmatter that begins here has no end",
  ]);
  assert.deepEqual(problems("----\na: 1\n---\n").length, 1);
});

Deno.test("syntax errors name line and column in the file", () => {
  assert.deepEqual(problems("---\na: 1\nb:\n\tc: 1\n---\n"), ["x.md:4:1: a tab indents this line"]);
  assert.deepEqual(problems("---\na: b: c\n---\n"), [
    "x.md:2:4: a mapping stands where a value is expected",
  ]);
  assert.deepEqual(problems("---\n\na: 'x\n---\n"), [
    "x.md:3:6: a quote, bracket, comma or colon is missing",
  ]);
});

Deno.test("no syntax error repeats what the file holds", () => {
  const texts = ["a: @hunter2", "a: 'hunter2", "a: *hunter2", "a: !hunter2 x", 'a: "\\hunter2"'];
  for (const text of texts) {
    const told = problems(`---\n${text}\n---\n`);
    assert.equal(told.length, 1, text);
    assert.doesNotMatch(told.join(), /hunter/);
  }
});

Deno.test("what makes YAML more than plain data is refused, all of it at once", () => {
  const told = problems("---\na: &x 1\nb: *x\nc: !!str 1\nd: !foo {}\n---\n");
  assert.deepEqual(told, ["x.md:5:4: tags (`!name`) are not allowed"]);
  assert.deepEqual(problems("---\na: &x 1\nb: *x\nc: !!str 1\n---\n"), [
    "x.md:2:7: a: anchors (`&name`) are not allowed",
    "x.md:3:4: b: aliases (`*name`) are not allowed",
    "x.md:4:10: c: tags (`!name`) are not allowed",
  ]);
  assert.match(problems("---\n%YAML 1.1\na: yes\n---\n").join(), /directives/);
  assert.match(problems("---\na: 1\n...\nb: 2\n---\n").join(), /document early/);
  assert.match(problems("---\n? [a]\n: 1\n---\n").join(), /a key is not a plain text/);
  assert.match(problems("---\n&k a: 1\n---\n").join(), /anchor/);
  assert.match(problems("---\n: 1\n---\n").join(), /a key is empty/);
});

Deno.test("merge keys of YAML 1.1 are keys like any other", () => {
  assert.deepEqual({ ...parse("---\n<<: 1\n---\n").data }, { "<<": 1 });
});

Deno.test("scalars follow the YAML 1.2 core schema", () => {
  const { data } = parse(
    "---\na: yes\nb: on\nc: 012\nd: 0x10\ne: 2001-01-01\nf: ~\ng: True\n---\n",
  );
  assert.deepEqual({ ...data }, {
    a: "yes",
    b: "on",
    c: 12,
    d: 16,
    e: "2001-01-01",
    f: null,
    g: true,
  });
  assert.match(problems("---\na: .inf\nb: .nan\n---\n").join(), /not a finite number/);
});

Deno.test("a repeated key is told with the line of the first", () => {
  assert.deepEqual(problems("---\na: 1\nb:\n  c: 1\n  c: 2\na: 2\n---\n"), [
    "x.md:5:3: b.c: `c` is given twice, first on line 4",
    "x.md:6:1: a: `a` is given twice, first on line 2",
  ]);
});

Deno.test("keys that every JavaScript object has are refused", () => {
  const told = problems("---\n__proto__: {x: 1}\na: {constructor: 1}\nprototype: 1\n---\n");
  assert.equal(told.length, 3);
  assert.equal(Object.hasOwn(Object.prototype, "x"), false);
  const { data } = parse("---\ntoString: 1\nhasOwnProperty: 2\n---\n");
  assert.equal(Object.getPrototypeOf(data), null);
});

Deno.test("a frontmatter that is no mapping is refused", () => {
  assert.deepEqual(problems("---\n- a\n---\n"), ["x.md:2:1: the frontmatter is not a mapping"]);
  assert.deepEqual(problems("---\nabc\n---\n"), ["x.md:2:1: the frontmatter is not a mapping"]);
});

Deno.test("values that are nested too deeply are refused, however they are written", () => {
  const blocks = Array.from({ length: 100 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
  const deep = ["[".repeat(40), "- ".repeat(20_000), `a: ${"[".repeat(30_000)}`, blocks];
  for (const text of [...deep, `a: ${"[".repeat(40)}${"]".repeat(40)}`]) {
    assert.match(problems(`---\n${text}\n---\n`).join(), /nested too deeply|missing|indentation/);
  }
});

Deno.test("text that is not UTF-8 is refused", () => {
  const bytes = new Uint8Array([0x2d, 0x2d, 0x2d, 0x0a, 0xff, 0xfe, 0x0a]);
  assert.deepEqual(problems(bytes), ["x.md: the file is not UTF-8 text"]);
});

Deno.test("characters that hide or reorder text are refused in the frontmatter", () => {
  for (const char of ["\0", "\x1b", "\x7f", "\u0085", "\u202e", "\u2066", "\u200b", "\u2028"]) {
    const told = problems(`---\na: 1\nb: x${char}y\n---\n`);
    assert.equal(told.length, 1);
    assert.match(told.join(), /^x\.md:3:5: the character U\+[0-9A-F]+ is not allowed/);
  }
});

Deno.test("a file that is too large is refused before it is looked at", () => {
  assert.match(problems(new Uint8Array(MAX_MANIFEST_BYTES + 1)).join(), /more than 256 KiB/);
  const long = `---\na: ${"x".repeat(70_000)}\n---\n`;
  assert.match(problems(long).join(), /more than 65536 characters/);
  assert.equal(parse(`---\na: 1\n---\n${"x".repeat(200_000)}`).body.length, 200_000);
});

Deno.test("the place of a value that is missing is that of the nearest one above it", () => {
  const frontmatter = parse("---\na:\n  b:\n    - c: 1\n---\n");
  assert.deepEqual(placeOf(frontmatter, ["a", "b", 0, "c"]), {
    file: "x.md",
    line: 4,
    column: 7,
    keyPath: "a.b[0].c",
  });
  assert.equal(placeOf(frontmatter, ["a", "z", "y"]).line, 2);
  assert.equal(placeOf(frontmatter, []).line, 2);
});
