import { formatRouteHost } from "../../policy/egress/route_host.ts";
import type { EnvEntry, Origin, ResolvedManifest } from "../../policy/manifest/resolved.ts";

/** What `info --json` prints. Holds no value of an environment variable. */
export interface InfoOutput {
  readonly agent: string;
  readonly file: string;
  /** Every bottle that takes part, weakest first. */
  readonly bottles: readonly { name: string; file: string }[];
  readonly provider: string;
  /** `kind`: a literal, a variable of the host, or asked for at launch. */
  readonly env: readonly { name: string; kind: EnvEntry["kind"]; from: string }[];
  readonly skills: readonly string[];
  readonly gitIdentity: readonly { field: "name" | "email"; value: string; from: string }[];
  readonly repos: readonly { name: string; host: string; port: number; from: string }[];
  readonly routes: readonly {
    host: string;
    auth?: string;
    /** Name of the host's environment variable. */
    tokenEnv?: string;
    /** How many alternatives a request may match; 0: every request. */
    matches: number;
    gitFetch: boolean;
    allowPrivate: boolean;
    from: string;
  }[];
}

/** The parts of a resolved manifest that people and programs may see; `from` is `file:line`. */
export function infoOf(manifest: ResolvedManifest): InfoOutput {
  const { agent, gitGate, egress } = manifest;
  const { name, email } = gitGate.user;
  return {
    agent: agent.name,
    file: agent.file,
    bottles: manifest.chain,
    provider: manifest.provider.template,
    env: [...manifest.env].map(([variable, { kind, origin }]) => ({
      name: variable,
      kind,
      from: placeText(origin),
    })),
    skills: agent.skills,
    gitIdentity: [
      ...(name
        ? [{ field: "name" as const, value: name.value, from: placeText(name.origin) }]
        : []),
      ...(email
        ? [{ field: "email" as const, value: email.value, from: placeText(email.origin) }]
        : []),
    ],
    repos: gitGate.repos.map(({ name, url, origin }) => ({
      name,
      host: url.host,
      port: url.port,
      from: placeText(origin),
    })),
    routes: egress.routes.map(({ route, origin }) => ({
      host: formatRouteHost(route),
      ...(route.auth && { auth: route.auth.scheme, tokenEnv: route.auth.tokenEnv }),
      matches: route.matches.length,
      gitFetch: route.gitFetch,
      allowPrivate: route.allowPrivate,
      from: placeText(origin),
    })),
  };
}

/** Where something stands, e.g. `/home/ada/.bot-bottle/bottles/dev.md:12`. */
export function placeText({ file, line }: Pick<Origin, "file" | "line">): string {
  return line > 0 ? `${file}:${line}` : file;
}
