import { execFile } from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns/promises";
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

/** A query for the address of `example.com`, as RFC 1035 has it. */
const QUERY = Buffer.from(
  "5ea50100000100000000000007" + Buffer.from("example").toString("hex") + "03" +
    Buffer.from("com").toString("hex") + "0000010001",
  "hex",
);

/** Sends a datagram and waits for any answer; a refusal (ICMP port unreachable) is one, too. */
export function udp(host: string, port: number): Promise<Finding> {
  const socket = dgram.createSocket("udp4");
  const work = new Promise<Finding>((resolve) => {
    socket.once("message", () => resolve({ reached: true, evidence: `${host}:${port} answered` }));
    socket.once("error", (error) => {
      const code = codeOf(error);
      resolve({ reached: !NO_WAY.has(code), evidence: code });
    });
    socket.once("connect", () => socket.send(QUERY));
    socket.connect(port, host);
  });
  return within(work, { reached: false, evidence: "no answer" }).finally(() => socket.close());
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

/** Answers that show that the question went no further than to whom it was asked. */
const STAYED = new Set(["EREFUSED", "ETIMEOUT", "ECONNREFUSED", "ENOTIMP"]);

/**
 * Asks the configured resolver, or `server`, for a name outside. That there is no such name is
 * also knowledge from outside.
 */
export async function lookup(name: string, server?: string): Promise<Finding> {
  const resolver = new dns.Resolver({ timeout: LIMIT - 300, tries: 1 });
  if (server) resolver.setServers([server]);
  try {
    const addresses = await within(resolver.resolve4(name), []);
    if (addresses.length === 0) return { reached: false, evidence: "no answer" };
    return { reached: true, evidence: `${name} is ${addresses[0]}` };
  } catch (error) {
    const code = codeOf(error);
    return { reached: !STAYED.has(code), evidence: code };
  } finally {
    resolver.cancel();
  }
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
