import { QUEUE_PATH, ROUTES_PATH, SIDECAR_PORTS } from "../policy/wire/launch.ts";

/** Where services listen and find what they read. */
export interface Placement {
  /** Address to listen on towards the bottle. */
  readonly address: string;
  readonly routesPath: string;
  /** Folder of the proposal queue, which need not be there. */
  readonly queuePath: string;
  /** The account that the queue belongs to, found when the init starts; absent for root or none. */
  readonly queueOwner?: number;
  readonly egressPort: number;
  readonly dnsPort: number;
  /** Run services under the init's own account: it may not change to another. */
  readonly keepUid: boolean;
}

/** In the sidecar's image, where the container is all theirs, no argument is given. */
export const IN_IMAGE: Placement = Object.freeze({
  address: "0.0.0.0",
  routesPath: ROUTES_PATH,
  queuePath: QUEUE_PATH,
  egressPort: SIDECAR_PORTS.egress,
  dnsPort: SIDECAR_PORTS.dns,
  keepUid: false,
});

/**
 * Reads the init's arguments: `--address=A --routes=PATH --queue=PATH --egress-port=N --dns-port=N --keep-uid`.
 * @throws {TypeError} on any other.
 */
export function parsePlacement(args: readonly string[]): Placement {
  return args.reduce(withArgument, IN_IMAGE);
}

function withArgument(placement: Placement, argument: string): Placement {
  const [name = "", value = ""] = argument.split("=", 2);
  switch (name) {
    case "--address":
      return { ...placement, address: value };
    case "--routes":
      return { ...placement, routesPath: value };
    case "--queue":
      return { ...placement, queuePath: value };
    case "--egress-port":
      return { ...placement, egressPort: port(value) };
    case "--dns-port":
      return { ...placement, dnsPort: port(value) };
    case "--keep-uid":
      return { ...placement, keepUid: true };
    default:
      throw new TypeError(`Cannot start: unknown argument ${name}`);
  }
}

function port(text: string): number {
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 65535) return value;
  throw new TypeError(`Cannot start: ${text} is no port`);
}
