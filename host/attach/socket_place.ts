/** A place for a bottle's socket. */
export interface SocketPlace {
  readonly path: string;
  /** Set when the place is not in the state folder and others must be told of it. */
  readonly elsewhere: boolean;
  /** Removes what was made for it. */
  release(): Promise<void>;
}

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, its final zero among them. */
const MAX_PATH_BYTES = 103;

const SOCKET_FILE = "attach.sock";

/** Where the socket of a bottle lies when its path is short enough. */
export function usualSocketPath(stateFolder: string): string {
  return `${stateFolder}/${SOCKET_FILE}`;
}

/**
 * The usual place of a bottle's socket, or, when that path is too long for one, a fresh private
 * folder under `runtimeFolder` (XDG_RUNTIME_DIR, or the temporary folder when absent).
 */
export async function findSocketPlace(
  stateFolder: string,
  runtimeFolder: string | undefined,
): Promise<SocketPlace> {
  const usual = usualSocketPath(stateFolder);
  if (new TextEncoder().encode(usual).length <= MAX_PATH_BYTES) {
    return { path: usual, elsewhere: false, release: () => remove(usual) };
  }
  const folder = await Deno.makeTempDir({
    prefix: "bot-bottle-",
    ...(runtimeFolder ? { dir: runtimeFolder } : {}),
  });
  return { path: `${folder}/${SOCKET_FILE}`, elsewhere: true, release: () => remove(folder) };
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(() => {});
}
