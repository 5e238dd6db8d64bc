/**
 * How long a silent address is listened to, in milliseconds; every launch waits for it. Who is asked
 * about is the kernel that runs this program, which answers ARP while the request is being sent.
 */
const PROBE_MS = 25;
/** Closed on every ordinary host, so an answer is a refusal. */
const PROBE_PORT = 9;

/**
 * Does anything own this address on the local network? A TCP connection to it either fails because
 * the address does not resolve to a neighbour, or is refused or accepted by whoever holds it.
 * Silence counts as no answer only when the kernel found no neighbour either.
 */
export async function answers(address: string): Promise<boolean> {
  const attempt = Deno.connect({ hostname: address, port: PROBE_PORT });
  const outcome = await Promise.race([
    attempt.then(() => "accepted" as const, (error: unknown) => failure(error)),
    new Promise<"silent">((resolve) => setTimeout(() => resolve("silent"), PROBE_MS)),
  ]);
  attempt.then((connection) => connection.close(), () => {});
  if (outcome === "accepted" || outcome === "refused") return true;
  return outcome === "silent" && await isNeighbour(address);
}

function failure(error: unknown): "refused" | "unreachable" {
  // It was not asked at all, so nothing is known.
  if (error instanceof Deno.errors.NotCapable) throw error;
  return error instanceof Deno.errors.ConnectionRefused ||
      error instanceof Deno.errors.ConnectionReset
    ? "refused"
    : "unreachable";
}

/**
 * Has the kernel a hardware address for it (flag 0x2: complete)? A program of its own reads that:
 * the runtime opens nothing there for anyone with less than every permission.
 */
async function isNeighbour(address: string): Promise<boolean> {
  const { success, stdout } = await new Deno.Command("/usr/bin/cat", {
    args: ["/proc/net/arp"],
    clearEnv: true,
  }).output();
  if (!success) throw new Error("Cannot start: the kernel's table of neighbours is not readable");
  const table = new TextDecoder().decode(stdout);
  return table.split("\n").some((line) => {
    const [ip, , flags] = line.split(/\s+/);
    return ip === address && (Number(flags) & 0x2) !== 0;
  });
}
