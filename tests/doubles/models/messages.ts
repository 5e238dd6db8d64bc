import type { Blobs } from "./blobs.ts";
import { jobIn, type Jobs, next, type Progress, remark, type Step } from "./job.ts";

interface Block {
  readonly type: string;
  readonly text?: string;
}

/** A request of the Messages API, as far as the double reads it. */
export interface MessagesRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly {
    readonly role: string;
    readonly content: string | readonly Block[];
  }[];
  readonly tools?: readonly { readonly name: string }[];
}

type Content = Readonly<Record<string, unknown>> & { readonly type: string };

/** A server-sent event. */
export type Event = readonly [name: string, data: Readonly<Record<string, unknown>>];

function progressOf({ messages = [] }: MessagesRequest): Progress {
  let job: string | undefined;
  let calls = 0;
  for (const { role, content } of messages) {
    const blocks: readonly Block[] = typeof content === "string"
      ? [{ type: "text", text: content }]
      : content;
    if (role === "assistant") calls += blocks.filter(({ type }) => type === "tool_use").length;
    if (role !== "user") continue;
    const named = blocks.map(({ text }) => jobIn(text ?? "")).find((name) => name !== undefined);
    if (named !== undefined) [job, calls] = [named, 0];
  }
  return { job, calls };
}

/** Claude Code's tools begin with a capital, pi's do not and take other parameters. */
function toolCall(step: Step, names: ReadonlySet<string>): { name: string; input: unknown } {
  if (!names.has("Bash")) return piCall(step);
  if (step.do === "shell") {
    return { name: "Bash", input: { command: step.command, description: "as the job asks" } };
  }
  if (step.do === "read") return { name: "Read", input: { file_path: step.path } };
  if (step.do === "write") {
    return { name: "Write", input: { file_path: step.path, content: step.content } };
  }
  const input = { file_path: step.path, old_string: step.from, new_string: step.to };
  return { name: "Edit", input };
}

/** A call of one of pi's tools, which are the same over each API. */
export function piCall(step: Step): { readonly name: string; readonly input: unknown } {
  if (step.do === "shell") return { name: "bash", input: { command: step.command } };
  if (step.do === "read") return { name: "read", input: { path: step.path } };
  if (step.do === "write") {
    return { name: "write", input: { path: step.path, content: step.content } };
  }
  const edits = [{ oldText: step.from, newText: step.to }];
  return { name: "edit", input: { path: step.path, edits } };
}

function contents(request: MessagesRequest, jobs: Jobs, blobs: Blobs): readonly Content[] {
  const names = new Set(request.tools?.map(({ name }) => name));
  const step = names.size === 0 ? next(jobs, { job: undefined, calls: 0 }) : next(
    jobs,
    progressOf(request),
  );
  if (step.do === "say") return [{ type: "text", text: step.text }];
  return [
    { type: "thinking", thinking: remark(step), signature: `${blobs.base64(703)}=` },
    { type: "text", text: remark(step) },
    { type: "tool_use", id: `toolu_01${blobs.alphanumeric(22)}`, ...toolCall(step, names) },
  ];
}

function deltas(block: Content): readonly Content[] {
  if (block.type === "thinking") {
    return [
      { type: "thinking_delta", thinking: block["thinking"] },
      { type: "signature_delta", signature: block["signature"] },
    ];
  }
  if (block.type === "text") {
    return String(block["text"]).split(/(?<= )/).map((text) => ({ type: "text_delta", text }));
  }
  const json = JSON.stringify(block["input"]).match(/.{1,60}/gsu) ?? [];
  return json.map((partial_json) => ({ type: "input_json_delta", partial_json }));
}

function emptied(block: Content): Content {
  if (block.type === "thinking") return { type: "thinking", thinking: "", signature: "" };
  return block.type === "text" ? { type: "text", text: "" } : { ...block, input: {} };
}

/** The answer to one request: the message as a whole, and as the events of a stream. */
export function answerMessages(
  request: MessagesRequest,
  jobs: Jobs,
  blobs: Blobs,
): { readonly whole: Readonly<Record<string, unknown>>; readonly events: readonly Event[] } {
  const content = contents(request, jobs, blobs);
  const stop_reason = content.at(-1)?.type === "tool_use" ? "tool_use" : "end_turn";
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = {
    id: `msg_01${blobs.alphanumeric(22)}`,
    type: "message",
    role: "assistant",
    model: request.model ?? "stand-in",
    stop_sequence: null,
    usage,
  };
  const event = (type: string, data: object): Event => [type, { type, ...data }];
  const blocks = content.flatMap((block, index) => [
    event("content_block_start", { index, content_block: emptied(block) }),
    ...deltas(block).map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ]);
  return {
    whole: { ...message, content, stop_reason },
    events: [
      event("message_start", { message: { ...message, content: [], stop_reason: null } }),
      ...blocks,
      event("message_delta", { delta: { stop_reason, stop_sequence: null }, usage }),
      event("message_stop", {}),
    ],
  };
}
