const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A count of bytes for people, e.g. `1.5 GiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${SIZES[unit] ?? "B"}`;
}

/** A time span for people in its one or two largest units, e.g. `2h 5m`, `350ms`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`;
  const seconds = Math.floor(milliseconds / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(first, first + 2).filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`).join(" ");
}

/** How long ago an ISO 8601 time was; `?` for what is no time. */
export function formatAge(time: string, now: number): string {
  const then = Date.parse(time);
  return Number.isNaN(then) ? "?" : formatDuration(Math.max(0, now - then));
}
