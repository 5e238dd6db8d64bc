import dns from "node:dns/promises";
import fs, { type Dirent } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { proxyUrl } from "./web.ts";

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

/**
 * The address that a name has here, if any, by /etc/hosts or the configured resolver. The system's
 * own lookup cannot be given up: a program that ends waits for it, for 10 s where nobody answers.
 */
export async function addressOf(name: string): Promise<string | undefined> {
  for (const line of readText("/etc/hosts").split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address && net.isIPv4(address) && names.includes(name)) return address;
  }
  const resolver = new dns.Resolver({ timeout: 400, tries: 1 });
  try {
    return (await resolver.resolve4(name))[0];
  } catch {
    return undefined;
  }
}

/** Address of the sidecar, the one neighbour that may answer. */
export async function sidecarAddress(): Promise<string> {
  const { hostname } = proxyUrl();
  if (net.isIP(hostname)) return hostname;
  return await addressOf(hostname) ?? "127.0.0.1";
}

/**
 * Where the host's own end of the bottle's networks would be: the first and the last address of
 * each, and the default gateway if there is one.
 */
export function gateways(sidecar: string): readonly string[] {
  const found = new Set<string>();
  for (const list of Object.values(os.networkInterfaces())) {
    for (const { family, address, netmask, internal } of list ?? []) {
      if (family !== "IPv4" || internal) continue;
      const mask = toNumber(netmask);
      const base = (toNumber(address) & mask) >>> 0;
      found.add(toAddress(base + 1)).add(toAddress((base | ~mask) - 1));
      found.delete(address);
    }
  }
  for (const line of readText("/proc/net/route").split("\n").slice(1)) {
    const [, target, gateway] = line.split("\t");
    if (target !== "00000000" || !gateway) continue;
    found.add((gateway.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)).join("."));
  }
  found.delete(sidecar);
  return [...found];
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/** The most files, and bytes of each, that the search for a token reads. */
const MAX_FILES = 2000;
const MAX_BYTES = 256 * 1024;

function* filesBelow(folder: string): Generator<string> {
  let entries: Dirent[] = [];
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch { /* what cannot be read shows nothing */ }
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else if (entry.isFile()) yield file;
  }
}

/** Environment and arguments of every process that can be seen. */
function* processFiles(): Generator<string> {
  for (const name of fs.readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    yield `/proc/${name}/environ`;
    yield `/proc/${name}/cmdline`;
  }
}

function* placesToSearch(): Generator<string> {
  yield* processFiles();
  let count = 0;
  for (const folder of [os.homedir(), "/tmp", "/run", "/etc", "/var/tmp"]) {
    for (const file of filesBelow(folder)) {
      if (++count > MAX_FILES) return;
      yield file;
    }
  }
}

/** Searches environments, arguments and files for something of a token's form. */
export function findToken(form: RegExp): { readonly where?: string; readonly searched: number } {
  let searched = 0;
  for (const file of placesToSearch()) {
    const text = readText(file);
    searched++;
    if (form.test(text.slice(0, MAX_BYTES))) return { where: file, searched };
  }
  return { searched };
}

/** A container engine's sockets that exist in here. */
export function engineSockets(): readonly string[] {
  const known = [
    "docker.sock",
    "podman/podman.sock",
    "containerd/containerd.sock",
    "crio/crio.sock",
  ];
  return known.flatMap((name) => [`/run/${name}`, `/var/run/${name}`])
    .filter((file) => fs.existsSync(file));
}
