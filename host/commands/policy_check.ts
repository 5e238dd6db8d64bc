import { compilePolicy } from "../../policy/egress/compile.ts";
import { decideRequest } from "../../policy/egress/decide.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { explain } from "../../policy/egress/explain.ts";
import { requestOfUrl } from "../../policy/egress/request_of_url.ts";
import type { Route } from "../../policy/egress/route.ts";
import { formatRouteHost } from "../../policy/egress/route_host.ts";
import type { Verdict } from "../../policy/egress/verdict.ts";
import { claimHosts } from "../../policy/manifest/claim.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import type { CommandContext } from "../context.ts";
import { BottleError, reasonOf, UsageError } from "../errors.ts";
import { provisionBottle } from "../launch/provision.ts";
import { workdirOf } from "../launch/workspace.ts";
import { ManifestStore } from "../manifests/store.ts";
import { loadProvider } from "../providers/load.ts";
import { formatSize } from "../terminal/format.ts";
import { placeText } from "./info_output.ts";

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

/** What `policy check --json` prints. */
export interface PolicyCheckOutput {
  readonly allowed: boolean;
  /** Canonical host of the request; empty for the proxy's own answers. */
  readonly host: string;
  /** The route that applies, and where it stands: `file:line`, or the provider. */
  readonly route?: { readonly host: string; readonly from: string };
  /** When refused: what the agent is answered. */
  readonly status?: number;
  readonly reason?: string;
  readonly explanation: readonly string[];
}

/** Decides on one request as the proxy would. Resolves with 0 when it is allowed, else with 1. */
export async function run(context: CommandContext, options: PolicyCheckOptions): Promise<number> {
  const described = requestOfUrl({ ...options, headers: options.header.map(parseHeader) });
  if (!described.ok) {
    throw new UsageError(`Cannot check ${options.url}: ${described.reason}`, {
      hint: "give a whole URL, e.g. https://api.example.com/v1/items",
    });
  }
  const body = options.body === undefined ? [] : [await describeBody(options.body)];
  const { routes, places } = await findRoutes(context, options.bottle);
  const policy = compilePolicy({ log: 0, routes });
  const verdict = withToken(context, decideRequest(policy, described.request));
  const { host } = described.request.authority;
  const route = verdict.action === "introspect" ? undefined : policy.find(host)?.route;
  const from = route && places.get(route);
  const output: PolicyCheckOutput = {
    allowed: verdict.action !== "deny",
    host,
    ...(route && { route: { host: formatRouteHost(route), from: from ?? "" } }),
    ...(verdict.action === "deny" && { status: verdict.status, reason: verdict.reason }),
    explanation: [
      ...explain(verdict, described.request, policy),
      ...(from === undefined ? [] : [`route from: ${from}`]),
      ...body,
    ],
  };
  show(context, { output, json: options.json ?? false });
  return output.allowed ? 0 : 1;
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
async function findRoutes(
  context: CommandContext,
  bottle: string,
): Promise<{ routes: readonly Route[]; places: ReadonlyMap<Route, string> }> {
  const manifest = await new ManifestStore(context).resolveBottles([bottle]);
  const provided = await providerRoutes(context, manifest);
  const { routes, notes } = claimHosts(manifest.egress.routes, provided);
  for (const note of notes) context.terminal.info(note);
  const own = new Map(
    manifest.egress.routes.map(({ route, origin }) => [route, placeText(origin)]),
  );
  const provider = `provider ${manifest.provider.template}`;
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

/** The proxy refuses what it has no token for; here that is a matter of the host's environment. */
function withToken({ env }: CommandContext, verdict: Verdict): Verdict {
  if (verdict.action !== "forward" || !verdict.route.auth) return verdict;
  const { tokenEnv } = verdict.route.auth;
  if (env(tokenEnv)) return verdict;
  return {
    action: "deny",
    status: 403,
    reason: "token_unset",
    host: verdict.host,
    message: `the rules allow it, but ${tokenEnv} is not set on this host`,
    hint: { text: `export ${tokenEnv} before the bottle starts` },
  };
}

function parseHeader(text: string): Header {
  const colon = text.indexOf(":");
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  throw new UsageError(`Cannot read the header ${JSON.stringify(text)}: it has no name and colon`, {
    hint: "write it as in --header 'X-Env: prod'",
  });
}

async function describeBody(path: string): Promise<string> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new Error("it is not a file");
    return `body: ${formatSize(size)}, which no rule looks at`;
  } catch (error) {
    throw new BottleError(`Cannot read the body ${path}: ${reasonOf(error)}`, {
      hint: "--body takes the path of a file",
      cause: error,
    });
  }
}
