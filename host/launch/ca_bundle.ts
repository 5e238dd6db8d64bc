import { BottleError } from "../errors.ts";

const HOST_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const STOCK_FOLDER = "/usr/share/ca-certificates";
const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

export interface CaBundleOptions {
  /** `BOT_BOTTLE_CA_BUNDLE`: a file to use instead of looking; empty for no extra trust at all. */
  readonly configured: string | undefined;
  /** Folder for the answer of the last look, keyed by what was looked at. */
  readonly cacheFolder: string;
  /** Where the host's own bundle and the distribution's certificates are; for tests. */
  readonly hostBundle?: string;
  readonly stockFolder?: string;
}

/**
 * The certificate authorities that image builds and the sidecar must trust besides the stock
 * roots, as PEM; empty for none. A company network that inspects TLS adds its authority to the
 * host's bundle: whatever stands there and not among the distribution's certificates is the
 * operator's own. Throws BottleError when the configured file cannot be used.
 */
export async function readCaBundle(options: CaBundleOptions): Promise<string> {
  if (options.configured !== undefined) return await readConfigured(options.configured);
  const bundle = options.hostBundle ?? HOST_BUNDLE;
  const stock = options.stockFolder ?? STOCK_FOLDER;
  const key = await stamp(bundle, stock);
  if (key === undefined) return "";
  const cacheFile = `${options.cacheFolder}/ca-bundle.json`;
  const cached = await readCache(cacheFile);
  if (cached?.key === key) return cached.pem;
  const pem = await operatorsOwn(bundle, stock);
  await writeCache(cacheFile, { key, pem });
  return pem;
}

async function readConfigured(path: string): Promise<string> {
  if (path === "") return "";
  let text: string;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_BUNDLE_BYTES) throw new Error("it is larger than 4 MiB");
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BottleError(`Cannot read the CA bundle ${path}: ${why}`, {
      hint: "set BOT_BOTTLE_CA_BUNDLE to a readable PEM file, or to nothing for none",
    });
  }
  const certificates = text.match(CERTIFICATE);
  if (!certificates) {
    throw new BottleError(`Cannot use the CA bundle ${path}: it holds no PEM certificate`, {
      hint: "set BOT_BOTTLE_CA_BUNDLE to a PEM file with at least one certificate",
    });
  }
  return certificates.join("\n") + "\n";
}

async function operatorsOwn(bundle: string, stock: string): Promise<string> {
  const known = new Set<string>();
  for await (const path of certificateFiles(stock)) {
    for (const pem of (await Deno.readTextFile(path)).match(CERTIFICATE) ?? []) {
      known.add(body(pem));
    }
  }
  const text = await Deno.readTextFile(bundle);
  const own = (text.match(CERTIFICATE) ?? []).filter((pem) => !known.has(body(pem)));
  return own.length === 0 ? "" : own.join("\n") + "\n";
}

async function* certificateFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* certificateFiles(path);
    else if (entry.isFile && entry.name.endsWith(".crt")) yield path;
  }
}

/** Two PEM texts of one certificate may differ in line length only. */
function body(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----|\s/g, "");
}

async function stamp(bundle: string, stock: string): Promise<string | undefined> {
  try {
    const [file, folder] = await Promise.all([Deno.stat(bundle), Deno.stat(stock)]);
    return [bundle, file.size, file.mtime?.getTime(), folder.mtime?.getTime()].join(" ");
  } catch {
    return undefined;
  }
}

async function readCache(path: string): Promise<{ key: string; pem: string } | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(path));
    if (typeof value !== "object" || value === null) return undefined;
    const { key, pem } = value as { key?: unknown; pem?: unknown };
    return typeof key === "string" && typeof pem === "string" ? { key, pem } : undefined;
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written costs time only, so it must not stop a launch. */
async function writeCache(path: string, value: { key: string; pem: string }): Promise<void> {
  try {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${crypto.randomUUID()}`;
    await Deno.writeTextFile(temporary, JSON.stringify(value), { mode: 0o600 });
    await Deno.rename(temporary, path);
  } catch { /* the next launch looks again */ }
}
