import process from "node:process";
import { Secret } from "../../policy/secret.ts";
import {
  LAUNCH_MAX_BYTES,
  parseEgressService,
  SERVICE_READY_LINE,
} from "../../policy/wire/launch.ts";
import { readStdin } from "../stdin.ts";
import { EgressProxy, trustUpstreams } from "./proxy.ts";
import { systemResolve } from "./resolver.ts";

/**
 * The egress service: `main.ts <address> <port> <routes.yaml> <queue>`. Its settings and tokens come on
 * standard input; SIGHUP reads the routes again.
 */
async function main(args: readonly string[]): Promise<void> {
  const [hostname = "0.0.0.0", port = "0", routesPath = "", queue = ""] = args;
  const service = parseEgressService(await readStdin(LAUNCH_MAX_BYTES));
  trustUpstreams(service.upstreamCa);
  const encoder = new TextEncoder();
  const proxy = new EgressProxy({
    service,
    tokens: new Map(
      Object.entries(service.tokens).map(([name, value]) => [name, new Secret(value)]),
    ),
    readRoutes: () => Deno.readTextFile(routesPath),
    resolve: systemResolve,
    ...(queue !== "" && { queue }),
    writeLog: (line) => void Deno.stderr.writeSync(encoder.encode(line)),
  });
  Deno.addSignalListener("SIGHUP", () => void proxy.reload());
  const bound = await proxy.start({ hostname, port: Number(port) });
  Deno.stdout.writeSync(encoder.encode(`${SERVICE_READY_LINE} ${bound}\n`));
  proxy.warm();
}

/** One broken connection must not end all the others; it is told of and forgotten. */
function survive(error: unknown): void {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  Deno.stderr.writeSync(new TextEncoder().encode(`unexpected: ${JSON.stringify(what)}\n`));
}

if (import.meta.main) {
  process.on("uncaughtException", survive);
  process.on("unhandledRejection", survive);
  main(Deno.args).catch((error) => {
    survive(error);
    Deno.exit(1);
  });
}
