import assert from "node:assert/strict";
import { Engine } from "../backends/docker/engine/engine.ts";
import { startModelApi } from "./doubles/model_api.ts";
import { createTestAuthority } from "./doubles/tls.ts";
import { eventually, Operator } from "./operator.ts";

const API = "api.anthropic.com";
const TOKEN_VARIABLE = "BOT_BOTTLE_CLAUDE_OAUTH_TOKEN";

interface Stage extends AsyncDisposable {
  readonly operator: Operator;
  readonly api: Awaited<ReturnType<typeof startModelApi>>;
  readonly token: string;
}

/** An operator with a claude bottle, and a stand-in for the API that the bottle is routed to. */
async function setStage({ pace }: { pace?: number } = {}): Promise<Stage> {
  const operator = await Operator.create();
  const authority = await createTestAuthority();
  const hostname = await operator.backend.hostAddress();
  const identity = await authority.issue(API);
  const api = await startModelApi({ identity, hostname, ...(pace !== undefined && { pace }) });
  const token = `sk-ant-oat01-${crypto.randomUUID()}`;
  const bundle = `${operator.userHome}/bundle.pem`;
  const hostRoots = await Deno.readTextFile("/etc/ssl/certs/ca-certificates.crt");
  await Deno.writeTextFile(bundle, hostRoots + authority.certPem);
  Object.assign(operator.env, {
    [TOKEN_VARIABLE]: token,
    BOT_BOTTLE_EXTRA_HOSTS: `${API}=${hostname}:${api.port}`,
    BOT_BOTTLE_CA_BUNDLE: bundle,
  });
  await operator.manifest("bottles", "claude", {
    agent_provider: { template: "claude", auth_token: TOKEN_VARIABLE },
  });
  await operator.manifest("agents", "coder", { bottle: "claude" }, "You write code.\n");
  return {
    operator,
    api,
    token,
    async [Symbol.asyncDispose](): Promise<void> {
      await api[Symbol.asyncDispose]();
      await operator[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the real Claude Code edits a file in its copy of the workspace, headless", async () => {
  await using stage = await setStage();
  const { operator, api, token } = stage;
  await Deno.writeTextFile(`${operator.project}/greeting.txt`, "hello\n");
  const command = "sed -i s/hello/goodbye/ greeting.txt && cat greeting.txt && pwd";
  const { code, stdout, stderr } = await operator.run(
    ["start", "coder", "--headless", "--cwd", "--prompt", `RUN: ${command}`],
  );
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /DONE: goodbye\s+\/home\/node\/workspace/);
  assert.equal(await Deno.readTextFile(`${operator.project}/greeting.txt`), "hello\n");
  const calls = api.seen.filter(({ path }) => path.startsWith("/v1/messages"));
  assert.ok(calls.length >= 2);
  for (const { headers } of calls) assert.equal(headers.authorization, `Bearer ${token}`);
  assert.ok(!(stdout + stderr).includes(token));
});

Deno.test("Claude Code's answer reaches the terminal word by word", async () => {
  await using stage = await setStage({ pace: 300 });
  const { operator } = stage;
  await operator.manifest("bottles", "claude", {
    agent_provider: {
      template: "claude",
      auth_token: TOKEN_VARIABLE,
      settings: {
        startup_args: ["--output-format", "stream-json", "--verbose", "--include-partial-messages"],
      },
    },
  });
  const child = operator.spawn(["start", "coder", "--headless", "--prompt", "SLOWLY: 10"]);
  const complaint = new Response(child.stderr).text();
  const arrivals: number[] = [];
  for await (const chunk of child.stdout) {
    const words = new TextDecoder().decode(chunk).split('"text_delta"').length - 1;
    for (let word = 0; word < words; word++) arrivals.push(performance.now());
  }
  assert.equal((await child.status).code, 0, await complaint);
  assert.equal(arrivals.length, 10);
  const spread = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  // The stand-in takes 2.7 s from the first word to the last; held back they would come at once.
  assert.ok(spread > 1500, `all words within ${spread} ms`);
});

Deno.test("the account's token is nowhere in the bottle, its image or its description", async () => {
  await using stage = await setStage();
  const { operator, token } = stage;
  const script = `${searchScript(token)}; while [ ! -e /tmp/go ]; do sleep 0.1; done`;
  const prompt = `RUN: ${script}`;
  const running = operator.spawn([
    "start",
    "coder",
    "--headless",
    "--label",
    "x",
    "--prompt",
    prompt,
  ]);
  const output = Promise.all([
    new Response(running.stdout).text(),
    new Response(running.stderr).text(),
  ]);
  const ended = running.status.then(async () => {
    throw new Error(`the bottle ended early: ${(await output).join("\n")}`);
  });
  const called = eventually("the model was called", () => Promise.resolve(stage.api.seen[0]), {
    seconds: 300,
  });
  await Promise.race([called, ended]);
  ended.catch(() => {}); // from here on the bottle may end
  const described = await describeBottle("x");
  assert.equal((await operator.run(["exec", "x", "--", "touch", "/tmp/go"])).code, 0);
  const [stdout, stderr] = await output;
  assert.equal((await running.status).code, 0, stderr);
  assert.match(stdout, /processes with the placeholder: [1-9]/);
  assert.match(stdout, /files searched: [0-9]{4,}, places with the token: 0\b/);
  assert.ok(described.includes("bot-bottle-x-agent") && described.includes("bot-bottle-x-sidecar"));
  assert.ok(!(described + stdout + stderr).includes(token));
});

/**
 * A shell command that looks for the token in the environment of every process and in every file
 * of the bottle. It gets the token under a cipher: else the search would find itself, and the proxy
 * would hold the conversation in which the command stands.
 */
function searchScript(token: string): string {
  const cipher = Array.from(token, (char, at) => char.charCodeAt(0) ^ (at * 31 + 77 & 127));
  const program = `
    const fs = require("node:fs");
    const token = ${JSON.stringify(cipher)}
      .map((code, at) => String.fromCharCode(code ^ (at * 31 + 77 & 127))).join("");
    let searched = 0;
    let placeholders = 0;
    const hits = [];
    const look = (path) => {
      try {
        searched++;
        const content = fs.readFileSync(path);
        if (content.includes(token)) hits.push(path);
        if (path.endsWith("/environ") && content.includes("egress-placeholder")) placeholders++;
      } catch {}
    };
    for (const pid of fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
      for (const file of ["environ", "cmdline"]) look("/proc/" + pid + "/" + file);
    }
    const walk = (folder) => {
      let entries = [];
      try { entries = fs.readdirSync(folder || "/", { withFileTypes: true }); } catch {}
      for (const entry of entries) {
        const path = folder + "/" + entry.name;
        if (entry.isDirectory() && !["/proc", "/sys", "/dev"].includes(path)) walk(path);
        if (entry.isFile()) look(path);
      }
    };
    walk("");
    console.log("processes with the placeholder: " + placeholders);
    console.log("files searched: " + searched + ", places with the token: " + hits.length, hits);
  `;
  const encoded = btoa(program);
  return `echo ${encoded} | base64 -d > /tmp/search.cjs && node /tmp/search.cjs`;
}

/** All that the engine tells of the bottle's containers and of how their images were made. */
async function describeBottle(slug: string): Promise<string> {
  using engine = await Engine.connect((name) => Deno.env.get(name));
  const texts: string[] = [];
  for (const role of ["agent", "sidecar"]) {
    const path = `/containers/bot-bottle-${slug}-${role}/json`;
    const container = await engine.call<{ Image: string }>("GET", path);
    const history = await engine.call<unknown>("GET", `/images/${container.Image}/history`);
    const image = await engine.call<unknown>("GET", `/images/${container.Image}/json`);
    texts.push(JSON.stringify([container, history, image]));
  }
  return texts.join("\n");
}
