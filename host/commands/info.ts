import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import type { CommandContext } from "../context.ts";
import { infoOf, type InfoOutput } from "./info_output.ts";
import { ManifestStore } from "../manifests/store.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface InfoOptions {
  readonly agent: string;
  readonly json?: boolean;
}

/** Shows what an agent would be given. Values of environment variables are never shown. */
export async function run(context: CommandContext, options: InfoOptions): Promise<number> {
  const manifest: ResolvedManifest = await new ManifestStore(context).resolve(options);
  for (const warning of manifest.warnings) context.terminal.warn(warning);
  const info = infoOf(manifest);
  if (options.json) context.terminal.json(info);
  else show(context.terminal, info);
  return 0;
}

function show(terminal: Terminal, info: InfoOutput): void {
  const rows: [name: string, values: readonly string[]][] = [
    ["agent", [`${info.agent} (${info.file})`]],
    ["bottles", info.bottles.map(({ name, file }) => `${name} (${file})`)],
    ["provider", [info.provider]],
    ["env", info.env.map(({ name, from }) => `${name} (${from})`)],
    ["skills", info.skills],
    [
      "git identity",
      info.gitIdentity.map(({ field, value, from }) => `${field}: ${value} (${from})`),
    ],
    [
      "git gate",
      info.repos.map(({ name, host, port, from }) => `${name}: ${host}:${port} (${from})`),
    ],
    [
      "egress",
      info.routes.map(({ host, auth, matches, from }) =>
        [host, auth && `[auth:${auth}]`, matches > 0 && "[matches]", `(${from})`].filter(Boolean)
          .join(" ")
      ),
    ],
  ];
  for (const [name, values] of rows) {
    const [first = "none", ...rest] = values;
    terminal.print(`${name.padEnd(14)}${first}`);
    for (const value of rest) terminal.print(`${" ".repeat(14)}${value}`);
  }
}
