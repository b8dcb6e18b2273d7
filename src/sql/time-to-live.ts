/** SET 'table.exec.state.ttl': how long state that nothing touches is kept, as Flink writes it. */
import { flinkMillis } from '../core/flink-duration.js';
import type { Place } from '../plan/expression.js';
import { sqlInvalid } from './sql-error.js';

export const timeToLiveSetting = 'table.exec.state.ttl';

/** Milliseconds of `1 h`, `90 s`, `500 ms` or `500`; null of `0`: for ever. Throws SQL_INVALID for anything else. */
export function timeToLiveOf(text: string, place: Place): number | null {
  const length = flinkMillis(text);
  if (length === null) throw sqlInvalid(place, `'${text}' is no time-to-live`, `Write SET '${timeToLiveSetting}' = '1 h', or '0' to keep state for ever.`);
  return length === 0 ? null : length;
}
