import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import claude from "../providers/claude/mod.ts";
import type { ProviderContext } from "../providers/provider.ts";
import {
  buildImage,
  docker,
  dockerLogs,
  makeInnerNetwork,
  startContainer,
  terminalOutput,
} from "./provider_container.ts";
import { type ModelStandIn, startModelStandIn } from "./provider_stand_in.ts";

const context: ProviderContext = {
  settings: { startup_args: [] },
  authTokenEnv: "CLAUDE_TOKEN",
  forwardHostCredentials: false,
  workdir: "/home/node",
  prompt: "Answer like a lighthouse keeper.",
  label: "review bot",
  color: "magenta",
  resume: false,
  remoteControl: false,
};

/** The API is reached at its base URL; all other traffic is to go to a proxy that refuses it. */
function stateOfTheWorld(gateway: string, model: ModelStandIn): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: `http://${gateway}:${model.port}`,
    HTTPS_PROXY: `http://${gateway}:${model.port}`,
    NO_PROXY: gateway,
    TERM: "xterm-256color",
    COLORTERM: "truecolor",
  };
}

/** Hosts that it asked the proxy for, other than the one that always has a route. */
function strangers({ refused }: ModelStandIn): string[] {
  return refused.filter((host) => host !== "api.anthropic.com:443");
}

Deno.test("the real Claude Code answers a headless prompt, with the placeholder alone", async () => {
  const image = await buildImage(claude);
  await using network = await makeInnerNetwork();
  await using model = await startModelStandIn({ hostname: network.gateway, text: "Light is lit" });
  await using container = await startContainer({
    provider: claude,
    provisioning: claude.provision({ ...context, headlessPrompt: "--status of the light?" }),
    image,
    network: network.name,
    workdir: context.workdir,
    env: stateOfTheWorld(network.gateway, model),
    terminal: false,
  });
  assert.equal(await docker(["wait", container.name]), "0", await dockerLogs(container.name));
  assert.equal((await dockerLogs(container.name)).trim(), "Light is lit");
  const asked = model.requests.filter(({ path }) => path === "/v1/messages");
  assert.ok(asked.some(({ body }) => body.includes("--status of the light?")));
  assert.ok(asked.every(({ authorization }) => authorization === "Bearer egress-placeholder"));
  assert.ok(asked.some(({ body }) => body.includes(context.prompt)), "prompt file was not read");
  assert.deepEqual(strangers(model), []);
});

Deno.test("the real Claude Code starts on a terminal without a question, in its colour", async () => {
  const image = await buildImage(claude);
  await using network = await makeInnerNetwork();
  await using model = await startModelStandIn({ hostname: network.gateway, text: "unused" });
  await using container = await startContainer({
    provider: claude,
    provisioning: claude.provision(context),
    image,
    network: network.name,
    workdir: context.workdir,
    env: stateOfTheWorld(network.gateway, model),
    terminal: true,
  });
  const raw = await screenOnceReady(container.name);
  // Claude Code moves the cursor where others write blanks.
  const screen = stripVTControlCharacters(raw).replaceAll(/\s+/g, "");
  assert.match(screen, /reviewbot/, `no status line:\n${JSON.stringify(raw)}`);
  assert.ok(raw.includes("\x1b[38;2;192;97;203m"), "no frame in the theme's colour");
  for (const question of ["trust", "Entertoconfirm", "Yes,Iaccept", "Welcometo", "/login"]) {
    assert.ok(!screen.includes(question), `it asked: ${question}`);
  }
  assert.deepEqual(strangers(model), []);
});

/** What stands on the terminal 2 s after the input line came, or after 20 s without one. */
async function screenOnceReady(name: string): Promise<string> {
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  for (let tries = 0; tries < 100; tries++) {
    const screen = stripVTControlCharacters(await terminalOutput(name)).replaceAll(/\s+/g, "");
    if (screen.includes("bypasspermissionson")) break;
    await wait(200);
  }
  await wait(2000);
  return await terminalOutput(name);
}
