import * as v from "valibot";
import type {
  AgentProvider,
  ProviderContext,
  Provisioning,
  SettingsResult,
} from "../../providers/provider.ts";
import { reasonOf } from "../errors.ts";
import { ProviderError } from "./error.ts";
import { ProviderShape, ProvisioningShape, SettingsResultShape } from "./shape.ts";

/** A provider that passed the door, with all that its image is made of. */
export interface LoadedProvider extends AgentProvider {
  /** Text of its Dockerfile. */
  readonly dockerfile: string;
  /** Folder on the host that the Dockerfile may copy from; absent for a built-in one. */
  readonly contextPath?: string;
  /** The plugin's file, or `built-in provider <name>`, for messages. */
  readonly source: string;
}

/** Where a module came from and what was found beside it. */
export interface ModuleOrigin {
  readonly name: string;
  readonly source: string;
  /** Text of the Dockerfile beside the module; it wins over the module's own. */
  readonly dockerfile?: string;
  readonly contextPath?: string;
}

const GUIDE = "docs/providers.md shows a complete provider";

/**
 * Lets a module's namespace in as a provider. Its methods are wrapped: what they throw or return
 * is checked each time. Throws ProviderError that names the source and the member at fault.
 */
export function admitProvider(namespace: unknown, origin: ModuleOrigin): LoadedProvider {
  const { name, source } = origin;
  const given = defaultExport(namespace, source);
  const result = v.safeParse(ProviderShape, given);
  if (!result.success) throw faulty(source, result.issues);
  if (result.output.name !== name) {
    throw new ProviderError(
      `Cannot use ${source}: its name is ${result.output.name}, but it is loaded as ${name}`,
      { source, member: "name", hint: "the name and the folder's name must be the same" },
    );
  }
  const dockerfile = origin.dockerfile ?? result.output.dockerfile;
  if (dockerfile === undefined) {
    throw new ProviderError(`Cannot use ${source}: it has no image`, {
      source,
      member: "dockerfile",
      hint: "put a Dockerfile beside it, or give the member dockerfile its text",
    });
  }
  // Only the methods are still needed as the module has them; each call is checked again.
  const methods = given as AgentProvider;
  const { name: _, parseSettings: _parse, provision: _provision, ...data } = result.output;
  return Object.freeze(
    {
      ...data,
      name,
      source,
      dockerfile,
      ...(origin.contextPath !== undefined && { contextPath: origin.contextPath }),
      parseSettings: (settings) =>
        checked<SettingsResult>(SettingsResultShape, source, "parseSettings()", () => {
          return methods.parseSettings(settings);
        }),
      provision: (context: ProviderContext) =>
        checked<Provisioning>(ProvisioningShape, source, "provision()", () => {
          return methods.provision(context);
        }),
    } satisfies LoadedProvider,
  );
}

function defaultExport(namespace: unknown, source: string): unknown {
  if (typeof namespace === "object" && namespace !== null && "default" in namespace) {
    return namespace.default;
  }
  throw new ProviderError(`Cannot use ${source}: it has no default export`, {
    source,
    member: "default",
    hint: "write `export default defineProvider({ ... })`; " + GUIDE,
  });
}

/** Calls one member and checks what it returns. */
function checked<T>(
  shape: v.GenericSchema<unknown, T>,
  source: string,
  member: string,
  call: () => unknown,
): T {
  let returned: unknown;
  try {
    returned = call();
  } catch (error) {
    throw new ProviderError(`Cannot use ${source}: ${member} failed: ${reasonOf(error)}`, {
      source,
      member,
      cause: error,
      hint: "this is a fault of the provider; BOT_BOTTLE_DEBUG=1 shows where",
    });
  }
  const result = v.safeParse(shape, returned);
  if (!result.success) throw faulty(source, result.issues, member);
  return result.output;
}

function faulty(
  source: string,
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
  within?: string,
): ProviderError {
  const path = v.getDotPath(issues[0]);
  const member = [within, path].filter((part) => part !== null && part !== undefined).join(".");
  const told = issues.slice(0, 5).map((issue) => {
    const place = [within, v.getDotPath(issue)].filter(Boolean).join(".") || "default export";
    return `${place}: ${wordsOf(issue)}`;
  });
  return new ProviderError(`Cannot use ${source}: ${told.join("; ")}`, {
    source,
    ...(member !== "" && { member }),
    hint: GUIDE,
  });
}

/** An issue's own words; a received value is not repeated, since it could be a credential. */
function wordsOf(issue: v.BaseIssue<unknown>): string {
  if (!issue.message.startsWith("Invalid ")) return issue.message;
  if (issue.received === "undefined") return "is missing";
  return issue.expected === null ? "is not valid" : `must be ${issue.expected}`;
}
