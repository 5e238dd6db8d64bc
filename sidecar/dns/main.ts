import { isIPv4 } from "node:net";
import { SERVICE_READY_LINE, SIDECAR_NAMES } from "../../policy/wire/launch.ts";
import { readStdin } from "../stdin.ts";
import { serveTcp, serveUdp } from "./server.ts";

/** An IPv4 address. */
const ANSWER_MAX_BYTES = 15;

/**
 * The name service: `main.ts <address> <port>`. Answers the sidecar's own names with the IPv4
 * address that standard input gives and knows no other; it asks nobody, so no query leaves the machine.
 */
async function main(args: readonly string[]): Promise<void> {
  const [hostname = "", port = ""] = args;
  const answer = await readStdin(ANSWER_MAX_BYTES);
  if (!isIPv4(answer)) throw new TypeError(`Cannot answer with ${answer}: it is no IPv4 address`);
  const zone = { names: SIDECAR_NAMES, address: Uint8Array.from(answer.split(".").map(Number)) };
  const address = { hostname, port: Number(port) };
  await Promise.all([serveUdp(zone, address), serveTcp(zone, address)]);
  Deno.stdout.writeSync(new TextEncoder().encode(`${SERVICE_READY_LINE}\n`));
}

if (import.meta.main) {
  main(Deno.args).catch((error) => {
    const message = error instanceof Error ? error.message : String(error);
    Deno.stderr.writeSync(new TextEncoder().encode(`${message}\n`));
    Deno.exit(1);
  });
}
