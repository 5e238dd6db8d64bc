import * as v from "valibot";
import { parseGitUrl } from "./git_url.ts";
import { parseHostKey } from "./host_key.ts";
import { because } from "./issue_text.ts";
import { isOneLine, LineSchema, TokenNameSchema } from "./names.ts";
import { tableNotes } from "./schema_walk.ts";

const IdentityPart = v.pipe(
  v.string(),
  v.check(isOneLine, because("has a line break or control character", "write it on one line")),
  v.regex(/^[^<>]*$/, because("has `<` or `>`", "git writes those around the address itself")),
  v.maxLength(200, because("is longer than 200 characters", "shorten it")),
);

/** Who commits are by; an empty text says nothing. */
export const GitUserSchema = v.strictObject({
  name: v.exactOptional(IdentityPart),
  email: v.exactOptional(IdentityPart),
});

const StaticKeySchema = v.strictObject({ provider: v.literal("static"), path: LineSchema });

const GiteaKeySchema = v.strictObject({
  provider: v.literal("gitea"),
  forge_token_env: TokenNameSchema,
  api_url: v.pipe(
    v.string(),
    v.check(
      isForgeUrl,
      because(
        "is not the address of a forge",
        "write https://host (http:// for loopback only), without user, query or fragment",
      ),
    ),
  ),
});

/** How git-gate gets the key that it reaches an upstream with. */
export const GitKeySchema = v.variant("provider", [StaticKeySchema, GiteaKeySchema]);

/** One upstream; fields may be left to a bottle that this one extends. */
export const GitRepoSchema = v.pipe(
  v.strictObject({
    url: v.exactOptional(v.pipe(
      v.string(),
      v.check(
        (text) => parseGitUrl(text).ok,
        (issue) => {
          const parsed = parseGitUrl(issue.input);
          return because(
            `is not a usable git URL: ${parsed.ok ? "" : parsed.reason}`,
            "write ssh://git@host:port/path or git@host:path",
          );
        },
      ),
    )),
    key: v.exactOptional(GitKeySchema),
    host_key: v.exactOptional(v.pipe(
      v.string(),
      v.check(
        (text) => parseHostKey(text).ok,
        (issue) => {
          const parsed = parseHostKey(issue.input);
          return because(
            `is not a usable host key: ${parsed.ok ? "" : parsed.reason}`,
            "write what `ssh-keyscan -t ed25519 HOST` prints after the host name",
          );
        },
      ),
    )),
  }),
  v.check(
    (repo) => Object.keys(repo).length > 0,
    because("says nothing", "give a url or key, or write `repos: {}` to drop all repositories"),
  ),
  tableNotes({
    moved: {
      identity_file: "write `key: { provider: static, path: FILE }`",
      known_hosts: "write the server's key as `host_key`",
      upstream: "write it as `url`",
    },
  }),
);

const RepoName = v.pipe(
  v.string(),
  v.regex(
    /^(?!\.+$)(?!-)[A-Za-z0-9._-]{1,100}$/,
    because("is not the name of a repository", "names have only A-Z, a-z, 0-9, `.`, `_` and `-`"),
  ),
);

/** `git-gate` of a bottle. */
export const GitGateSchema = v.strictObject({
  user: v.exactOptional(GitUserSchema),
  repos: v.exactOptional(v.record(RepoName, GitRepoSchema)),
});

/** `git-gate` of an agent. */
export const AgentGitGateSchema = v.pipe(
  v.strictObject({ user: v.exactOptional(GitUserSchema) }),
  tableNotes({ moved: { repos: "repositories belong to bottles: move this to the bottle" } }),
);

function isForgeUrl(text: string): boolean {
  const url = URL.canParse(text) && isOneLine(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "") return false;
  if (url.search !== "" || url.hash !== "" || text.includes("?")) return false;
  const isLoopback = /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback);
}
