import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGitUrl } from "./git_url.ts";

function read(text: string): unknown {
  const parsed = parseGitUrl(text);
  if (!parsed.ok) return parsed.reason;
  const { user, host, port, path } = parsed.url;
  return [user, host, port, path];
}

Deno.test("both spellings of a git URL are read", () => {
  assert.deepEqual(read("ssh://git@Git.Example.com:2222/team/project.git"), [
    "git",
    "git.example.com",
    2222,
    "/team/project.git",
  ]);
  assert.deepEqual(read("ssh://git@example.com/~ada/x"), ["git", "example.com", 22, "/~ada/x"]);
  assert.deepEqual(read("git@example.com:team/project.git"), [
    "git",
    "example.com",
    22,
    "team/project.git",
  ]);
  assert.deepEqual(read("ssh://git@[::1]:22/x"), ["git", "::1", 22, "/x"]);
});

Deno.test("what git or ssh could misread is refused", () => {
  const refused = [
    "https://example.com/x.git",
    "/srv/x.git",
    "file:///srv/x.git",
    "ext::sh -c id",
    "ssh://example.com/x",
    "ssh://-oProxyCommand=id@example.com/x",
    "ssh://git@-oProxyCommand=id/x",
    "git@-oProxyCommand:x",
    "git@example.com:-upload-pack=id",
    "git@example.com:-x",
    "git@example.com:",
    "git@example.com:../x",
    "git@example.com:a b",
    "git@example.com:x;id",
    "git@example.com:x\nProxyCommand id",
    "git@example.com:x\r",
    "ssh://git@example.com:0/x",
    "ssh://git@example.com:65536/x",
    "ssh://git@example.com:/x",
    "ssh://git@example.com/",
    "ssh://git:secret@example.com/x",
    "ssh://git@exa mple.com/x",
    "",
  ];
  for (const text of refused) assert.equal(typeof read(text), "string", text);
});

Deno.test("no text makes the reader throw or lets a control character through", () => {
  const part = fc.constantFrom(
    "ssh://",
    "git@",
    "@",
    ":",
    "/",
    "[",
    "]",
    "-",
    "..",
    "22",
    "a",
    "\n",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (url) => {
      const parsed = parseGitUrl(url);
      if (!parsed.ok) return;
      const { user, host, path } = parsed.url;
      assert.match(`${user}${host}${path}`, /^[\x21-\x7e]+$/);
      assert.ok([user, host, path].every((each) => !each.startsWith("-")));
    }),
    { numRuns: 2000 },
  );
});
