import type { InjectionScan, InjectionVerdict } from "../../policy/dlp/inbound/injection.ts";

/** Text that tries to give the agent orders; what holds it is not sent on. */
export class InjectionFound extends Error {
  override readonly name = "InjectionFound";
}

/** Says no as soon as a text is an attack, and warns once where it may be one. */
export class InjectionJudge {
  readonly #scan: InjectionScan;
  readonly #onWarning: (reason: string) => void;
  #hasWarned = false;

  constructor(scan: InjectionScan, onWarning: (reason: string) => void) {
    this.#scan = scan;
    this.#onWarning = onWarning;
  }

  /** @throws {InjectionFound} when nothing from these bytes on may be sent. */
  push(utf8: Uint8Array): void {
    this.#judge(() => this.#scan.push(utf8));
  }

  /** @throws {InjectionFound} when what ends here may not be sent. */
  end(): void {
    this.#judge(() => this.#scan.end());
  }

  #judge(look: () => InjectionVerdict): void {
    let verdict: InjectionVerdict;
    try {
      verdict = look();
    } catch (error) {
      // A detector that fails counts as a match.
      throw new InjectionFound("naive_injection_detection failed", { cause: error });
    }
    const { level, phrases } = verdict;
    if (level === "clean") return;
    const reason = `naive_injection_detection: ${phrases.join(", ")}`;
    if (level === "block") throw new InjectionFound(reason);
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#onWarning(reason);
  }
}
