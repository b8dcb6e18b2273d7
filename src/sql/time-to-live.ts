/** SET 'table.exec.state.ttl': how long state that nothing touches is kept, as Flink writes it. */
import type { Place } from '../plan/expression.js';
import { sqlInvalid } from './sql-error.js';

export const timeToLiveSetting = 'table.exec.state.ttl';

/** Names of a unit in milliseconds, as Flink takes them. */
const units: readonly (readonly [readonly string[], number])[] = [
  [['', 'ms', 'milli', 'millis', 'millisecond', 'milliseconds'], 1],
  [['s', 'sec', 'secs', 'second', 'seconds'], 1_000],
  [['m', 'min', 'mins', 'minute', 'minutes'], 60_000],
  [['h', 'hour', 'hours'], 3_600_000],
  [['d', 'day', 'days'], 86_400_000],
];

/** Milliseconds of `1 h`, `90 s`, `500 ms` or `500`; null of `0`: for ever. Throws SQL_INVALID for anything else. */
export function timeToLiveOf(text: string, place: Place): number | null {
  const [, amount = '', unit = ''] = /^(\d+)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const millis = units.find(([names]) => names.includes(unit.toLowerCase()))?.[1];
  const length = Number(amount) * (millis ?? 0);
  if (amount === '' || millis === undefined || !Number.isSafeInteger(length)) {
    throw sqlInvalid(place, `'${text}' is no time-to-live`, `Write SET '${timeToLiveSetting}' = '1 h', or '0' to keep state for ever.`);
  }
  return length === 0 ? null : length;
}
