/**
 * The load on every proxy, in a process of its own and the same for each: raw HTTP/1.1 on the
 * runtime's own TLS, no HTTP library. Trusts what `--cert` names. Reads one {@linkcode Order} in
 * JSON for each line of standard input and answers each with a line that is its
 * {@linkcode Report}.
 */
import { eachLine } from "../../sidecar/lines.ts";
import { Connection } from "./connection.ts";
import { HOST, type Load, type Measured, type Order, type Report, type Target } from "./load.ts";
import { jsonBody } from "./payload.ts";

type LoadOf<K extends Load["kind"]> = Extract<Load, { kind: K }>;

/** What agents' clients send besides; the credential is one that the proxy has to replace. */
const USUAL_HEADERS = [
  `Host: ${HOST}`,
  "User-Agent: bench/1.0 (linux; x64)",
  "Accept: application/json, text/event-stream",
  "Authorization: Bearer placeholder",
  "X-Request-Id: 5f0c2f5e-3f2b-4f6e-9a51-0c2b54d6a5ce",
  "Content-Type: application/json",
];

function requestHead(method: string, path: string, length?: number): Uint8Array {
  const lines = [`${method} ${path} HTTP/1.1`, ...USUAL_HEADERS];
  if (length !== undefined) lines.push(`Content-Length: ${length}`);
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

function summary(rate: number, times: readonly number[]): Measured {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { rate, p50: at(0.5), p99: at(0.99) };
}

/** Runs `once` on each of `count` lanes until the time is over. */
async function inLanes(
  { count, ms }: { readonly count: number; readonly ms: number },
  lane: (until: () => boolean, times: number[]) => Promise<void>,
): Promise<Measured> {
  const times: number[] = [];
  const start = performance.now();
  const isOver = (): boolean => performance.now() - start >= ms;
  await Promise.all(Array.from({ length: count }, () => lane(isOver, times)));
  return summary(times.length / ((performance.now() - start) / 1000), times);
}

async function requests(target: Target, load: LoadOf<"requests">): Promise<Measured> {
  const { path, bodyBytes, connections: count, ms } = load;
  const request = bodyBytes === undefined
    ? requestHead("GET", path)
    : Buffer.concat([requestHead("POST", path, bodyBytes), jsonBody(bodyBytes)]);
  const opened = await Promise.all(
    Array.from({ length: count }, () => Connection.open(target)),
  );
  const idle = [...opened];
  try {
    return await inLanes({ count, ms }, async (isOver, times) => {
      const connection = idle.pop();
      while (connection !== undefined && !isOver()) {
        const start = performance.now();
        await connection.exchange(request);
        times.push(performance.now() - start);
      }
    });
  } finally {
    for (const connection of opened) connection[Symbol.dispose]();
  }
}

function connections(target: Target, load: LoadOf<"connections">): Promise<Measured> {
  const request = requestHead("GET", "/small");
  return inLanes({ count: load.connections, ms: load.ms }, async (isOver, times) => {
    while (!isOver()) {
      const start = performance.now();
      using connection = await Connection.open(target);
      await connection.exchange(request);
      times.push(performance.now() - start);
    }
  });
}

async function download(target: Target, load: LoadOf<"download" | "upload">): Promise<Measured> {
  using connection = await Connection.open(target);
  const start = performance.now();
  const { bytes } = await connection.exchange(requestHead("GET", `/download/${load.bytes}`));
  const elapsed = performance.now() - start;
  if (bytes < load.bytes) throw new Error(`${bytes} bytes came instead of ${load.bytes}`);
  return summary(load.bytes / (elapsed / 1000), [elapsed]);
}

async function upload(target: Target, load: LoadOf<"download" | "upload">): Promise<Measured> {
  using connection = await Connection.open(target);
  const start = performance.now();
  await connection.exchange(uploadOf(load.bytes));
  const elapsed = performance.now() - start;
  return summary(load.bytes / (elapsed / 1000), [elapsed]);
}

function* uploadOf(bytes: number): Generator<Uint8Array> {
  const chunk = jsonBody(256 * 1024);
  yield requestHead("POST", "/upload", bytes);
  for (let left = bytes; left > 0; left -= chunk.length) {
    yield chunk.subarray(0, Math.min(left, chunk.length));
  }
}

async function firstByte(target: Target, load: LoadOf<"first_byte">): Promise<Measured> {
  using connection = await Connection.open(target);
  const request = requestHead("GET", "/events");
  const times: number[] = [];
  for (let round = 0; round < load.count; round++) {
    const start = performance.now();
    const answered = await connection.exchange(request);
    times.push(answered.firstByte - start);
  }
  return summary(times.length, times);
}

function perform({ target, load }: Order): Promise<Measured> {
  switch (load.kind) {
    case "requests":
      return requests(target, load);
    case "connections":
      return connections(target, load);
    case "download":
      return download(target, load);
    case "upload":
      return upload(target, load);
    case "first_byte":
      return firstByte(target, load);
  }
}

if (import.meta.main) {
  await eachLine(Deno.stdin.readable, (line) => {
    perform(JSON.parse(line)).then(
      (measured): Report => ({ measured }),
      (error): Report => ({ error: error instanceof Error ? error.message : String(error) }),
    ).then((report) => console.log(JSON.stringify(report)));
  });
}
