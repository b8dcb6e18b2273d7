/** The scalar functions and operators of SQL, by name; how calls are typed, and how their values are computed. */
import type { SqlType } from '../core/types.js';
import type { Expression, Place } from '../plan/expression.js';
import { arithmetic } from './arithmetic.js';
import { castKernel, castTo } from './casts.js';
import { comparisons } from './comparisons.js';
import type { FunctionTable, Kernel, Session } from './kernel.js';
import { logic } from './logic.js';
import { numeric } from './numeric.js';
import { refusals } from './refusals.js';
import { strings } from './strings.js';
import { times } from './times.js';
import { invalid, isTimestamp, unsupported } from './typing.js';
import { userCall, userKernel } from './user-function.js';

export { implicitCast } from './casts.js';
export { commonType } from './typing.js';
export type { Session } from './kernel.js';

const functions: FunctionTable = { ...arithmetic, ...comparisons, ...logic, ...numeric, ...strings, ...times };

/** Whether a name (upper case, without unit) is a scalar function or operator. */
export const isScalarFunction = (name: string): boolean => Object.hasOwn(functions, name);

/**
 * The call of a function or operator: types resolved by Flink's rules, implied casts put in. `name` is upper case,
 * with the unit after a colon where one belongs to the call (`EXTRACT:HOUR`).
 * Throws SQL_INVALID for unknown names and wrong arguments, SQL_UNSUPPORTED for what is refused.
 */
export function makeCall(name: string, args: readonly Expression[], place: Place, session: Session): Expression {
  const user = session.functions?.scalars.get(name);
  if (user !== undefined) return userCall(user, args, place);
  const colon = name.indexOf(':');
  const base = colon < 0 ? name : name.slice(0, colon);
  const found = Object.hasOwn(functions, base) ? functions[base] : undefined;
  if (found === undefined) {
    const reason = Object.hasOwn(refusals, base) ? refusals[base] : undefined;
    if (reason !== undefined) throw unsupported(place, `${base} is not supported: ${reason}`);
    const other = otherKind(base, session);
    if (other !== null) throw invalid(place, other);
    throw invalid(place, `there is no function ${base}; nearest: ${nearestName(base)}`, { nearest: nearestName(base) });
  }
  if (args.length < found.argumentsMin || args.length > found.argumentsMax) {
    throw invalid(place, `${base} takes ${argumentsText(found.argumentsMin, found.argumentsMax)}, not ${args.length}`);
  }
  return found.resolve({ name: base, unit: colon < 0 ? null : name.slice(colon + 1), place, session }, args);
}

/** CAST, or TRY_CAST when `tryCast`: then a value that cannot be cast is NULL and does not fail its row. */
export function makeCast(expression: Expression, type: SqlType, place: Place, tryCast: boolean, session: Session = { timeZone: 'UTC' }): Expression {
  const from = expression.type;
  const zoned = (type.kind === 'TIMESTAMP_LTZ') !== (from.kind === 'TIMESTAMP_LTZ') && from.kind !== 'NULL';
  if (zoned && session.timeZone !== 'UTC' && (isTimestamp(type) || isTimestamp(from))) {
    throw unsupported(place, `a cast of TIMESTAMP_LTZ depends on the session time zone ${session.timeZone}; SET 'table.local-time-zone' = 'UTC'`);
  }
  return castTo(expression, type, place, tryCast);
}

/** How the value of a strict call is computed; undefined for the forms that the compiler knows itself. */
export function kernelOf(call: Expression & { readonly kind: 'call' }): Kernel | undefined {
  if (call.user !== undefined) return userKernel(call.user);
  if (call.name === 'CAST' || call.name === 'TRY_CAST') return castKernel(call.args[0]!.type, call.type)!;
  const colon = call.name.indexOf(':');
  const found = functions[colon < 0 ? call.name : call.name.slice(0, colon)];
  return found?.kernel?.(call.args.map((arg) => arg.type), call.type, colon < 0 ? null : call.name.slice(colon + 1));
}

/** Why a function of the user's cannot stand where a scalar one does. */
function otherKind(name: string, { functions }: Session): string | null {
  if (functions?.aggregates.has(name) === true) return `the aggregate ${name} may not stand here; it stands in the SELECT and HAVING of a query with GROUP BY or OVER`;
  return functions?.processes.has(name) === true ? `the operator ${name} is a table: write FROM ${name}(input => TABLE …)` : null;
}

function argumentsText(min: number, max: number): string {
  const plural = (count: number): string => (count === 1 ? '1 argument' : `${count} arguments`);
  if (max === Infinity) return `at least ${plural(min)}`;
  return min === max ? plural(min) : `${min} to ${plural(max)}`;
}

/** The known name with the fewest edits; ties by name. */
function nearestName(name: string): string {
  const names = Object.keys(functions).filter((known) => /^[A-Z_0-9]+$/.test(known)).sort();
  return names.reduce((best, known) => (editDistance(name, known) < editDistance(name, best) ? known : best));
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
