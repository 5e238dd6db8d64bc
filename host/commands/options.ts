/** What the command line says for `start`; a flag that was not given is absent. */
export interface StartOptions {
  readonly agent?: string;
  /** In the order given; empty for the agent's own. */
  readonly bottle: readonly string[];
  readonly backend?: string;
  readonly cwd?: boolean;
  readonly label?: string;
  readonly color?: string;
  readonly dryRun?: boolean;
  readonly remoteControl?: boolean;
  readonly headless?: boolean;
  readonly prompt?: string;
}

/** What the command line says for `demo`. */
export interface DemoOptions {
  readonly backend?: string;
}
