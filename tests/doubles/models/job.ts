/** One thing that a scripted model tells its agent to do with a tool. */
export type Step =
  | { readonly do: "shell"; readonly command: string }
  | { readonly do: "read"; readonly path: string }
  | { readonly do: "edit"; readonly path: string; readonly from: string; readonly to: string }
  | { readonly do: "write"; readonly path: string; readonly content: string };

/** What the model answers next: a step, or words that end its turn. */
export type Next = Step | { readonly do: "say"; readonly text: string };

/** Scripts by the name under which a prompt asks for them. */
export type Jobs = ReadonlyMap<string, readonly Step[]>;

/** How far a conversation is. */
export interface Progress {
  /** Text of the last prompt that named a job. */
  readonly job: string | undefined;
  /** Tool calls that the model made since. */
  readonly calls: number;
}

/** The prompt that starts a job. */
export function promptFor(name: string): string {
  return `Please carry out the job below, step by step, and tell me when it is done.\nJOB: ${name}`;
}

/** The name of the job that a prompt asks for. */
export function jobIn(prompt: string): string | undefined {
  return /^JOB: (\S+)$/m.exec(prompt)?.[1];
}

/** What a model that follows the script says at this point; always the same for the same point. */
export function next(jobs: Jobs, { job, calls }: Progress): Next {
  const steps = job === undefined ? undefined : jobs.get(job);
  if (steps === undefined) return { do: "say", text: "Nothing to do here." };
  return steps[calls] ?? { do: "say", text: `The job ${job} is finished.` };
}

/** What a model says before it takes a step. */
export function remark(step: Step): string {
  if (step.do === "shell") return `I will run \`${step.command.split("\n")[0]}\` and look at it.`;
  if (step.do === "read") return `Let me read ${step.path} first.`;
  return `Now I can ${step.do} ${step.path}.`;
}
