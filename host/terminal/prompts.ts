import process from "node:process";
import * as clack from "@clack/prompts";
import { Interrupted } from "../errors.ts";
import { sanitize } from "./sanitize.ts";

/** One thing to choose. */
export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  /** A few words beside it. */
  readonly detail?: string;
}

/** Questions on the terminal. Leaving one (Ctrl-C, Escape, a signal) throws Interrupted. */
export interface Prompts {
  /** Yes or no; no unless said otherwise. */
  confirm(question: string, options?: { initial?: boolean }): Promise<boolean>;
  /** One of the choices. */
  select<T>(question: string, choices: readonly Choice<T>[]): Promise<T>;
  /** At least one of the choices, in the order in which they were taken. */
  selectInOrder<T>(question: string, choices: readonly Choice<T>[]): Promise<T[]>;
  /** A line of text; `problem` says what is wrong with it, or nothing. */
  text(question: string, options?: TextOptions): Promise<string>;
  /** A line of text that is not shown as it is typed. */
  secret(question: string): Promise<string>;
}

export interface TextOptions {
  readonly initial?: string;
  problem?(text: string): string | undefined;
}

/** Prompts on standard input and standard error, so that standard output stays data. */
export function createPrompts(signal?: AbortSignal): Prompts {
  const common = { output: process.stderr, ...(signal ? { signal } : {}) };

  async function confirm(question: string, { initial = false } = {}): Promise<boolean> {
    const message = sanitize(question);
    return answered(await clack.confirm({ ...common, message, initialValue: initial }));
  }

  async function select<T>(question: string, choices: readonly Choice<T>[]): Promise<T> {
    // The library wants plain values; the position stands for the choice.
    const options = choices.map((choice, value) => ({
      value,
      label: sanitize(choice.label),
      ...(choice.detail ? { hint: sanitize(choice.detail) } : {}),
    }));
    const position = answered(
      await clack.select({ ...common, message: sanitize(question), options, maxItems: 12 }),
    );
    const choice = choices[position];
    if (!choice) throw new Interrupted();
    return choice.value;
  }

  async function selectInOrder<T>(question: string, choices: readonly Choice<T>[]): Promise<T[]> {
    const taken: Choice<T>[] = [];
    while (taken.length < choices.length) {
      const left: Choice<Choice<T> | undefined>[] = choices
        .filter((choice) => !taken.includes(choice))
        .map((choice) => ({ ...choice, value: choice }));
      if (taken.length > 0) left.unshift({ value: undefined, label: "(no more)" });
      const so = taken.map((choice) => choice.label).join(", ");
      const next = await select(so === "" ? question : `${question} (after ${so})`, left);
      if (!next) break;
      taken.push(next);
    }
    return taken.map((choice) => choice.value);
  }

  async function text(question: string, { initial, problem }: TextOptions = {}): Promise<string> {
    return answered(
      await clack.text({
        ...common,
        message: sanitize(question),
        ...(initial === undefined ? {} : { initialValue: initial }),
        validate: (value) => problem?.(value ?? ""),
      }),
    );
  }

  async function secret(question: string): Promise<string> {
    return answered(await clack.password({ ...common, message: sanitize(question) }));
  }

  return { confirm, select, selectInOrder, text, secret };
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer === "symbol") throw new Interrupted();
  return answer as Exclude<T, symbol>;
}
