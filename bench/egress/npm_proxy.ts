import { Child } from "./child.ts";
import type { Proxy, Upstream } from "./rig.ts";

const COMMAND = "node";

/** How to get it. */
export const NPM_PROXY_HINT = "node, which http-mitm-proxy runs on, is not installed: apt-get " +
  "install nodejs";

/** Can http-mitm-proxy be run here? */
export async function hasNode(): Promise<boolean> {
  try {
    return (await new Deno.Command(COMMAND, { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * http-mitm-proxy, forwarding and no more: no rule, no scan. It runs on Node, for which it is made
 * and where it is fastest, as one file with the version that deno.json names.
 */
export async function startNpmProxy(upstream: Upstream): Promise<Proxy> {
  const { folder, port, signal } = upstream;
  const bundle = `${folder}/http-mitm-proxy.mjs`;
  const source = new URL("npm_proxy_process.ts", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=deno", `--output=${bundle}`, source],
  }).output();
  if (!success) throw new Error(`Cannot bundle a peer: ${new TextDecoder().decode(stderr)}`);
  const state = `${folder}/http-mitm-proxy`;
  const child = await Child.start(COMMAND, { args: [bundle, state, String(port)] });
  try {
    return {
      port: Number(await child.line(signal)),
      pid: child.pid,
      caPem: await Deno.readTextFile(`${state}/certs/ca.pem`),
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}
