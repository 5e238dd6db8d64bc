/** `engine.ts ping`: whether a container engine answers. Exit codes: 0 yes, 1 no, 3 not permitted. */
import process from "node:process";
import Docker from "dockerode";

/** How long an engine may take to answer, milliseconds. */
const ANSWER_LIMIT = 5_000;

/**
 * The engine that DOCKER_HOST names, or the one at the default socket. `silence` is how long it
 * may say nothing, milliseconds; absent for no limit.
 */
export function connect(silence?: number): Docker {
  return new Docker(silence === undefined ? {} : { timeout: silence });
}

async function main(): Promise<void> {
  try {
    await connect(ANSWER_LIMIT).ping();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`Cannot reach a container engine: ${reason}\n`);
    Deno.exitCode = code === "EACCES" ? 3 : 1;
  }
}

if (import.meta.main) void main();
