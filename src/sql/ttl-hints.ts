/** The hint STATE_TTL('t' = '1 h'): a time-to-live for the rows of one table of FROM. */
import type { Hint } from './ast.js';
import { didYouMean } from './names.js';
import type { Environment } from './query.js';
import type { Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { timeToLiveOf } from './time-to-live.js';

/** The environment of one SELECT over `from`: its hints are not those of a SELECT above or below. */
export function withTtlHints(hints: readonly Hint[], from: Relation, outer: Environment): Environment {
  const tables = [...new Set(from.columns.flatMap(({ qualifier }) => qualifier.slice(-1)))];
  const timesToLive = new Map<string, number | null>();
  for (const { name, options, place } of hints) {
    if (name !== 'STATE_TTL') throw sqlUnsupported(place, `the hint ${name} is not supported`, 'Leave it out.');
    for (const option of options) {
      if (!tables.includes(option.key)) throw sqlInvalid(option.place, `STATE_TTL names '${option.key}', which FROM does not have`, didYouMean(option.key, tables));
      timesToLive.set(option.key, timeToLiveOf(option.value, option.place));
    }
  }
  const [only] = tables;
  const own = tables.length === 1 && timesToLive.has(only!) ? timesToLive.get(only!)! : outer.timeToLive;
  return { ...outer, timesToLive, timeToLive: own };
}
