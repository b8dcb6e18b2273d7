/** Numbers and times as people read them. */

/** `1,234,567`. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** `1 row`, `2 rows`. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `0 %`, `0.012 %`, `42 %`, `< 0.001 %`. */
export function share(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const percent = (100 * part) / whole;
  return percent < 0.001 ? '< 0.001 %' : `${percent >= 10 ? Math.round(percent * 10) / 10 : Number(percent.toPrecision(2))} %`;
}

/** `250 ms`, `7.3 s`, `24 min 12 s`, `2 d 3 h`. */
export function duration(millis: number): string {
  if (millis < 1_000) return `${millis} ms`;
  if (millis < 60_000) return `${Number((millis / 1_000).toFixed(3))} s`;
  const seconds = Math.round(millis / 1_000);
  const parts: [number, string][] = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3_600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']];
  const first = parts.findIndex(([value]) => value > 0);
  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}`).join(' ');
}

/** `2026-03-02 14:30:00.250`, UTC; years beyond four digits as they are. */
export function moment(millis: number): string {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? `${millis} ms` : date.toISOString().replace('T', ' ').replace('Z', '');
}

/** `1.2 MB`. */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let scaled = value / 1_000, unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${scaled >= 100 ? Math.round(scaled) : Number(scaled.toPrecision(3))} ${units[unit]}`;
}

/** A number of a file: all its digits where they are few. */
export const number = (value: number): string => (Number.isInteger(value) || Math.abs(value) < 1e-4 ? String(value) : String(Number(value.toPrecision(10))));
