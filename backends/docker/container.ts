import { BackendError } from "../backend.ts";
import type { Engine } from "./engine/engine.ts";
import { engineWords, statusOf } from "./engine/failure.ts";
import { nameTaken, RangeTaken } from "./networks.ts";

/** A container as the engine's API describes one, with the name that it gets. */
export interface ContainerConfig {
  readonly name: string;
  readonly Image: string;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** What holds for both containers of a bottle. */
export const CONFINEMENT = Object.freeze({
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges:true"],
  IpcMode: "private",
  RestartPolicy: { Name: "no" },
  /** No IPv6, not even link-local, and no forwarding between a container's interfaces. */
  Sysctls: Object.freeze({
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
    "net.ipv4.ip_forward": "0",
  }),
});

/** Makes a container and resolves with its id. */
export async function createContainer(engine: Engine, config: ContainerConfig): Promise<string> {
  const { name, ...body } = config;
  try {
    const path = `/containers/create?name=${encodeURIComponent(name)}`;
    return (await engine.call<{ Id: string }>("POST", path, body)).Id;
  } catch (error) {
    if (statusOf(error) === 409) throw nameTaken(`container ${name}`, error);
    throw error;
  }
}

/** The engine's refusal as an expected failure; such a failure itself passes as it is. */
export function explainStart(what: string, error: unknown): Error {
  if (error instanceof BackendError || error instanceof RangeTaken) return error;
  return new BackendError(`Cannot start ${what}: ${engineWords(error)}`, {
    hint: "see the engine's own log; `bot-bottle doctor` checks what a bottle needs",
    cause: error,
  });
}
