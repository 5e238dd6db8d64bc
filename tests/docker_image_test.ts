import assert from "node:assert/strict";
import { createDockerBackend } from "../backends/docker/mod.ts";
import { docker, plan, silent, TestHome } from "./docker_bottles.ts";

function withDockerfile(dockerfile: string): ReturnType<typeof plan> {
  return { ...plan(), image: { name: "test-build", dockerfile } };
}

/** Containers that builds of this test left, by a mark in their command. */
async function buildContainers(mark: string): Promise<string> {
  return await docker("ps", "--all", "--no-trunc", "--format", "{{.Command}}").then((text) =>
    text.split("\n").filter((line) => line.includes(mark)).join("\n")
  );
}

Deno.test("a build that fails tells the step and its last lines, without control characters", async () => {
  await using home = new TestHome();
  const dockerfile = "FROM node:22-slim\nRUN printf 'oh \\033[31mno\\n'; exit 7\n";
  const options = { progress: silent, signal: new AbortController().signal };
  await assert.rejects(
    home.backend.prepare(withDockerfile(dockerfile), options),
    (error: Error & { hint?: string }) => {
      assert.match(error.message, /in Step 2\/2 : RUN printf/);
      assert.match(error.message, /non-zero code: 7/);
      assert.match(error.hint ?? "", /^oh no$/m);
      return true;
    },
  );
});

Deno.test("a base image that is nowhere to be had is named with a remedy", async () => {
  await using home = new TestHome();
  const dockerfile = "FROM 127.0.0.1:9/no/such-base:1\n";
  const options = { progress: silent, signal: new AbortController().signal };
  await assert.rejects(
    home.backend.prepare(withDockerfile(dockerfile), options),
    (error: Error & { hint?: string }) =>
      /such-base:1 is not on this machine/.test(error.hint ?? ""),
  );
});

Deno.test("a build that is given up stops and leaves no container", async () => {
  await using home = new TestHome();
  const mark = crypto.randomUUID();
  const controller = new AbortController();
  const progress = {
    step: (line: string): void => {
      if (line.includes("sleep 60")) {
        setTimeout(() => controller.abort(new Error("given up")), 1_000);
      }
    },
  };
  const dockerfile = `FROM node:22-slim\nRUN : ${mark}; sleep 60\n`;
  await assert.rejects(
    home.backend.prepare(withDockerfile(dockerfile), { progress, signal: controller.signal }),
    /given up/,
  );
  for (let wait = 0; wait < 50 && await buildContainers(mark) !== ""; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(await buildContainers(mark), "");
});

Deno.test("builds trust the host's authorities and the image keeps no variable of theirs", async () => {
  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await using home = new TestHome({ hostCaBundle: () => Promise.resolve(pem) });
  const dockerfile = "FROM node:22-slim\nRUN test -s $NODE_EXTRA_CA_CERTS " +
    "&& grep -q AAAA /usr/local/share/ca-certificates/bot-bottle-host/host-1.crt\n";
  const options = { progress: silent, signal: new AbortController().signal };
  const { image } = await home.backend.prepare(withDockerfile(dockerfile), options);
  const [name = ""] = image.split(" ");
  const env = await docker("inspect", "--format", "{{json .Config.Env}}", name);
  assert.doesNotMatch(env, /bot-bottle/);
});

Deno.test("a build tells the steps that its author wrote, each once, and nothing else", async () => {
  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await using home = new TestHome({ hostCaBundle: () => Promise.resolve(pem) });
  const told: string[] = [];
  const mark = crypto.randomUUID();
  const dockerfile =
    `FROM node:22-slim\nRUN echo noise && test -s $CARGO_HTTP_CAINFO && : ${mark}\nUSER node\n`;
  const { image } = await home.backend.prepare(withDockerfile(dockerfile), {
    progress: { step: (line) => void told.push(line) },
    signal: new AbortController().signal,
  });
  await docker("image", "rm", image.split(" ")[0] ?? "");
  assert.deepEqual(told.filter((line) => line.startsWith("Step") && /3 :/.test(line)), [
    "Step 1/3 : FROM node:22-slim",
    `Step 2/3 : RUN echo noise && test -s $CARGO_HTTP_CAINFO && : ${mark}`,
    "Step 3/3 : USER node",
  ]);
  assert.ok(
    !told.some((line) => /--->|Running in|noise$|COPY|\bARG|LABEL/.test(line)),
    told.join(),
  );
});

Deno.test("a diagnosis tells what a launch needs of the engine, each finding with its remedy", async () => {
  const told = new Map<string, string | undefined>([["BOT_BOTTLE_SIDECAR_IMAGE", "no-such:image"]]);
  await using home = new TestHome();
  const find = async (env = home.context.env): Promise<Record<string, string>> => {
    const findings = await createDockerBackend({ ...home.context, env }).diagnose?.() ?? [];
    for (const { status, remedy } of findings) assert.equal(status === "ok", remedy === undefined);
    return Object.fromEntries(findings.map(({ subject, detail }) => [subject, detail]));
  };
  const usual = await find();
  assert.match(usual.engine ?? "", /^version \d+\.\d+/);
  assert.match(usual["base images"] ?? "", /node:22-slim/);
  assert.match(usual["sidecar image"] ?? "", /^bot-bottle-sidecar:[0-9a-f]{12} (is there|will be)/);
  assert.match(usual.disk ?? "", /GiB free in|not known/);
  const own = await find((name) => told.get(name) ?? home.context.env(name));
  assert.match(own["sidecar image"] ?? "", /names no-such:image, which is not there/);
});

Deno.test("an engine that cannot be used says why and what to do", async () => {
  const available = async (host: string): Promise<string> => {
    await using home = new TestHome();
    const env = (name: string): string | undefined => name === "DOCKER_HOST" ? host : undefined;
    const state = await createDockerBackend({ ...home.context, env }).isAvailable();
    return state.available ? state.detail : `${state.reason}; ${state.remedy}`;
  };
  assert.match(await available("unix:///nonexistent/engine.sock"), /nothing answers.*start it/);
  assert.match(await available("ssh://user@host"), /unsupported form.*forward its socket/);
  assert.match(await available("tcp://127.0.0.1:1"), /nothing answers at 127\.0\.0\.1:1/);
  assert.match(await available(""), /engine \d+\..*runtime/);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ Version: "17.03.0", ApiVersion: "1.26" }),
  );
  const { port } = server.addr;
  assert.match(await available(`tcp://127.0.0.1:${port}`), /speaks API 1\.26.*update/);
});
