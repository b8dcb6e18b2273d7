/** A value put where another type is declared: by INSERT, and by UNION ALL. */
import { typeName } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import { implicitCast } from '../functions/scalar.js';
import type { Session } from '../functions/kernel.js';
import type { Expression, Place } from '../plan/expression.js';
import { sqlUnsupported } from './sql-error.js';

/** `expression` as `type`, NULL where it may be NULL. Throws SQL_INVALID where the types do not mix. */
export function assign(expression: Expression, type: SqlType, place: Place, session: Session): Expression {
  const from = expression.type;
  const zoned = (from.kind === 'TIMESTAMP_LTZ') !== (type.kind === 'TIMESTAMP_LTZ') && from.kind !== 'NULL';
  if (zoned && session.timeZone !== 'UTC') {
    throw sqlUnsupported(place, `${typeName(from, false)} to ${typeName(type, false)} in time zone ${session.timeZone} is not supported`, "SET 'table.local-time-zone' = 'UTC'.");
  }
  return implicitCast(expression, { ...type, nullable: from.nullable }, place);
}
