import {
  type Diagnostic,
  type KeyPath,
  keyPathText,
  ManifestError,
  type Place,
} from "../../policy/manifest/diagnostic.ts";
import { nearest } from "../../policy/manifest/nearest.ts";
import type { Json } from "../../policy/json.ts";
import type { AgentProvider, CredentialKind, SettingsIssue } from "../../providers/provider.ts";

/** What a manifest's `agent_provider` says to its provider. */
export interface ProviderRequest {
  readonly settings: Readonly<Record<string, Json>>;
  readonly authTokenEnv?: string;
  readonly forwardHostCredentials: boolean;
}

/** Where in a manifest the value of a key path stands, or the nearest value above it. */
export type Locate = (path: KeyPath) => Pick<Place, "file" | "line" | "column">;

/**
 * Checks a manifest's `agent_provider` against what the provider accepts and returns the completed
 * settings. Throws ManifestError with every issue at its place.
 */
export function checkRequest(
  provider: AgentProvider,
  request: ProviderRequest,
  locate: Locate,
): Readonly<Record<string, Json>> {
  const at = (path: KeyPath, message: string, hint: string): Diagnostic => {
    return { ...locate(path), keyPath: keyPathText(path), message, hint };
  };
  const refused = unusedCredentials(provider, request).map((kind) =>
    at(["agent_provider", kind], `the provider ${provider.name} does not use it`, "remove it")
  );
  const parsed = provider.parseSettings(request.settings);
  const issues = parsed.ok ? [] : parsed.issues.map((issue) => {
    const path = ["agent_provider", "settings", ...issue.path.map(keyOrIndex)];
    return at(path, issue.message, hintFor(issue));
  });
  if (parsed.ok && refused.length === 0) return parsed.value;
  throw new ManifestError([...refused, ...issues]);
}

function unusedCredentials(
  { credentials = [] }: AgentProvider,
  { authTokenEnv, forwardHostCredentials }: ProviderRequest,
): readonly CredentialKind[] {
  const asked: CredentialKind[] = [
    ...(authTokenEnv === undefined ? [] : ["auth_token"] as const),
    ...(forwardHostCredentials ? ["forward_host_credentials"] as const : []),
  ];
  return asked.filter((kind) => !credentials.includes(kind));
}

function keyOrIndex(part: string): string | number {
  return /^(0|[1-9][0-9]{0,8})$/.test(part) ? Number(part) : part;
}

function hintFor({ path, allowed }: SettingsIssue): string {
  if (!allowed) return "";
  const near = nearest(path.at(-1) ?? "", allowed);
  return near === undefined
    ? `allowed here: ${allowed.join(", ")}`
    : `did you mean \`${near}\`? Allowed here: ${allowed.join(", ")}`;
}
