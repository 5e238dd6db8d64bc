import * as v from "valibot";

/** The newest (and only) version of the launch document that this program writes and reads. */
export const LAUNCH_VERSION = 1;

/** The most bytes that the sidecar reads of a launch document. */
export const LAUNCH_MAX_BYTES = 4 * 1024 * 1024;

/** Ports on which the sidecar listens towards the bottle. */
export const SIDECAR_PORTS = Object.freeze({
  egress: 9099,
  supervise: 9100,
  gitGate: 9420,
  dns: 53,
});

/** Names by which the bottle addresses the sidecar; its resolver answers these and no others. */
export const SIDECAR_NAMES: readonly string[] = Object.freeze(["sidecar", "_egress.local"]);

/** How long a held request waits for a person unless the operator says otherwise; the most. */
export const HOLD_SECONDS = Object.freeze({ usual: 300, most: 24 * 60 * 60 });

const Service = v.picklist(["egress", "dns"]);

/** A service that the sidecar's init can run. */
export type ServiceName = v.InferOutput<typeof Service>;

const ExtraHost = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  address: v.pipe(v.string(), v.nonEmpty()),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))),
});

/** A host name that the operator pinned to an address (`BOT_BOTTLE_EXTRA_HOSTS`). */
export type ExtraHost = v.InferOutput<typeof ExtraHost>;

const Hold = v.strictObject({
  /** How long a request waits for a person, in seconds. */
  timeoutSeconds: v.pipe(v.number(), v.gtValue(0), v.maxValue(HOLD_SECONDS.most)),
});

const Launch = v.strictObject({
  version: v.literal(LAUNCH_VERSION),
  /** Slug of the bottle. */
  bottle: v.pipe(v.string(), v.nonEmpty()),
  services: v.array(Service),
  egress: v.strictObject({
    /** Text of routes.yaml. */
    routes: v.string(),
    /** EGRESS_TOKEN_<n> to its value. */
    tokens: v.record(v.pipe(v.string(), v.regex(/^EGRESS_TOKEN_[0-9]+$/)), v.string()),
    /** The bottle's own certificate authority, PEM. */
    caCert: v.string(),
    /** PKCS #8 PEM of its P-256 key. */
    caKey: v.string(),
    /** PEM bundle trusted towards upstreams besides the system's roots; empty for none. */
    upstreamCa: v.string(),
    extraHosts: v.array(ExtraHost),
    /** Absent: no queue is mounted, so nothing can be put before a person. */
    hold: v.optional(Hold),
  }),
  dns: v.strictObject({
    /** Sidecar address towards the bottle, the answer for each of the sidecar's names. */
    address: v.string(),
  }),
  /**
   * An address on the bottle's own network that must not answer (the host's end of the bridge);
   * the sidecar refuses to become ready while it does. Empty when the backend has none.
   */
  mustNotAnswer: v.string(),
});

/**
 * What the launcher tells the sidecar's init over its standard input, as one JSON document ended
 * by end of file: the only way secrets enter the sidecar, so they stand in no argument list,
 * image, label, container configuration or file.
 */
export type SidecarLaunch = v.InferOutput<typeof Launch>;

const EgressService = v.strictObject({
  /** Slug of the bottle. */
  bottle: Launch.entries.bottle,
  tokens: Launch.entries.egress.entries.tokens,
  caCert: Launch.entries.egress.entries.caCert,
  caKey: Launch.entries.egress.entries.caKey,
  upstreamCa: Launch.entries.egress.entries.upstreamCa,
  extraHosts: Launch.entries.egress.entries.extraHosts,
  hold: Launch.entries.egress.entries.hold,
});

/**
 * What the sidecar's init tells the egress process over its standard input, ended by end of
 * file, so that no secret stands in an environment. Routes are in the file at
 * {@linkcode ROUTES_PATH}.
 */
export type EgressService = v.InferOutput<typeof EgressService>;

/** Parses what {@linkcode EgressService} says. Throws `v.ValiError` or `SyntaxError`. */
export function parseEgressService(text: string): EgressService {
  return v.parse(EgressService, JSON.parse(text));
}

/** Where the sidecar's live policy lies; a reload replaces it and sends SIGHUP to the init. */
export const ROUTES_PATH = "/etc/egress/routes.yaml";

/** The account of the egress process, unless the queue belongs to an operator who is not root. */
export const EGRESS_UID = 9001;

/** Where the bottle's proposal queue is mounted in the sidecar. */
export const QUEUE_PATH = "/run/bot-bottle/queue";

/** The line that each service prints on stdout, once, when it serves. */
export const SERVICE_READY_LINE = "ready";

/** Parses a launch document. Throws `v.ValiError` or `SyntaxError` on anything else. */
export function parseLaunch(text: string): SidecarLaunch {
  return v.parse(Launch, JSON.parse(text));
}

/** The line that the sidecar prints on stdout, once, when every service is ready. */
export const READY_LINE = "bot-bottle sidecar ready";
