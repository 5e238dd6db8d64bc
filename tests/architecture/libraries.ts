import type { Violation } from "./imports.ts";
import { isTest } from "./imports.ts";
import type { Source } from "./source.ts";

interface Library {
  /** Where it may be imported; tests may import any. */
  readonly where: RegExp;
  readonly why: string;
}

/** Every library that the product may use, and where its types end. */
const LIBRARIES: Readonly<Record<string, Library>> = {
  "@bomb.sh/tab": { where: /^(?:cli\.ts|host\/)/, why: "completion is the command line's" },
  "@clack/prompts": { where: /^host\//, why: "only the host's terminal asks questions" },
  "@types/dockerode": { where: /^backends\/docker\//, why: "as dockerode" },
  "@types/node-forge": { where: /^policy\/(?:certificate|der)\.ts$/, why: "as node-forge" },
  "@types/tar-stream": { where: /^backends\//, why: "as tar-stream" },
  "@valibot/to-json-schema": {
    where: /^(?:policy|host|providers)\//,
    why: "schemas for editors are made from manifests and provider settings",
  },
  "commander": {
    where: /^(?:cli\.ts|host\/)/,
    why: "argument parsing ends at a command's options",
  },
  "dockerode": { where: /^backends\/docker\//, why: "only the docker backend speaks to an engine" },
  "http-mitm-proxy": { where: /^bench\//, why: "a peer of the benchmarks, no part of the product" },
  "ipaddr.js": {
    where: /^(?:policy|backends|sidecar)\//,
    why: "the launcher takes addresses as they are; what uses them reads them",
  },
  "node-forge": {
    where: /^policy\/(?:certificate|der)\.ts$/,
    why: "certificates alone know ASN.1; keys are native",
  },
  "re2js": { where: /^policy\//, why: "users' patterns are compiled and run by the core alone" },
  "tar-stream": { where: /^backends\//, why: "archives are how a backend moves files" },
  "valibot": {
    where: /^(?:policy|host|providers|sidecar|backends)\//,
    why: "parse at the boundary",
  },
  "yaml": { where: /^(?:policy|host)\//, why: "manifests and routes.yaml are read by one reader" },
};

const NO_NODE = /^policy\//;

/** Imports of libraries and runtime modules where they do not belong. */
export function checkLibraries(source: Source): Violation[] {
  return source.imports.flatMap(({ specifier }): Violation[] => {
    if (specifier === undefined) return checkComputed(source.path);
    const why = complaint(source.path, specifier);
    return why === undefined ? [] : [{ path: source.path, what: `imports ${specifier}`, why }];
  });
}

function complaint(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier === "@bot-bottle/cli") return undefined;
  if (specifier.startsWith("node:")) {
    return NO_NODE.test(path) && !isTest(path) ? "the policy core has no I/O" : undefined;
  }
  if (/^[a-z][a-z0-9+]*:/i.test(specifier)) {
    return "deno.json's imports is the only place that names versions and registries";
  }
  if (isTest(path)) return undefined;
  const library = LIBRARIES[packageName(specifier)];
  if (!library) return "a library needs a line, and a reason, in tests/architecture/libraries.ts";
  return library.where.test(path) ? undefined : library.why;
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** What is named only at run time: plugins, and the texts that the sidecar's image is made of. */
const COMPUTED = /^host\/(?:providers\/|sidecar_sources\.ts$)/;

function checkComputed(path: string): Violation[] {
  if (COMPUTED.test(path) || isTest(path)) return [];
  return [{
    path,
    what: "has a computed import",
    why: "it hides an edge of the module graph from these checks",
  }];
}

/** Dependencies of deno.json that are not one exact version from npm. */
export function checkVersions(imports: Readonly<Record<string, string>>): Violation[] {
  return Object.entries(imports)
    .filter(([name]) => name !== "@bot-bottle/cli")
    .filter(([name, target]) => !isExact(name, target))
    .map(([name, target]) => ({
      path: "deno.json",
      what: `names ${name} as ${target}`,
      why: "a dependency is npm:<name>@<exact version>, so that everyone runs the same code",
    }));
}

function isExact(name: string, target: string): boolean {
  const prefix = `npm:${name}@`;
  return target.startsWith(prefix) && /^\d+\.\d+\.\d+$/.test(target.slice(prefix.length));
}
