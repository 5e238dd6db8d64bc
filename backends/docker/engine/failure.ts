/** The HTTP status that the engine refused with; undefined when it did not answer at all. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("statusCode" in error && typeof error.statusCode === "number") return error.statusCode;
  if ("status" in error && typeof error.status === "number") return error.status;
  return undefined;
}

/** The engine's own words, without the client library's decoration. */
export function engineWords(error: unknown): string {
  if (typeof error === "object" && error !== null && "json" in error) {
    const { json } = error;
    if (typeof json === "object" && json !== null && "message" in json) {
      return String(json.message);
    }
  }
  return error instanceof Error ? error.message : String(error);
}
