import { networkInterfaces } from "node:os";
import type { CommandContext } from "../context.ts";
import { composeBottle } from "../launch/compose.ts";
import { reserveSlug } from "../launch/reservation.ts";
import { runSession } from "../launch/session.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import { parseAgent, parseBottle, resolveManifest } from "../manifests/parsers.ts";
import { loadProvider } from "../providers/load.ts";
import { chooseBackend, loadDemoUpstream } from "../registry.ts";
import { StateStore } from "../state/state_store.ts";

/** The command line of `demo`, as written. */
export interface DemoOptions {
  readonly backend?: string;
}

const NAME = "demo";
const HOST = "demo.example";
const TOKEN_VARIABLE = "BOT_BOTTLE_DEMO_TOKEN";

/**
 * Runs the demo's agent in a bottle against stand-ins on this machine. Exit code 0 only when all
 * that must work worked and all that must be stopped was stopped.
 */
export async function run(context: CommandContext, options: DemoOptions): Promise<number> {
  const [{ backend, why }, { makeDemoToken, startDemoUpstream }] = await Promise.all([
    chooseBackend(context, options.backend),
    loadDemoUpstream(),
  ]);
  context.terminal.info(`a bottle on ${backend.name} (${why}), against stand-ins on this machine`);
  const address = await backend.hostAddress();
  const token = makeDemoToken();
  await using upstream = await startDemoUpstream({
    hostname: address,
    expectedAuthorization: `Bearer ${token}`,
  });
  using witness = startWitness();
  const manifest = demoManifest(hostAddresses(address).map((host) => `${host}:${witness.port}`));
  const env = (name: string): string | undefined =>
    name === TOKEN_VARIABLE ? token : context.env(name);
  const store = new StateStore(context.home);
  await using state = await reserveSlug(store, { agent: NAME, numbered: false });
  const composed = await composeBottle({ ...context, env }, {
    identity: { slug: state.slug, agent: NAME, bottles: [NAME], provider: NAME },
    manifest,
    provider: await loadProvider(NAME, context),
    copyWorkspace: false,
    remoteControl: false,
    standIn: {
      hosts: [{ name: HOST, address, port: upstream.port }],
      caPem: upstream.caPem,
    },
  });
  return await runSession(context, {
    backend,
    composed,
    state,
    stdio: "output",
    workspace: false,
  });
}

/** The demo's own policy; nothing of the operator's manifests takes part. */
function demoManifest(hostServices: readonly string[]): ResolvedManifest {
  const encode = (frontmatter: object): Uint8Array =>
    new TextEncoder().encode(`---\n${JSON.stringify(frontmatter)}\n---\n`);
  const source = { name: NAME, file: "the built-in demo" };
  const agent = parseAgent(source, encode({ bottle: NAME }));
  const bottle = parseBottle(
    source,
    encode({
      "agent_provider": {
        template: NAME,
        "auth_token": TOKEN_VARIABLE,
        settings: { "host_services": hostServices },
      },
    }),
  );
  return resolveManifest({ agent, selected: [], bottles: new Map([[NAME, bottle]]) });
}

/** A service of the host that the bottle must not reach: it greets whoever gets through. */
function startWitness(): Disposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const greet = async (): Promise<void> => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("reached the host\n")).catch(() => 0);
      connection.close();
    }
  };
  greet().catch(() => {}); // closing the listener ends the loop
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

/** Every IPv4 address of this machine that others could reach it by. */
function hostAddresses(first: string): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
  return [...new Set([first, ...all])];
}
