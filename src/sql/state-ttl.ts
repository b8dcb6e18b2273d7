/** How long what is never finished is remembered: SET 'table.exec.state.ttl', and the hint STATE_TTL. */
import type { Place } from '../plan/expression.js';
import { sqlInvalid } from './sql-error.js';

export const stateTtlSetting = 'table.exec.state.ttl';

const units: readonly (readonly [millis: number, names: readonly string[]])[] = [
  [86_400_000, ['d', 'day', 'days']], [3_600_000, ['h', 'hour', 'hours']], [60_000, ['min', 'm', 'minute', 'minutes']],
  [1000, ['s', 'sec', 'secs', 'second', 'seconds']], [1, ['', 'ms', 'milli', 'millis', 'millisecond', 'milliseconds']],
];

/** Milliseconds of `1 h`, `36 min`, `500` (ms) as Flink writes lengths of time; null for 0, which is for ever. */
export function stateTtlOf(text: string, place: Place): number | null {
  const match = /^\s*(\d+)\s*([a-z]*)\s*$/i.exec(text);
  const unit = units.find(([, names]) => names.includes(match?.[2]?.toLowerCase() ?? '?'));
  const millis = match === null || unit === undefined ? NaN : Number(match[1]) * unit[0];
  if (!Number.isSafeInteger(millis)) throw sqlInvalid(place, `'${text}' is no length of time`, "Write a number and a unit: '1 h', '30 min', '7 d'.");
  return millis === 0 ? null : millis;
}
