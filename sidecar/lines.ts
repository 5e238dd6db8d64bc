/** The longest line that is passed on whole, in characters. */
const MAX_LINE = 16 * 1024;

/** Hands on each line of a stream without its line break; overlong ones in pieces. */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    if (rest.length > MAX_LINE) {
      take(rest);
      rest = "";
    }
  }
  if (rest !== "") take(rest);
}
