import {
  LAUNCH_MAX_BYTES,
  parseLaunch,
  READY_LINE,
  type SidecarLaunch,
} from "../policy/wire/launch.ts";
import { answers } from "./neighbour.ts";
import { parsePlacement, type Placement } from "./placement.ts";
import { serviceSpecs, usualProcesses } from "./services.ts";
import { readStdin } from "./stdin.ts";
import { sendSignal, ServiceRunner, spawnService } from "./supervisor.ts";

/** Owner may write, everyone in the sidecar may read: routes are no secret. */
const ROUTES_MODE = 0o644;

function write(
  to: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  to.writeSync(new TextEncoder().encode(text));
}

/** What is told of a failure: its words, never the text that it was found in. */
function wordsOf(error: unknown): string {
  if (error instanceof SyntaxError) return "it is not JSON";
  if (error instanceof TypeError) return "it is not UTF-8";
  if (error instanceof RangeError) return error.message;
  const issues = (error as { issues?: readonly { path?: readonly { key: unknown }[] }[] }).issues;
  if (issues === undefined) return error instanceof Error ? error.message : String(error);
  return issues.map((issue) => `bad ${(issue.path ?? []).map(({ key }) => key).join(".")}`)
    .join(", ");
}

async function readLaunch(): Promise<SidecarLaunch> {
  try {
    return parseLaunch(await readStdin(LAUNCH_MAX_BYTES));
  } catch (error) {
    throw new Error(`Cannot read the launch document on standard input: ${wordsOf(error)}`);
  }
}

async function writeRoutes(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o755 });
  await Deno.writeTextFile(path, text, { mode: ROUTES_MODE });
}

async function refuseNeighbour(address: string): Promise<void> {
  if (address === "" || !await answers(address)) return;
  throw new Error(
    `Cannot start: ${address} answers on the bottle's network, so the bottle could reach the host`,
  );
}

/**
 * The queue is a folder of the operator's, who reads and answers what is put there, so the egress
 * process runs under the same account. Root's would give it all of this container; a queue that
 * belongs to root cannot be written then, and nothing is let through.
 */
function withQueueOwner(placement: Placement): Placement {
  try {
    const { uid } = Deno.lstatSync(placement.queuePath);
    return uid === null || uid === 0 ? placement : { ...placement, queueOwner: uid };
  } catch {
    // No queue is mounted.
    return placement;
  }
}

/** Stops everything on SIGTERM or SIGINT; hands SIGHUP on. */
function onSignals(runners: () => readonly ServiceRunner[]): void {
  const stop = async (): Promise<void> => {
    await Promise.all(runners().map((runner) => runner.stop()));
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGTERM", () => void stop());
  Deno.addSignalListener("SIGINT", () => void stop());
  Deno.addSignalListener("SIGHUP", () => {
    for (const runner of runners()) runner.signal("SIGHUP");
  });
}

/**
 * The sidecar's init: reads the launch document from standard input, writes the routes, starts the
 * services and keeps them running. Prints {@linkcode READY_LINE} when all of them serve and the
 * bottle's network is closed.
 */
async function main(asked: Placement): Promise<void> {
  const placement = withQueueOwner(asked);
  const dropPrivileges = Deno.uid() === 0 && !placement.keepUid;
  const log = (name: string, line: string): void => write(Deno.stderr, `[${name}] ${line}\n`);
  // The runtimes start while the document is still on its way; they know nothing until told.
  const waiting = new Map(
    usualProcesses(placement).map((
      one,
    ) => [one.args.join("\n"), spawnService(one, { dropPrivileges })]),
  );
  const dismiss = (): void => {
    for (const child of waiting.values()) sendSignal(child, "SIGKILL");
  };
  let runners: readonly ServiceRunner[] = [];
  onSignals(() => runners);
  const launch = await readLaunch().catch((error) => {
    dismiss();
    throw error;
  });
  await writeRoutes(placement.routesPath, launch.egress.routes);
  const specs = serviceSpecs(launch, placement);
  runners = specs.map((spec) => new ServiceRunner(spec, { dropPrivileges, log }));
  const running = Promise.all(
    runners.map((runner, index) => {
      const key = specs[index]?.args.join("\n") ?? "";
      const child = waiting.get(key);
      waiting.delete(key);
      return runner.run(child);
    }),
  );
  dismiss();
  const ready = Promise.all([
    refuseNeighbour(launch.mustNotAnswer),
    ...runners.map((runner) => runner.ready),
  ]);
  try {
    await Promise.race([ready, running]);
    write(Deno.stdout, `${READY_LINE}\n`);
    await running;
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
  }
}

if (import.meta.main) {
  Promise.try(() => main(parsePlacement(Deno.args))).catch((error) => {
    write(Deno.stderr, `[init] ${error instanceof Error ? error.message : String(error)}\n`);
    Deno.exit(1);
  });
}
