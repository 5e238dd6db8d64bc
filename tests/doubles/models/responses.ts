import type { Blobs } from "./blobs.ts";
import { jobIn, type Jobs, next, type Progress, remark, type Step } from "./job.ts";
import { piCall } from "./messages.ts";

type Item = Readonly<Record<string, unknown>>;

/** A request of the Responses API, as far as the double reads it. */
export interface ResponsesRequest {
  readonly model?: string;
  readonly input?: string | readonly Item[];
  readonly tools?: readonly { readonly name?: string }[];
  /** The conversation goes on after that answer; then `input` has only what is new. */
  readonly previous_response_id?: string;
  /** `false` only prepares a connection. */
  readonly generate?: boolean;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { readonly text?: string }) => part.text ?? "").join("\n");
}

function progressOf(items: readonly Item[]): Progress {
  let job: string | undefined;
  let calls = 0;
  for (const item of items) {
    if (item["type"] === "function_call" || item["type"] === "custom_tool_call") calls++;
    if (item["role"] !== "user") continue;
    const named = jobIn(textOf(item["content"]));
    if (named !== undefined) [job, calls] = [named, 0];
  }
  return { job, calls };
}

/** The program that Codex' `exec` tool is given: its tools are functions in there. */
function codexProgram(step: Step): string {
  const show = 'text(typeof result === "string" ? result : JSON.stringify(result));';
  if (step.do === "shell" || step.do === "read") {
    const cmd = step.do === "shell" ? step.command : `cat ${step.path}`;
    return `const result = await tools.exec_command({ cmd: ${JSON.stringify(cmd)} });\n${show}`;
  }
  const lines = (text: string, sign: string): string =>
    text.split("\n").map((line) => `${sign}${line}`).join("\n");
  const change = step.do === "edit"
    ? `*** Update File: ${step.path}\n@@\n${lines(step.from, "-")}\n${lines(step.to, "+")}`
    : `*** Add File: ${step.path}\n${lines(step.content, "+")}`;
  const patch = `*** Begin Patch\n${change}\n*** End Patch\n`;
  return `const result = await tools.apply_patch(${JSON.stringify(patch)});\n${show}`;
}

function callItem(step: Step, names: ReadonlySet<string>, blobs: Blobs): Item {
  const call_id = `call_${blobs.alphanumeric(24)}`;
  if (!names.has("bash")) {
    const input = codexProgram(step);
    const id = `ctc_${blobs.hex(50)}`;
    return { type: "custom_tool_call", id, call_id, name: "exec", input, status: "completed" };
  }
  const { name, input } = piCall(step);
  const id = `fc_${blobs.hex(50)}`;
  const text = JSON.stringify(input);
  return { type: "function_call", id, call_id, name, arguments: text, status: "completed" };
}

function outputOf(items: readonly Item[], request: ResponsesRequest, about: {
  readonly jobs: Jobs;
  readonly blobs: Blobs;
}): readonly Item[] {
  if (request.generate === false) return [];
  const { jobs, blobs } = about;
  const step = next(jobs, progressOf(items));
  const message = (text: string): Item => ({
    type: "message",
    id: `msg_${blobs.hex(50)}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  });
  if (step.do === "say") return [message(step.text)];
  const reasoning = {
    type: "reasoning",
    id: `rs_${blobs.hex(50)}`,
    summary: [],
    // The real service encrypts what the model thought and has the client keep it.
    encrypted_content: `gAAAAAB${blobs.base64(1897, "url")}==`,
  };
  const names = new Set(request.tools?.map(({ name }) => name ?? ""));
  return [reasoning, message(remark(step)), callItem(step, names, blobs)];
}

/** The Responses API, which remembers conversations by the ids of its answers. */
export class ResponsesApi {
  readonly #jobs: Jobs;
  readonly #blobs: Blobs;
  readonly #conversations = new Map<string, readonly Item[]>();

  constructor(jobs: Jobs, blobs: Blobs) {
    this.#jobs = jobs;
    this.#blobs = blobs;
  }

  /** The events that answer one request. */
  answer(request: ResponsesRequest): readonly Item[] {
    const input: readonly Item[] = typeof request.input === "string"
      ? [{ type: "message", role: "user", content: request.input }]
      : request.input ?? [];
    const before = this.#conversations.get(request.previous_response_id ?? "") ?? [];
    const items = [...before, ...input];
    const output = outputOf(items, request, { jobs: this.#jobs, blobs: this.#blobs });
    const id = `resp_${this.#blobs.hex(50)}`;
    this.#conversations.set(id, [...items, ...output]);
    const usage = {
      ...{ input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    };
    const model = request.model ?? "stand-in";
    const response = { id, object: "response", created_at: 0, model, output, usage };
    const pending = { ...response, status: "in_progress", output: [], usage: null };
    return [
      { type: "response.created", response: pending },
      ...output.flatMap((item, output_index) => itemEvents(item, output_index)),
      { type: "response.completed", response: { ...response, status: "completed" } },
    ].map((event, sequence_number) => ({ ...event, sequence_number }));
  }
}

function itemEvents(item: Item, output_index: number): readonly Item[] {
  const place = { output_index, item_id: item["id"] };
  const added = {
    ...item,
    ...("arguments" in item && { arguments: "" }),
    ...("input" in item && { input: "" }),
    ...(item["type"] === "message" && { content: [] }),
  };
  const done = { type: "response.output_item.done", output_index, item };
  const start = { type: "response.output_item.added", output_index, item: added };
  if (item["type"] !== "message") return [start, done];
  const part = { type: "output_text", text: "", annotations: [] };
  const text = textOf(item["content"]);
  return [
    start,
    { type: "response.content_part.added", ...place, content_index: 0, part },
    ...text.split(/(?<= )/).map((delta) => ({
      type: "response.output_text.delta",
      ...place,
      content_index: 0,
      delta,
    })),
    { type: "response.output_text.done", ...place, content_index: 0, text },
    done,
  ];
}
