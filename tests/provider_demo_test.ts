import assert from "node:assert/strict";
import demo from "../providers/demo/mod.ts";
import { makeDemoToken } from "../providers/demo/upstream.ts";
import type { ProviderContext } from "../providers/provider.ts";
import {
  buildImage,
  docker,
  dockerLogs,
  type InnerNetwork,
  makeInnerNetwork,
  startContainer,
} from "./provider_container.ts";

interface Row {
  readonly attempt: string;
  readonly must: string;
  readonly was: string;
  readonly passed: boolean;
  readonly by: string;
}

/** Runs the demo's agent in a plain container, which is no bottle. */
async function runOutsideOfABottle(
  network: InnerNetwork,
  { hostServices, env }: { hostServices: string[]; env: Record<string, string> },
): Promise<{ readonly code: number; readonly rows: readonly Row[] }> {
  const parsed = demo.parseSettings({
    "host_services": hostServices,
    "startup_args": ["--json"],
  });
  assert.ok(parsed.ok);
  const context: ProviderContext = {
    settings: parsed.value,
    authTokenEnv: "DEMO_TOKEN",
    forwardHostCredentials: false,
    workdir: "/home/node",
    prompt: "",
    resume: false,
    remoteControl: false,
  };
  await using container = await startContainer({
    provider: demo,
    provisioning: demo.provision(context),
    image: await buildImage(demo),
    network: network.name,
    workdir: context.workdir,
    env,
    terminal: false,
  });
  const code = Number(await docker(["wait", container.name]));
  const lines = (await dockerLogs(container.name)).trim().split("\n");
  return { code, rows: lines.map((line) => JSON.parse(line)) };
}

Deno.test("the demo tells what is not stopped: the host, its services, a token in the open", async () => {
  await using network = await makeInnerNetwork();
  const listener = Deno.listen({ hostname: network.gateway, port: 0 });
  const greet = async (): Promise<void> => {
    for await (const connection of listener) connection.close();
  };
  const greeting = greet().catch(() => {});
  try {
    const { code, rows } = await runOutsideOfABottle(network, {
      hostServices: [`${network.gateway}:${listener.addr.port}`],
      env: { LEAKED: makeDemoToken() },
    });
    assert.equal(code, 1);
    const row = (attempt: string): Row | undefined => rows.find((each) => each.attempt === attempt);
    for (
      const attempt of [
        "find a token in env, processes or files",
        "TCP to the host's end of the network",
        "TCP to services of the host",
        "UDP to a public address and the host",
        "ICMP to a public address and the host",
      ]
    ) {
      assert.deepEqual(
        [row(attempt)?.must, row(attempt)?.was, row(attempt)?.passed],
        ["stopped", "allowed", false],
        attempt,
      );
    }
    assert.match(row("find a token in env, processes or files")?.by ?? "", /environ$/);
  } finally {
    listener.close();
    await greeting;
  }
});

Deno.test("what the demo cannot try counts against the bottle", async () => {
  await using network = await makeInnerNetwork();
  const { code, rows } = await runOutsideOfABottle(network, { hostServices: [], env: {} });
  assert.equal(code, 1);
  const unknown = rows.filter(({ was }) => was === "unknown");
  assert.ok(unknown.length >= 8);
  assert.ok(unknown.every(({ passed }) => !passed));
});
