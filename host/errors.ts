/** What an error carries besides its message. */
export interface ErrorDetails {
  /** What the user can do about it; may have several lines. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An expected failure, told to the user as an error line and a hint line, without a stack. */
export class BottleError extends Error {
  override readonly name: string = "BottleError";
  readonly hint?: string;
  /** What the program exits with when nobody handles the error. */
  readonly exitCode: number = 1;

  constructor(message: string, { hint, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    if (hint !== undefined) this.hint = hint;
  }
}

/** The command line, or a variable that stands in for it, asks for something that is not there. */
export class UsageError extends BottleError {
  override readonly name = "UsageError";
  override readonly exitCode = 2;
}

/** The user ended the program, by a signal or by leaving a prompt. */
export class Interrupted extends BottleError {
  override readonly name = "Interrupted";
  override readonly exitCode = 130;

  constructor(message = "Interrupted", details: ErrorDetails = {}) {
    super(message, details);
  }
}

/** The words of whatever was thrown, for the second half of a message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
