/** One line of `doctor`. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  /** What is the case. */
  readonly detail: string;
  /** What to do about it; absent when all is well. */
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, status: "ok", detail };
}

export function warn(name: string, detail: string, remedy: string): Check {
  return { name, status: "warn", detail, remedy };
}

export function fail(name: string, detail: string, remedy: string): Check {
  return { name, status: "fail", detail, remedy };
}
