import { parseArgs } from "node:util";
import { ROUTES_PATH, SIDECAR_PORTS } from "../policy/wire/launch.ts";

/** Where services listen and find what they read. */
export interface Placement {
  /** Address to listen on; absent means the launch document's, on the bottle's network alone. */
  readonly address?: string;
  readonly routesPath: string;
  readonly egressPort: number;
  readonly dnsPort: number;
  /** Run services under the init's own account: it may not change to another. */
  readonly keepUid: boolean;
}

/** In the sidecar's image, where the container is all theirs, no argument is given. */
export const IN_IMAGE: Placement = Object.freeze({
  routesPath: ROUTES_PATH,
  egressPort: SIDECAR_PORTS.egress,
  dnsPort: SIDECAR_PORTS.dns,
  keepUid: false,
});

/**
 * Reads the init's arguments: `--address A --routes PATH --egress-port N --dns-port N --keep-uid`.
 * @throws {TypeError} on an unknown one.
 */
export function parsePlacement(args: readonly string[]): Placement {
  if (args.length === 0) return IN_IMAGE;
  const { values } = parseArgs({
    args: [...args],
    options: {
      address: { type: "string" },
      routes: { type: "string" },
      "egress-port": { type: "string" },
      "dns-port": { type: "string" },
      "keep-uid": { type: "boolean" },
    },
  });
  return {
    ...(values.address !== undefined && { address: values.address }),
    routesPath: values.routes ?? IN_IMAGE.routesPath,
    egressPort: port(values["egress-port"], IN_IMAGE.egressPort),
    dnsPort: port(values["dns-port"], IN_IMAGE.dnsPort),
    keepUid: values["keep-uid"] ?? false,
  };
}

function port(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 65535) throw new TypeError(`Cannot listen on port ${text}: no port`);
  return value;
}
