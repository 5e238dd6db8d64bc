import type { EchoRedactor, EchoStream } from "../../policy/dlp/inbound/echo.ts";
import type { InjectionScan } from "../../policy/dlp/inbound/injection.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { InjectionJudge } from "./inbound_judge.ts";
import { isTextual, looksTextual, Utf8View } from "./inbound_text.ts";

/** What is looked for in one body. */
export interface InspectionOptions {
  /** Of the response. */
  readonly headers: readonly Header[];
  /** Absent when the route wants none. */
  readonly injection: (() => InjectionScan) | undefined;
  readonly echo: EchoRedactor | undefined;
  /** Called at most once: one suspicious phrase that is not enough to block. */
  readonly onWarning: (reason: string) => void;
}

/** What phrases that belong together stand in, in bytes. */
const LAST_BYTES = 2 * 1024;

/**
 * Looks at one body on its way to the agent, chunk by chunk: masks the secrets that it repeats and
 * stops it where its text gives orders. Holds back nothing but what may be the beginning of a
 * secret.
 */
export class Inspection {
  readonly #options: InspectionOptions;
  readonly #echo: EchoStream | undefined;
  #text: { readonly view: Utf8View; readonly judge: InjectionJudge } | undefined;
  #isBegun = false;

  constructor(options: InspectionOptions) {
    this.#options = options;
    this.#echo = options.echo?.stream();
  }

  /** Names of the secrets that were masked in what was given so far. */
  get masked(): readonly string[] {
    return this.#echo?.found ?? [];
  }

  /**
   * Takes what came and gives what may go on. When it is known to be all, `end` judges its last
   * word.
   * @throws {InjectionFound} when nothing of it may.
   */
  push(chunk: Uint8Array, { isAll = false } = {}): Uint8Array {
    const isFirst = !this.#isBegun && chunk.length > 0;
    if (isFirst) this.#begin(chunk);
    if (this.#text !== undefined) {
      const text = this.#text.view.push(chunk);
      this.#text.judge.push(text);
      if (isFirst && !isAll) this.#judgeAsWhole(text);
    }
    return this.#echo === undefined ? chunk : this.#echo.push(chunk);
  }

  /**
   * Gives what was held back, at the end of the body.
   * @throws {InjectionFound} when it may not go on.
   */
  end(): Uint8Array {
    this.#text?.judge.end();
    return this.#echo?.end() ?? new Uint8Array(0);
  }

  #begin(start: Uint8Array): void {
    this.#isBegun = true;
    const { headers, injection, onWarning } = this.#options;
    if (injection === undefined || !(isTextual(headers) || looksTextual(start))) return;
    const judge = new InjectionJudge(injection(), onWarning);
    this.#text = { view: new Utf8View(headers), judge };
  }

  /**
   * The last word of what came first may be whole, or go on in the next chunk. While a refusal can
   * still be told, it is taken for whole.
   */
  #judgeAsWhole(text: Uint8Array): void {
    const { injection } = this.#options;
    if (injection === undefined) return;
    const judge = new InjectionJudge(injection(), () => {});
    judge.push(text.subarray(-LAST_BYTES));
    judge.end();
  }
}
