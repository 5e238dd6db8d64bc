/** How long one attempt may take, in milliseconds: a dropped packet is not answered at all. */
export const LIMIT = 1500;

/** Settles as `work` does, or with `late` after `ms` milliseconds. */
export function within<T>(work: Promise<T>, late: T, ms: number = LIMIT): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

/** The code of a system error, or the words of another. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
