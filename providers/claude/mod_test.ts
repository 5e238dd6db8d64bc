import assert from "node:assert/strict";
import { COLORS } from "../../policy/plan.ts";
import type { ProviderContext, Provisioning } from "../provider.ts";
import claude from "./mod.ts";

const context: ProviderContext = {
  settings: { "startup_args": [] },
  forwardHostCredentials: false,
  workdir: "/home/node/workspace",
  prompt: "",
  resume: false,
  remoteControl: false,
};

function provision(changes: Partial<ProviderContext> = {}): Provisioning {
  return claude.provision({ ...context, ...changes });
}

function fileOf({ files }: Provisioning, path: string): string | undefined {
  const file = files.find((each) => each.path === path);
  return file === undefined ? undefined : String(file.content);
}

function jsonOf(provisioning: Provisioning, path: string): Record<string, unknown> {
  return JSON.parse(fileOf(provisioning, path) ?? "null");
}

Deno.test("claude starts without asking, and interactively when there is no prompt for it", () => {
  assert.deepEqual(provision().argv, ["claude", "--dangerously-skip-permissions"]);
});

Deno.test("claude's arguments have their order: resume, prompt file, own ones, headless prompt", () => {
  const { argv } = provision({
    settings: { "startup_args": ["--model", "opus"] },
    prompt: "Be brief.",
    label: "two words",
    resume: true,
    remoteControl: true,
    headlessPrompt: "--help",
  });
  assert.deepEqual(argv, [
    "claude",
    "--dangerously-skip-permissions",
    "--continue",
    "--append-system-prompt-file",
    "/home/node/.claude/bot-bottle/prompt.md",
    "--remote-control=two words",
    "--model",
    "opus",
    "-p",
    "--",
    "--help",
  ]);
});

Deno.test("claude always has a route to its API, which carries the token when one is named", () => {
  const [without] = provision().routes;
  assert.equal(without?.host, "api.anthropic.com");
  assert.equal(without?.auth, undefined);
  const [withToken] = provision({ authTokenEnv: "MY_TOKEN" }).routes;
  assert.deepEqual(withToken?.auth, { scheme: "Bearer", tokenEnv: "MY_TOKEN" });
  assert.equal(withToken?.allowPrivate, false);
});

Deno.test("claude sees a placeholder when a token is named, and no name of it either", () => {
  assert.equal(provision().env["CLAUDE_CODE_OAUTH_TOKEN"], undefined);
  const provisioning = provision({ authTokenEnv: "MY_TOKEN" });
  assert.equal(provisioning.env["CLAUDE_CODE_OAUTH_TOKEN"], "egress-placeholder");
  const { env, files, setup, argv } = provisioning;
  assert.ok(!JSON.stringify({ env, files, setup, argv }).includes("MY_TOKEN"));
});

Deno.test("claude without a token says so before it starts", () => {
  assert.match(provision().notes?.join() ?? "", /auth_token/);
  assert.deepEqual(provision({ authTokenEnv: "MY_TOKEN" }).notes, []);
});

Deno.test("claude sends no telemetry, and asks for no updates and no plugins", () => {
  const { env } = provision();
  assert.equal(env["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"], "1");
  assert.equal(env["DISABLE_ERROR_REPORTING"], "1");
  assert.equal(env["DISABLE_AUTOUPDATER"], "1");
});

Deno.test("claude's home and working directory are trusted and its questions answered", () => {
  const state = jsonOf(provision({ workdir: "/home/node/w" }), "/home/node/.claude.json");
  assert.equal(state["hasCompletedOnboarding"], true);
  const projects = state["projects"] as Record<string, Record<string, unknown>>;
  assert.deepEqual(Object.keys(projects), ["/home/node", "/home/node/w"]);
  for (const answers of Object.values(projects)) {
    assert.equal(answers["hasTrustDialogAccepted"], true);
    assert.equal(answers["hasClaudeMdExternalIncludesApproved"], false);
  }
  assert.equal(state["mcpServers"], undefined);
});

Deno.test("the supervise server is registered when there is one", () => {
  const url = "http://sidecar:9100/mcp";
  const state = jsonOf(provision({ superviseUrl: url }), "/home/node/.claude.json");
  assert.deepEqual(state["mcpServers"], { supervise: { type: "http", url } });
});

Deno.test("a label becomes the status line, as data that no shell reads", () => {
  const provisioning = provision({ label: "bot $(id) `id`\x1b[2J\n" });
  const settings = jsonOf(provisioning, "/home/node/.claude/settings.json");
  assert.deepEqual(settings["statusLine"], {
    type: "command",
    command: "cat /home/node/.claude/bot-bottle/status-line",
    padding: 0,
  });
  const line = fileOf(provisioning, "/home/node/.claude/bot-bottle/status-line");
  assert.equal(line, "bot $(id) `id` [2J \n");
  assert.equal(settings["theme"], undefined);
});

Deno.test("a colour becomes a theme and colours the status line", () => {
  for (const color of COLORS) {
    const provisioning = provision({ label: "bot", color });
    const settings = jsonOf(provisioning, "/home/node/.claude/settings.json");
    assert.equal(settings["theme"], "custom:bot-bottle");
    const theme = jsonOf(provisioning, "/home/node/.claude/themes/bot-bottle.json");
    assert.equal(theme["base"], "dark");
    const line = fileOf(provisioning, "/home/node/.claude/bot-bottle/status-line") ?? "";
    // deno-lint-ignore no-control-regex -- the escape sequence is what is looked for
    assert.match(line, /^\x1b\[1;3[1-5]mbot\x1b\[0m\n$/);
  }
});

Deno.test("claude's files belong to the agent alone", () => {
  const { files } = provision({ prompt: "p", label: "l", color: "red" });
  assert.equal(files.length, 5);
  for (const { owner, mode, path } of files) {
    assert.equal(owner, "agent", path);
    assert.equal(mode, 0o600, path);
  }
});

Deno.test("claude's image pins the exact version and ends as the agent's user", () => {
  assert.match(claude.dockerfile ?? "", /@anthropic-ai\/claude-code@\d+\.\d+\.\d+/);
  assert.match(claude.dockerfile ?? "", /^USER node$/m);
});
