import { createHash } from "node:crypto";
import { type CompiledPolicy, compilePolicy } from "../../policy/egress/compile.ts";
import { parseRoutesYaml } from "../../policy/egress/routes_yaml.ts";
import type { Dialer } from "./dial.ts";
import { Upstreams } from "./upstreams.ts";

/** What one request is decided and sent by, from its start to its end. */
export interface Snapshot {
  readonly compiled: CompiledPolicy;
  readonly upstreams: Upstreams;
  /** SHA-256 of the text of routes.yaml, in hexadecimal digits. */
  readonly hash: string;
}

export type ReloadResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The policy in force. A text that does not parse leaves the last good one. */
export class LivePolicy {
  readonly #dialer: Dialer;
  #current: Snapshot | undefined;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  /** @throws {Error} before the first policy was taken. */
  get current(): Snapshot {
    if (this.#current === undefined) throw new Error("Cannot decide: no policy was loaded");
    return this.#current;
  }

  /** Takes the text of routes.yaml into force, or says why not. */
  take(text: string): ReloadResult {
    const parsed = parseRoutesYaml(text);
    if (!parsed.ok) {
      const reason = parsed.issues.map((issue) => `line ${issue.line}: ${issue.message}`).join(
        "; ",
      );
      return { ok: false, reason };
    }
    let compiled: CompiledPolicy;
    try {
      compiled = compilePolicy(parsed.policy);
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
    const previous = this.#current;
    const hash = createHash("sha256").update(text).digest("hex");
    this.#current = { compiled, upstreams: new Upstreams(this.#dialer), hash };
    previous?.upstreams.retire();
    return { ok: true };
  }
}
