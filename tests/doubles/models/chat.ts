import type { Blobs } from "./blobs.ts";
import { jobIn, type Jobs, next, type Progress, remark } from "./job.ts";
import { piCall } from "./messages.ts";

/** A request of the Chat Completions API, as far as the double reads it. */
export interface ChatRequest {
  readonly model?: string;
  readonly messages?: readonly {
    readonly role: string;
    readonly content?: string | readonly { readonly text?: string }[] | null;
    readonly tool_calls?: readonly unknown[];
  }[];
}

function progressOf({ messages = [] }: ChatRequest): Progress {
  let job: string | undefined;
  let calls = 0;
  for (const { role, content, tool_calls } of messages) {
    calls += tool_calls?.length ?? 0;
    if (role !== "user") continue;
    const text = typeof content === "string"
      ? content
      : content?.map((part) => part.text ?? "").join("\n") ?? "";
    const named = jobIn(text);
    if (named !== undefined) [job, calls] = [named, 0];
  }
  return { job, calls };
}

/** The chunks of the streamed answer to one request. */
export function answerChat(
  request: ChatRequest,
  jobs: Jobs,
  blobs: Blobs,
): readonly Readonly<Record<string, unknown>>[] {
  const step = next(jobs, progressOf(request));
  const chunk = (delta: object, finish_reason: string | null, usage?: object) => ({
    id: `chatcmpl-${blobs.alphanumeric(29)}`,
    object: "chat.completion.chunk",
    created: 0,
    model: request.model ?? "stand-in",
    choices: [{ index: 0, delta, finish_reason }],
    ...(usage && { usage }),
  });
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const text = step.do === "say" ? step.text : remark(step);
  const words = text.split(/(?<= )/).map((content) => chunk({ content }, null));
  const start = chunk({ role: "assistant", content: "" }, null);
  if (step.do === "say") return [start, ...words, chunk({}, "stop", usage)];
  const { name, input } = piCall(step);
  const call = { index: 0, id: `call_${blobs.alphanumeric(24)}`, type: "function" };
  const [first = "", ...pieces] = JSON.stringify(input).match(/.{1,60}/gsu) ?? [];
  return [
    start,
    ...words,
    chunk({ tool_calls: [{ ...call, function: { name, arguments: first } }] }, null),
    ...pieces.map((piece) =>
      chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }, null)
    ),
    chunk({}, "tool_calls", usage),
  ];
}
