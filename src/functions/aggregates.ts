/** Aggregate functions: which arguments they take and what type their results have, by Flink's rules. */
import { decimalType, sqlType, typeName, withNullable } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import type { Place } from '../plan/expression.js';
import type { AggregateName } from '../plan/plan.js';
import { invalid, isNumeric, unsupported } from './typing.js';

const names = new Set<AggregateName>(['COUNT', 'SUM', 'AVG', 'MIN', 'MAX', 'STDDEV_POP', 'STDDEV_SAMP', 'VAR_POP', 'VAR_SAMP', 'FIRST_VALUE', 'LAST_VALUE', 'LAG']);
const synonyms: Readonly<Record<string, AggregateName>> = { STDDEV: 'STDDEV_SAMP', VARIANCE: 'VAR_SAMP' };

/** Aggregates of Flink that are refused, and what to write instead. */
const refused: Readonly<Record<string, string>> = {
  LISTAGG: 'collect strings outside', COLLECT: 'multisets are not supported', ARRAY_AGG: 'arrays are not supported',
  RANK: 'ranking is not supported yet', DENSE_RANK: 'ranking is not supported yet', ROW_NUMBER: 'ranking is not supported yet',
  LEAD: 'it looks at rows still to come; write LAG with the roles exchanged', NTILE: 'ranking is not supported yet',
  PERCENTILE: 'exact quantiles need all rows of a window', APPROX_COUNT_DISTINCT: 'write COUNT(DISTINCT ...), which is exact',
};

export interface ResolvedAggregate {
  readonly name: AggregateName;
  /** Nullable but for COUNT: a window without rows to aggregate gives NULL. */
  readonly type: SqlType;
  /** What the argument is cast to before it is aggregated; null for COUNT(*). */
  readonly argumentType: SqlType | null;
}

/** Whether a name (upper case) is an aggregate function, refused ones included. */
export const isAggregateName = (name: string): boolean =>
  names.has(name as AggregateName) || Object.hasOwn(synonyms, name) || Object.hasOwn(refused, name);

/**
 * `argument` is null for COUNT(*). Throws SQL_INVALID for a wrong argument, SQL_UNSUPPORTED for what is refused.
 * The variance and the deviation of integers are integers in Flink, cut off toward zero; so they are here.
 */
export function resolveAggregate(given: string, argument: SqlType | null, distinct: boolean, place: Place): ResolvedAggregate {
  const name = synonyms[given] ?? (given as AggregateName);
  if (!names.has(name)) {
    const reason = Object.hasOwn(refused, given) ? refused[given] : undefined;
    if (reason !== undefined) throw unsupported(place, `${given} is not supported: ${reason}`);
    throw invalid(place, `there is no aggregate function ${given}; there are ${[...names].join(', ')}`);
  }
  if (name === 'COUNT') return { name, type: sqlType('BIGINT', false), argumentType: argument };
  if (argument === null) throw invalid(place, `${given} takes an argument`);
  if (distinct && name === 'LAG') throw invalid(place, 'LAG does not take DISTINCT');
  return { name, type: resultType(name, argument, place), argumentType: argument };
}

function resultType(name: AggregateName, argument: SqlType, place: Place): SqlType {
  switch (name) {
    case 'MIN': case 'MAX':
      if (argument.kind === 'BYTES' || argument.kind === 'NULL') throw invalid(place, `${name} does not take ${typeName(argument, false)}`);
      return withNullable(argument, true);
    case 'FIRST_VALUE': case 'LAST_VALUE': case 'LAG':
      if (argument.kind === 'NULL') throw invalid(place, `${name} needs a typed argument; CAST it`);
      return withNullable(argument, true);
    default:
      if (!isNumeric(argument)) throw invalid(place, `${name} takes a number, not ${typeName(argument, false)}; CAST it`);
      if (argument.kind !== 'DECIMAL') return withNullable(argument, true);
      return name === 'SUM' ? decimalType(38, argument.scale!) : decimalType(38, Math.max(6, argument.scale!));
  }
}
