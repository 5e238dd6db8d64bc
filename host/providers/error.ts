import { BottleError, type ErrorDetails } from "../errors.ts";

/** A provider cannot be used: names its source and the member that is at fault. */
export class ProviderError extends BottleError {
  override readonly name = "ProviderError";
  /** The plugin's file, or `built-in provider <name>`. */
  readonly source: string;
  /** E.g. `user.home` or `provision()`; absent when the module as a whole is at fault. */
  readonly member?: string;

  constructor(
    message: string,
    { source, member, ...details }: ErrorDetails & { source: string; member?: string },
  ) {
    super(message, details);
    this.source = source;
    if (member !== undefined) this.member = member;
  }
}
