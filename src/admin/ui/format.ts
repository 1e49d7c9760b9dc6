const numbers = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });
const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** `12,345`. */
export function formatNumber(value: number): string {
  return numbers.format(value);
}

/** `1 tenant`, `2,000 tenants`. */
export function formatCount(value: number, one: string, many: string = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

/** `1.4 MB`, in powers of 1,024, as the engines count. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : formatNumber(Math.round(value))} ${units[unit]}`;
}

/** `82 ms`, `1.3 s`, `4 min 12 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  return `${Math.floor(durationMs / 60_000)} min ${Math.round((durationMs % 60_000) / 1000)} s`;
}

/** `3 min ago`; the date itself from two months on. */
export function formatRelative(moment: Date, now: Date): string {
  const seconds = (moment.getTime() - now.getTime()) / 1000;
  const steps: readonly [number, number, Intl.RelativeTimeFormatUnit][] = [
    [45, 1, "second"],
    [45 * 60, 60, "minute"],
    [22 * 3600, 3600, "hour"],
    [60 * 86_400, 86_400, "day"],
  ];
  for (const [limit, length, unit] of steps) {
    if (Math.abs(seconds) >= limit) continue;
    return unit === "second" ? "just now" : relative.format(Math.round(seconds / length), unit);
  }
  return moment.toISOString().slice(0, 10);
}

/** Date, time and zone, where the person is. */
export function formatMoment(moment: Date): string {
  return moments.format(moment);
}

/** `5 Nov`, of a day such as `2026-11-05`. */
export function formatDay(day: string): string {
  return days.format(new Date(`${day.slice(0, 10)}T00:00:00Z`));
}
