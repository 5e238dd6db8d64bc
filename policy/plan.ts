import type { EgressPolicy } from "./egress/route.ts";
import type { ExtraHost, ServiceName } from "./wire/launch.ts";
import type { Secret } from "./secret.ts";

/** A file to place in the bottle before the agent starts. */
export interface BottleFile {
  /** Absolute path inside the bottle. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
  readonly owner: "agent" | "root";
}

/** A folder of the host to copy (never mount) into the bottle, owned by the agent's user. */
export interface BottleFolder {
  /** Absolute path inside the bottle. */
  readonly path: string;
  /** Absolute path on the host. */
  readonly hostPath: string;
}

/** The account that the agent runs under inside the bottle. */
export interface BottleUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Absolute path of its home. */
  readonly home: string;
}

/** Terminal colours that a bottle may carry. */
export const COLORS = Object.freeze(["red", "green", "yellow", "blue", "magenta"] as const);
export type Color = (typeof COLORS)[number];

/** What identifies a bottle; stands in labels and metadata, so it holds nothing secret. */
export interface BottleIdentity {
  readonly slug: string;
  readonly agent: string;
  readonly bottles: readonly string[];
  readonly provider: string;
  readonly label?: string;
  readonly color?: Color;
}

/** How the agent's root file system is made. */
export interface ImagePlan {
  /** Repository name of the built image; the tag is a hash of the content. */
  readonly name: string;
  /** Text of the Dockerfile. */
  readonly dockerfile: string;
  /** Host folder sent as build context; absent means the Dockerfile alone. */
  readonly contextPath?: string;
  /** An image that exists already (a frozen bottle) and is used as it is. */
  readonly committed?: string;
}

/** Everything that goes into the bottle itself. */
export interface AgentPlan {
  readonly user: BottleUser;
  /** Absolute path; the agent starts here. */
  readonly workdir: string;
  /** The agent's environment, without the names that every backend sets itself. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly BottleFile[];
  readonly folders: readonly BottleFolder[];
  /** Argument vectors run once, in order, as the agent's user, before the agent starts. */
  readonly setup: readonly (readonly string[])[];
}

/** The bottle's certificate authority; the key goes to the egress process alone. */
export interface BottleCa {
  readonly certPem: string;
  readonly keyPem: Secret;
}

/** Everything that goes into the sidecar. */
export interface SidecarPlan {
  readonly services: readonly ServiceName[];
  /** Routes name EGRESS_TOKEN_<n>; the values are in `tokens`. */
  readonly policy: EgressPolicy;
  readonly tokens: ReadonlyMap<string, Secret>;
  readonly ca: BottleCa;
  /** PEM bundle of the operator's, trusted towards upstreams besides the system's roots. */
  readonly upstreamCa: string;
  readonly extraHosts: readonly ExtraHost[];
  /** Absent: nobody is asked, and what would wait for a person is refused. */
  readonly queue?: QueuePlan;
}

/** How requests are put before a person. */
export interface QueuePlan {
  /** Absolute path on the host, made before the launch. */
  readonly folder: string;
  /** How long a request waits for an answer. */
  readonly timeoutSeconds: number;
}

/** A fully resolved bottle: what every backend launches from. */
export interface BottlePlan {
  readonly identity: BottleIdentity;
  readonly image: ImagePlan;
  readonly agent: AgentPlan;
  readonly sidecar: SidecarPlan;
}
