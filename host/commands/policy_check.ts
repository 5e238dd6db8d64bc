import { describeScan } from "../../policy/dlp/report.ts";
import { createOutboundScanner } from "../../policy/dlp/scanner.ts";
import type { PassedHead } from "../../policy/dlp/screen_head.ts";
import { type CompiledPolicy, compilePolicy } from "../../policy/egress/compile.ts";
import { decideRequest, type RequestView } from "../../policy/egress/decide.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { explain } from "../../policy/egress/explain.ts";
import { forwardedHeaders } from "../../policy/egress/forwarded_headers.ts";
import { requestOfUrl } from "../../policy/egress/request_of_url.ts";
import type { Route } from "../../policy/egress/route.ts";
import { formatRouteHost } from "../../policy/egress/route_host.ts";
import type { FoundSecret, Verdict } from "../../policy/egress/verdict.ts";
import { claimHosts } from "../../policy/manifest/claim.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import { Secret } from "../../policy/secret.ts";
import type { CommandContext } from "../context.ts";
import { BottleError, reasonOf, UsageError } from "../errors.ts";
import { provisionBottle } from "../launch/provision.ts";
import { workdirOf } from "../launch/workspace.ts";
import { ManifestStore } from "../manifests/store.ts";
import { loadProvider } from "../providers/load.ts";
import { inflate, redactor } from "../proxy_parts.ts";
import { placeText } from "./info_output.ts";
import { type Scanned, scanRequest } from "./policy_scan.ts";

export interface PolicyCheckOptions {
  readonly bottle: string;
  readonly method: string;
  readonly url: string;
  /** Each `name: value`. */
  readonly header: readonly string[];
  /** File with the request's body. */
  readonly body?: string;
  readonly json?: boolean;
}

/** What becomes of the request. */
export type PolicyCheckOutcome = "forwarded" | "redacted" | "held" | "refused";

/** What `policy check --json` prints. */
export interface PolicyCheckOutput {
  /** May it leave without anybody being asked? */
  readonly allowed: boolean;
  readonly outcome: PolicyCheckOutcome;
  /** Canonical host of the request; empty for the proxy's own answers. */
  readonly host: string;
  /** The route that applies and where it stands, as `file:line` or the provider; and its rule. */
  readonly route?: { readonly host: string; readonly from: string; readonly rule?: string };
  /** When refused: what the agent is answered. */
  readonly status?: number;
  readonly reason?: string;
  /** What the scan found; never a value. */
  readonly findings?: readonly FoundSecret[];
  readonly explanation: readonly string[];
}

/** The bottle's routes, and where each and its rules stand. */
interface PlacedRoutes {
  readonly routes: readonly Route[];
  readonly places: ReadonlyMap<Route, { readonly from: string; readonly rules: readonly string[] }>;
}

/** Decides on one request as the proxy would. Resolves with 0 when it is allowed, else with 1. */
export async function run(context: CommandContext, options: PolicyCheckOptions): Promise<number> {
  const described = requestOfUrl({ ...options, headers: options.header.map(parseHeader) });
  if (!described.ok) {
    throw new UsageError(`Cannot check ${options.url}: ${described.reason}`, {
      hint: "give a whole URL, e.g. https://api.example.com/v1/items",
    });
  }
  using body = options.body === undefined ? undefined : await openBody(options.body);
  const placed = await findRoutes(context, options.bottle);
  const policy = compilePolicy({ log: 0, routes: placed.routes });
  const { request } = described;
  const decided = withToken(context, decideRequest(policy, request), request);
  const secrets = knownSecrets(context, placed);
  const scanner = createOutboundScanner({ secrets, inflate });
  const setting = { scanner, known: [...secrets.keys()], ...(body && { body }) };
  const scanned = decided.head && await scanRequest(decided.head, setting);
  const verdict = scanned?.denial ?? decided.verdict;
  const told = describe({ verdict, request, policy, placed, ...(scanned && { scanned }) });
  const output = withoutSecrets(told, redactor(scanner, new Secret("")));
  show(context, { output, json: options.json ?? false });
  return output.allowed ? 0 : 1;
}

function describe({ verdict, request, policy, placed, scanned }: {
  readonly verdict: Verdict;
  readonly request: RequestView;
  readonly policy: CompiledPolicy;
  readonly placed: PlacedRoutes;
  readonly scanned?: Scanned;
}): PolicyCheckOutput {
  const { host } = request.authority;
  const route = verdict.action === "introspect" ? undefined : policy.find(host)?.route;
  const place = route && placed.places.get(route);
  const entry = verdict.action === "forward" ? verdict.entry : undefined;
  const rule = entry === undefined ? undefined : place?.rules[entry];
  const outcome = outcomeOf(verdict, scanned);
  const found = scanned?.report.found ?? [];
  const lines = explain(verdict, request, policy);
  return {
    allowed: outcome === "forwarded" || outcome === "redacted",
    outcome,
    host,
    ...(route && {
      route: {
        host: formatRouteHost(route),
        from: place?.from ?? "",
        ...(rule !== undefined && { rule }),
      },
    }),
    ...(verdict.action === "deny" && { status: verdict.status, reason: verdict.reason }),
    ...(found.length > 0 && { findings: found }),
    explanation: [
      ...headline(lines, outcome),
      ...(place === undefined ? [] : [`route from: ${place.from}`]),
      ...(rule === undefined ? [] : [`rule from: ${rule}`]),
      ...(scanned === undefined ? [] : describeScan(scanned.report)),
    ],
  };
}

/** Request and findings may name a place that holds a value. */
function withoutSecrets(
  output: PolicyCheckOutput,
  redact: (text: string) => string,
): PolicyCheckOutput {
  const findings = output.findings?.map((one) => ({ ...one, place: redact(one.place) }));
  return {
    ...output,
    host: redact(output.host),
    ...(findings && { findings }),
    explanation: output.explanation.map(redact),
  };
}

/** The lines, of which the first names what becomes of a request that the rules allow. */
function headline(
  [first = "", ...rest]: readonly string[],
  outcome: PolicyCheckOutcome,
): readonly string[] {
  const isChanged = outcome === "held" || outcome === "redacted";
  return [isChanged ? first.replace(/^allowed/, outcome) : first, ...rest];
}

function outcomeOf(verdict: Verdict, scanned: Scanned | undefined): PolicyCheckOutcome {
  if (verdict.action === "deny") return "refused";
  if (scanned?.report.verdict === "hold") return "held";
  return scanned?.report.verdict === "redact" ? "redacted" : "forwarded";
}

function show(
  { terminal }: CommandContext,
  { output, json }: { output: PolicyCheckOutput; json: boolean },
): void {
  if (json) return terminal.json(output);
  const [first = "", ...rest] = output.explanation;
  const word = /^[a-z]+/.exec(first)?.[0] ?? "";
  terminal.verdict(output.allowed ? "green" : "red", word, first.slice(word.length));
  for (const line of rest) terminal.print(`  ${line}`);
}

/** The routes that the bottle's egress would have, the provider's among them, and their places. */
async function findRoutes(context: CommandContext, bottle: string): Promise<PlacedRoutes> {
  const manifest = await new ManifestStore(context).resolveBottles([bottle]);
  const provided = await providerRoutes(context, manifest);
  const { routes, notes } = claimHosts(manifest.egress.routes, provided);
  for (const note of notes) context.terminal.info(note);
  const own = new Map(
    manifest.egress.routes.map(({ route, origin, rules = [] }) => [
      route,
      { from: placeText(origin), rules: rules.map(placeText) },
    ]),
  );
  const provider = { from: `provider ${manifest.provider.template}`, rules: [] };
  return { routes, places: new Map(routes.map((route) => [route, own.get(route) ?? provider])) };
}

async function providerRoutes(
  context: CommandContext,
  manifest: ResolvedManifest,
): Promise<readonly Route[]> {
  const provider = await loadProvider(manifest.provider.template, context);
  const identity = { slug: "check", agent: "check", bottles: [], provider: provider.name };
  const request = { identity, manifest, provider, copyWorkspace: false, remoteControl: false };
  return provisionBottle(request, workdirOf(provider.user)).routes;
}

/** The values that the sidecar would hold, as far as they are set on this host. */
function knownSecrets(
  { env }: CommandContext,
  { routes }: PlacedRoutes,
): ReadonlyMap<string, Secret> {
  const names = new Set(routes.flatMap(({ auth }) => auth === undefined ? [] : [auth.tokenEnv]));
  return new Map([...names].flatMap((name): [string, Secret][] => {
    const value = env(name);
    return value ? [[name, new Secret(value)]] : [];
  }));
}

/** Step 7: the proxy refuses what it has no token for, and headers that it cannot send on. */
function withToken(
  { env }: CommandContext,
  verdict: Verdict,
  request: RequestView,
): { readonly verdict: Verdict; readonly head?: PassedHead } {
  if (verdict.action !== "forward") return { verdict };
  const { auth } = verdict.route;
  const token = auth === undefined ? undefined : env(auth.tokenEnv);
  if (auth !== undefined && !token) {
    const message = `the rules allow it, but ${auth.tokenEnv} is not set on this host`;
    const hint = { text: `export ${auth.tokenEnv} before the bottle starts` };
    const { host } = verdict;
    return { verdict: { action: "deny", status: 403, reason: "token_unset", host, message, hint } };
  }
  const { headers, method } = request;
  const forwarded = forwardedHeaders(verdict.route, headers, token);
  if (!forwarded.ok) return { verdict: forwarded.deny };
  return { verdict, head: { verdict, method, received: headers, forwarded: forwarded.headers } };
}

function parseHeader(text: string): Header {
  const colon = text.indexOf(":");
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  throw new UsageError(`Cannot read the header ${JSON.stringify(text)}: it has no name and colon`, {
    hint: "write it as in --header 'X-Env: prod'",
  });
}

/** A body that is read chunk by chunk, however long it is. */
interface OpenBody extends Disposable {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly bytes: number;
}

async function openBody(path: string): Promise<OpenBody> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new Error("it is not a file");
    const file = await Deno.open(path);
    // Reading to the end closes it.
    const close = (): void => {
      try {
        file.close();
      } catch {
        // It is closed.
      }
    };
    return { chunks: file.readable, bytes: size, [Symbol.dispose]: close };
  } catch (error) {
    throw new BottleError(`Cannot read the body ${path}: ${reasonOf(error)}`, {
      hint: "--body takes the path of a file",
      cause: error,
    });
  }
}
