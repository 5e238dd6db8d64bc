import { posix } from "node:path";
import type { Source } from "./source.ts";

/** A broken rule, with what a reader needs to mend it. */
export interface Violation {
  readonly path: string;
  readonly what: string;
  readonly why: string;
}

/** A part of the tree and what it may import. */
interface Zone {
  readonly name: string;
  /** Matches the paths that belong to it; the first zone that matches owns a file. */
  readonly owns: RegExp;
  /** Matches the paths of the repository that it may import besides its own. */
  readonly mayImport: RegExp;
  /** May it import its own other files? Groups of the pattern that must be equal, if any. */
  readonly sameGroup: boolean;
  readonly why: string;
}

/** Interfaces, and what their implementers share. */
const CONTRACTS = "(?:backends|providers)/[^/]+\\.ts";

/** The import table of the architecture, in order of precedence. */
const ZONES: readonly Zone[] = [
  {
    name: "policy",
    owns: /^policy\//,
    mayImport: /^$/,
    sameGroup: false,
    why: "the core decides from its arguments alone, so that CLI, sidecar and tests share it",
  },
  {
    name: "contract",
    owns: /^(backends|providers)\/[^/]+\.ts$/,
    mayImport: /^policy\//,
    sameGroup: true,
    why: "an interface that knows an implementation cannot have a second one",
  },
  {
    name: "backend",
    owns: /^backends\/([^/]+)\//,
    mayImport: /^(?:backends\/[^/]+\.ts|policy\/.*)$/,
    sameGroup: true,
    why: "no backend knows another, a provider or the host, so each can be taken out alone",
  },
  {
    name: "provider",
    owns: /^providers\/([^/]+)\//,
    mayImport: /^(?:providers\/[^/]+\.ts|policy\/.*)$/,
    sameGroup: true,
    why: "a provider returns data and goes through the same door as a user's plugin",
  },
  {
    name: "sidecar",
    owns: /^sidecar\//,
    mayImport: /^policy\//,
    sameGroup: false,
    why: "the image holds the sidecar and the policy core, nothing that runs on the host",
  },
  {
    name: "contrib",
    owns: /^contrib\/([^/]+)\//,
    mayImport: /^(?:policy|contrib\/forge)\//,
    sameGroup: true,
    why: "an integration is loaded only when the user's own configuration names it",
  },
  {
    name: "registry",
    owns: /^host\/registry\.ts$/,
    mayImport: /^(?:host|backends|providers|policy)\//,
    sameGroup: false,
    why: "the one place that names concrete backends and providers",
  },
  {
    name: "proxy parts",
    owns: /^host\/proxy_parts\.ts$/,
    mayImport: /^sidecar\/egress\/(?:inbound_codings|inflate|outbound_decode|redact)\.ts$/,
    sameGroup: false,
    why: "policy check has to decode and to redact exactly as the proxy does",
  },
  {
    name: "host",
    owns: /^host\//,
    mayImport: new RegExp(`^(?:${CONTRACTS}|policy/.*)$`),
    sameGroup: false,
    why: "the launcher works with any backend and provider; host/registry.ts names them",
  },
  {
    name: "entry",
    owns: /^(?:cli|mod)\.ts$/,
    mayImport: new RegExp(`^(?:cli\\.ts|mod\\.ts|deno\\.json|host/.*|${CONTRACTS}|policy/.*)$`),
    sameGroup: false,
    why: "entry points hold no logic of their own",
  },
];

/** Test code may reach everything that it tests. */
export function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || /^(?:tests|bench|examples|tools)\//.test(path);
}

/** Breaches of the import table by one module. */
export function checkImports(source: Source): Violation[] {
  const zone = ZONES.find((zone) => zone.owns.test(source.path));
  if (isTest(source.path)) return [];
  if (!zone) {
    return [{
      path: source.path,
      what: "stands in no known part of the tree",
      why: "each file's imports follow from where it stands",
    }];
  }
  return source.imports.flatMap((imported): Violation[] => {
    const target = resolve(source.path, imported.specifier);
    if (target === undefined || allowed(zone, source.path, target)) return [];
    return [{ path: source.path, what: `imports ${target}`, why: `${zone.name}: ${zone.why}` }];
  });
}

function allowed(zone: Zone, from: string, target: string): boolean {
  if (isTest(target)) return false;
  if (target === "host/registry.ts") return from.startsWith("host/");
  if (zone.mayImport.test(target)) return true;
  const own = zone.owns.exec(target);
  return own !== null && (!zone.sameGroup || own[1] === zone.owns.exec(from)?.[1]);
}

/** Path of an imported file of this repository; undefined for libraries and computed imports. */
function resolve(from: string, specifier: string | undefined): string | undefined {
  if (specifier === "@bot-bottle/cli") return "mod.ts";
  if (specifier === undefined || !specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(from), specifier);
}
