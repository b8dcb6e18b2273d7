/** Lengths of time as Flink's options have them. */

/** Names of a unit in milliseconds. */
const units: readonly (readonly [readonly string[], number])[] = [
  [['', 'ms', 'milli', 'millis', 'millisecond', 'milliseconds'], 1],
  [['s', 'sec', 'secs', 'second', 'seconds'], 1_000],
  [['m', 'min', 'mins', 'minute', 'minutes'], 60_000],
  [['h', 'hour', 'hours'], 3_600_000],
  [['d', 'day', 'days'], 86_400_000],
];

/** Milliseconds of `1 h`, `90 s`, `500 ms` or `500`; null for anything else. */
export function flinkMillis(text: string): number | null {
  const [, amount = '', unit = ''] = /^(\d+)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const millis = units.find(([names]) => names.includes(unit.toLowerCase()))?.[1];
  const length = Number(amount) * (millis ?? 0);
  return amount === '' || millis === undefined || !Number.isSafeInteger(length) ? null : length;
}
