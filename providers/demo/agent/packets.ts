import { execFile } from "node:child_process";
import dgram from "node:dgram";
import net from "node:net";
import { Buffer } from "node:buffer";
import { codeOf, LIMIT, within } from "./limit.ts";

/** What came of one attempt. */
export interface Finding {
  readonly reached: boolean;
  /** Who answered, or by what it was stopped. */
  readonly evidence: string;
}

/** What the kernel or a router says when there is no way at all. */
const NO_WAY = new Set(["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EPERM"]);

/**
 * Opens a TCP connection. A refusal also counts as reached unless `refusalStops`: to be refused,
 * the packet must have come through.
 */
export function tcp(
  host: string,
  port: number,
  { refusalStops = false }: { readonly refusalStops?: boolean } = {},
): Promise<Finding> {
  const socket = net.connect({ host, port });
  const work = new Promise<Finding>((resolve) => {
    socket.once("connect", () => resolve({ reached: true, evidence: `${host}:${port} answered` }));
    socket.once("error", (error) => {
      const code = codeOf(error);
      const refused = code === "ECONNREFUSED" || code === "ECONNRESET";
      resolve({ reached: refused ? !refusalStops : !NO_WAY.has(code), evidence: code });
    });
  });
  return within(work, { reached: false, evidence: "no answer" }).finally(() => socket.destroy());
}

/** A query for the address of a name (RFC 1035, section 4.1). */
function addressQuery(name: string): Buffer {
  const labels = name.split(".").map((label) => [Buffer.of(label.length), Buffer.from(label)]);
  const header = Buffer.from("5ea501000001000000000000", "hex");
  return Buffer.concat([header, ...labels.flat(), Buffer.from("0000010001", "hex")]);
}

type Datagram = Uint8Array | "no answer" | { readonly code: string };

/** Sends one datagram and waits for what comes back first: an answer, an error or nothing. */
function exchange(host: string, port: number, sent: Uint8Array): Promise<Datagram> {
  const socket = dgram.createSocket("udp4");
  const work = new Promise<Datagram>((resolve) => {
    socket.once("message", (answer) => resolve(answer));
    socket.once("error", (error) => resolve({ code: codeOf(error) }));
    socket.once("connect", () => socket.send(sent));
    socket.connect(port, host);
  });
  return within<Datagram>(work, "no answer").finally(() => socket.close());
}

/** Waits for any answer to a datagram; a refusal (ICMP port unreachable) is one, too. */
export async function udp(host: string, port: number): Promise<Finding> {
  const got = await exchange(host, port, addressQuery("example.com"));
  if (got === "no answer") return { reached: false, evidence: got };
  if ("code" in got) return { reached: !NO_WAY.has(got.code), evidence: got.code };
  return { reached: true, evidence: `${host}:${port} answered` };
}

/** Node.js has no ICMP; perl is in every Debian image. Prints one word. */
const PING = `
use Socket;
my ($host, $limit) = @ARGV;
socket(my $s, PF_INET, SOCK_DGRAM, 1) or socket($s, PF_INET, SOCK_RAW, 1)
  or do { print "no-socket"; exit };
my $sum = 0x0800 + 1 + 1; $sum = ~(($sum >> 16) + ($sum & 0xffff)) & 0xffff;
send($s, pack("CCnnn", 8, 0, $sum, 1, 1), 0, pack_sockaddr_in(0, inet_aton($host)))
  or do { print "unreachable"; exit };
my $bits = ""; vec($bits, fileno($s), 1) = 1;
print select($bits, undef, undef, $limit) ? "answered" : "silent";
`;

const PING_WORDS = new Map([
  ["no-socket", "no ICMP socket is to be had"],
  ["unreachable", "no way there"],
  ["silent", "no answer"],
]);

/** Sends an echo request. */
export function icmp(host: string): Promise<Finding> {
  const args = ["-e", PING, host, String(LIMIT / 1000 - 0.3)];
  return new Promise((resolve) => {
    execFile("perl", args, { timeout: LIMIT }, (error, stdout) => {
      const evidence = PING_WORDS.get(stdout);
      if (evidence) return resolve({ reached: false, evidence });
      if (stdout === "answered") return resolve({ reached: true, evidence: `${host} answered` });
      resolve({ reached: true, evidence: `could not be tried: ${error ? codeOf(error) : stdout}` });
    });
  });
}

/** Response codes without an answer (RFC 1035, section 4.1.1). */
const UNANSWERED = new Map([
  [2, "the resolver failed"],
  [3, "the resolver knows of no such name"],
  [5, "the resolver refused"],
]);

/**
 * Asks a resolver for a name that everybody outside knows: whoever does not know its address has
 * asked nobody there.
 */
export async function lookup(name: string, server: string, port = 53): Promise<Finding> {
  const got = await exchange(server, port, addressQuery(name));
  if (got === "no answer") return { reached: false, evidence: got };
  if ("code" in got) return { reached: false, evidence: got.code };
  const evidence = UNANSWERED.get((got[3] ?? 0) & 15);
  if (evidence !== undefined) return { reached: false, evidence };
  return { reached: true, evidence: `${server} answered for ${name}` };
}

/** Waits for many attempts at once; one that reached anything decides. */
export async function all(attempts: readonly Promise<Finding>[]): Promise<Finding> {
  const findings = await Promise.all(attempts);
  const reached = findings.find((finding) => finding.reached);
  if (reached) return reached;
  if (findings.length === 0) return { reached: false, evidence: "there is no such address" };
  const reasons = [...new Set(findings.map(({ evidence }) => evidence))].join(", ");
  return { reached: false, evidence: `${findings.length} tried: ${reasons}` };
}
