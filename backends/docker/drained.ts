/** What both kinds of streams that are written here have in common. */
interface Drains {
  once(event: "drain" | "close", listener: () => void): unknown;
  removeListener(event: "drain" | "close", listener: () => void): unknown;
}

/** Resolves when `sink` takes more, or when `whole` (which it is part of) is closed for good. */
export function drained(sink: Drains, whole: Drains = sink): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      sink.removeListener("drain", done);
      whole.removeListener("close", done);
      resolve();
    };
    sink.once("drain", done);
    whole.once("close", done);
  });
}
