import { describeUnknown } from "./check.ts";
import { type Diagnostic, type KeyPath, keyPathText } from "./diagnostic.ts";
import { placeIn } from "./frontmatter.ts";
import type { ResolvedProvider } from "./resolved.ts";

/** Something that a provider found wrong in its settings. */
export interface SettingsFault {
  /** Keys and list positions from `settings` down. */
  readonly path: KeyPath;
  readonly message: string;
  /** For an unknown key: the keys that are known beside it. */
  readonly allowed?: readonly string[];
}

/**
 * Places what a provider found wrong in `agent_provider.settings` in the file that it stands in.
 * List positions may be given as numbers or as digits.
 */
export function settingsDiagnostic(provider: ResolvedProvider, fault: SettingsFault): Diagnostic {
  const path = knownPath(provider, fault.path);
  const keyPath = keyPathText(["agent_provider", "settings", ...path]);
  const key = fault.path.at(-1);
  const words = fault.allowed !== undefined && typeof key === "string"
    ? describeUnknown({ key, allowed: fault.allowed })
    : { message: fault.message, hint: `This is a setting of the provider ${provider.template}` };
  const { origin, settingsLocated } = provider;
  if (origin === undefined) return { file: "", line: 0, column: 0, keyPath, ...words };
  const place = settingsLocated === undefined ? origin : placeIn(settingsLocated, path);
  return { file: origin.file, line: place.line, column: place.column, keyPath, ...words };
}

/** The path with digits as numbers where the file has a list. */
function knownPath(provider: ResolvedProvider, path: KeyPath): KeyPath {
  let node = provider.settingsLocated;
  return path.map((part) => {
    const isPosition = typeof part === "string" && /^(?:0|[1-9][0-9]{0,8})$/.test(part) &&
      node?.children.has(Number(part));
    const key = isPosition ? Number(part) : part;
    node = node?.children.get(key);
    return key;
  });
}
