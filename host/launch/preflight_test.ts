import assert from "node:assert/strict";
import { DEFAULT_DLP } from "../../policy/egress/route.ts";
import { parseAgent } from "../../policy/manifest/agent.ts";
import { parseBottle } from "../../policy/manifest/bottle.ts";
import { resolveManifest } from "../../policy/manifest/merge.ts";
import { preflightRows } from "./preflight.ts";

function encode(frontmatter: object): Uint8Array {
  return new TextEncoder().encode(`---\n${JSON.stringify(frontmatter)}\n---\n`);
}

Deno.test("the preflight names everything that is given, and no value of the environment", () => {
  const agent = parseAgent(
    { name: "a", file: "a.md" },
    encode({ bottle: "b", skills: ["notes"], "git-gate": { user: { name: "Bot" } } }),
  );
  const bottle = parseBottle(
    { name: "b", file: "b.md" },
    encode({
      env: { EDITOR: "vi-value", PIN: "?Enter the PIN" },
      "git-gate": {
        user: { email: "ada@example.com" },
        repos: {
          project: {
            url: "ssh://git@git.example.com:2222/team/project.git",
            key: { provider: "static", path: "~/.ssh/deploy" },
          },
        },
      },
    }),
  );
  const manifest = resolveManifest({ agent, selected: [], bottles: new Map([["b", bottle]]) });
  const route = { matches: [], gitFetch: false, allowPrivate: false, dlp: DEFAULT_DLP };
  const rows = preflightRows({
    identity: { slug: "a-abcde", agent: "a", bottles: ["b"], provider: "claude" },
    manifest,
    image: "claude",
    backend: "docker: the strongest available",
    workspace: "empty",
    routes: [
      { ...route, host: "api.example.com", auth: { scheme: "Bearer", tokenEnv: "T" } },
      {
        ...route,
        host: "b.example",
        port: 8443,
        matches: [{ methods: ["GET"] }],
        allowPrivate: true,
      },
      { ...route, host: "c.example", dlp: { ...DEFAULT_DLP, outboundOnMatch: "block" } },
      { ...route, host: "d.example", dlp: { ...DEFAULT_DLP, outboundDetectors: [] } },
      {
        ...route,
        host: "e.example",
        dlp: { ...DEFAULT_DLP, outboundDetectors: [], inboundDetectors: [] },
      },
    ],
    notes: ["one", "two"],
  });
  assert.deepEqual(rows, [
    ["agent", "a (a-abcde)"],
    ["provider", "claude, image claude"],
    ["backend", "docker: the strongest available"],
    ["bottles", "b"],
    ["env", "EDITOR, PIN"],
    ["skills", "notes"],
    ["workspace", "empty"],
    ["git identity", "Bot (from agent a), ada@example.com (from bottle b)"],
    ["git gate", "project \u2192 git.example.com:2222"],
    ["egress", "api.example.com [auth:Bearer] [dlp]"],
    ["", "b.example:8443 [matches] [private] [dlp]"],
    ["", "c.example [dlp] [on-match:block]"],
    ["", "d.example [dlp:inbound]"],
    ["", "e.example"],
    ["note", "one"],
    ["", "two"],
  ]);
});
