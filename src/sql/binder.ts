/** Expressions: names looked up, types found, functions resolved. */
import { nearest } from '../core/nearest.js';
import { sqlType } from '../core/types.js';
import { columnRef, literal } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import { isScalarFunction, makeCall, makeCast } from '../functions/scalar.js';
import type { Session } from '../functions/kernel.js';
import { refusals } from '../functions/refusals.js';
import type { Call, Case, Like, Name, SqlExpression } from './ast.js';
import { aggregateNames } from './aggregate-names.js';
import { intervalLiteral, numberLiteral, temporalLiteral } from './literals.js';
import { resolveColumn, typeOfColumn } from './relation.js';
import type { Relation } from './relation.js';
import { castTypeFrom } from './type-names.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** Where a remark of the run goes. */
export type Remark = (text: string) => void;

/** The column that a function of the GROUP BY's window stands for, as TUMBLE_START; null for other calls. Throws for another window's. */
export type WindowProperty = (call: Call) => Expression | null;

/** What an expression is read with. */
export interface Surroundings {
  readonly relation: Relation;
  readonly session: Session;
  readonly remark: Remark;
  /** Where each column reference made here was written. */
  readonly places: Map<Expression, Place>;
  /** Names that SELECT gives: nothing but the next query up sees them. */
  readonly aliases: readonly string[];
  /** Turns an aggregate or an OVER call into a column; null for calls that are neither. Throws where none may stand. */
  readonly aggregate: (call: Call) => Expression | null;
  /** What a name stands for where it is not simply a column of `relation`: in MATCH_RECOGNIZE. */
  readonly column?: (parts: readonly Name[], place: Place) => Expression;
  /** Where the SELECT is grouped by a window in the older form. */
  readonly windowProperty?: WindowProperty | undefined;
}

/** Functions of the moment: their results differ between replay and live. */
const momentary: readonly string[] = [
  'CURRENT_TIMESTAMP', 'NOW', 'CURRENT_ROW_TIMESTAMP', 'LOCALTIMESTAMP', 'CURRENT_DATE', 'CURRENT_TIME', 'LOCALTIME', 'CURRENT_WATERMARK',
];

const groupWindowFunctions: readonly string[] = [
  'TUMBLE', 'HOP', 'SESSION', 'TUMBLE_START', 'TUMBLE_END', 'TUMBLE_ROWTIME', 'TUMBLE_PROCTIME', 'HOP_START', 'HOP_END', 'HOP_ROWTIME',
  'HOP_PROCTIME', 'SESSION_START', 'SESSION_END', 'SESSION_ROWTIME', 'SESSION_PROCTIME',
];

/** The typed form of `expression`. Throws SQL_INVALID or SQL_UNSUPPORTED with the place of what is wrong. */
export function bind(expression: SqlExpression, around: Surroundings): Expression {
  const sub = (inner: SqlExpression): Expression => bind(inner, around);
  const call = (name: string, args: readonly Expression[], place: Place = expression.place): Expression =>
    makeCall(name, args, place, around.session);
  const negate = (negated: boolean, value: Expression): Expression => (negated ? call('NOT', [value]) : value);

  switch (expression.kind) {
    case 'number': return numberLiteral(expression);
    case 'string': return literal(expression.value, sqlType('STRING', false));
    case 'boolean': return literal(expression.value, sqlType('BOOLEAN', expression.value === null));
    case 'null': return literal(null, sqlType('NULL'));
    case 'temporal': return temporalLiteral(expression);
    case 'interval': return intervalLiteral(expression);
    case 'name': return around.column?.(expression.parts, expression.place) ?? columnNamed(expression.parts, expression.place, around);
    case 'unary':
      if (expression.operator === '+') return sub(expression.operand);
      if (expression.operator === '-') {
        if (expression.operand.kind === 'number') return numberLiteral(expression.operand, true);
        return call('NEG', [sub(expression.operand)]);
      }
      return call('NOT', [sub(expression.operand)]);
    case 'binary': return call(expression.operator, [sub(expression.left), sub(expression.right)]);
    case 'is': return call(`IS ${expression.negated ? 'NOT ' : ''}${expression.test}`, [sub(expression.operand)]);
    case 'distinctFrom': return call(`IS ${expression.negated ? 'NOT ' : ''}DISTINCT FROM`, [sub(expression.left), sub(expression.right)]);
    case 'between': {
      const args = [sub(expression.operand), sub(expression.low), sub(expression.high)];
      if (!expression.symmetric) return negate(expression.negated, call('BETWEEN', args));
      const [value, low, high] = args as [Expression, Expression, Expression];
      return negate(expression.negated, call('OR', [call('BETWEEN', [value, low, high]), call('BETWEEN', [value, high, low])]));
    }
    case 'inList': return negate(expression.negated, call('IN', [sub(expression.operand), ...expression.list.map(sub)]));
    case 'like': return negate(expression.negated, likeCall(expression, sub, call));
    case 'case': return caseCall(expression, sub, call);
    case 'cast': return makeCast(sub(expression.operand), castTypeFrom(expression.type), expression.place, expression.safe, around.session);
    case 'call': return functionCall(expression, around, sub);
    case 'extract': return call(`EXTRACT:${expression.unit}`, [sub(expression.operand)]);
    case 'roundTo': return call(`${expression.name}:${expression.unit}`, [sub(expression.operand)]);
    case 'timestampCall': return call(`${expression.name}:${expression.unit}`, expression.args.map(sub));
    case 'trim': {
      const name = expression.side === 'BOTH' ? 'TRIM' : expression.side === 'LEADING' ? 'LTRIM' : 'RTRIM';
      return call(name, [expression.operand, expression.characters].filter((arg) => arg !== undefined).map(sub));
    }
    default: return refuse(expression);
  }
}

/** A condition: BOOLEAN, in `clause`. */
export function bindCondition(expression: SqlExpression, clause: string, around: Surroundings): Expression {
  const condition = bind(expression, around);
  if (condition.type.kind === 'NULL') return literal(null, sqlType('BOOLEAN'));
  if (condition.type.kind !== 'BOOLEAN') throw sqlInvalid(expression.place, `${clause} needs a condition, this is ${condition.type.kind}`, 'Compare it with something.');
  return condition;
}

function columnNamed(parts: readonly Name[], place: Place, { relation, places, aliases }: Surroundings): Expression {
  const name = parts[0]!.text;
  if (parts.length === 1 && aliases.includes(name) && !relation.columns.some((column) => column.name === name)) {
    throw sqlInvalid(place, `'${name}' is a name that this SELECT gives, and it is not known inside the SELECT`, 'Repeat its expression, or use the name one query further up.');
  }
  const index = resolveColumn(relation, parts, place);
  const reference = columnRef(index, typeOfColumn(relation, index));
  places.set(reference, place);
  return reference;
}

type Sub = (expression: SqlExpression) => Expression;
type MakeCall = (name: string, args: readonly Expression[], place?: Place) => Expression;

function likeCall(expression: Like, sub: Sub, call: MakeCall): Expression {
  if (expression.operator !== 'LIKE') throw sqlUnsupported(expression.place, 'SIMILAR TO is not supported', 'Use LIKE or several LIKEs.');
  return call('LIKE', [expression.operand, expression.pattern, expression.escape].filter((arg) => arg !== undefined).map(sub));
}

/** Arguments of CASE: condition, value, condition, value, …, otherwise. `CASE x WHEN v` compares. */
function caseCall(expression: Case, sub: Sub, call: MakeCall): Expression {
  const operand = expression.operand === undefined ? undefined : sub(expression.operand);
  const args = expression.branches.flatMap(({ when, then }) => {
    const condition = operand === undefined ? sub(when) : call('=', [operand, sub(when)], when.place);
    return [condition, sub(then)];
  });
  const otherwise = expression.otherwise === undefined ? literal(null, sqlType('NULL')) : sub(expression.otherwise);
  return call('CASE', [...args, otherwise]);
}

function functionCall(expression: Call, around: Surroundings, sub: Sub): Expression {
  const { name, place } = expression;
  const property = around.windowProperty?.(expression) ?? null;
  if (property !== null) return property;
  const aggregate = around.aggregate(expression);
  if (aggregate !== null) return aggregate;
  if (name === 'PROCTIME') throw sqlUnsupported(place, 'PROCTIME() is not supported: a replay knows event time only', 'Use the column of WATERMARK FOR instead.');
  if (groupWindowFunctions.includes(name)) {
    const [window, part] = name.split('_');
    if (part === 'PROCTIME') throw sqlUnsupported(place, `${name}(…) is not supported: a replay knows event time only`, `Use ${window}_ROWTIME(…).`);
    if (part === undefined) throw sqlInvalid(place, `${name}(…) stands in GROUP BY, by itself`, `For its bounds, use ${name}_START(…) and ${name}_END(…).`);
    throw sqlInvalid(place, `${name}(…) stands in the SELECT and HAVING of a query with GROUP BY ${window}(…), outside of aggregates`, 'Use window_start, window_end or window_time of a window table.');
  }
  if (name === 'SOURCE_WATERMARK') throw sqlInvalid(place, 'SOURCE_WATERMARK() stands only in WATERMARK FOR column AS SOURCE_WATERMARK()');
  if (expression.star || expression.distinct || expression.filter !== undefined || expression.nulls !== undefined || expression.withinGroup.length > 0) {
    throw sqlInvalid(place, `${name} is no aggregate: it takes no *, DISTINCT, FILTER, NULLS or WITHIN GROUP`);
  }
  if (momentary.includes(name) || (name === 'UNIX_TIMESTAMP' && expression.args.length === 0)) around.remark(`line ${place.line}, column ${place.column}: ${name} is the time of the replay (the greatest event time so far), live the time of the step; results that use it depend on how rows are cut into steps`);
  refuseUnknown(name, place, around.session);
  return makeCall(name, expression.args.map(sub), place, around.session);
}

/** A name that is nobody's, when an aggregate's is near: `makeCall` knows only its own. */
function refuseUnknown(name: string, place: Place, { functions }: Session): void {
  if (isScalarFunction(name) || Object.hasOwn(refusals, name)) return;
  if (functions !== undefined && [functions.scalars, functions.aggregates, functions.processes].some((known) => known.has(name))) return;
  const near = nearest(name, aggregateNames);
  if (near !== null) throw sqlInvalid(place, `there is no function ${name}`, `Did you mean ${near}?`);
}

function refuse(expression: SqlExpression): never {
  const { kind, place } = expression;
  switch (kind) {
    case 'inQuery': case 'exists': throw sqlUnsupported(place, `${kind === 'exists' ? 'EXISTS' : 'IN'} with a sub-query may stand in WHERE alone, beside other conditions by AND`, 'Write WHERE … AND [NOT] EXISTS (…), or a JOIN.');
    case 'scalarQuery': throw sqlUnsupported(place, 'a query as a value is not supported', 'Compute it with an OVER aggregate or a window, or write the value.');
    case 'row': throw sqlUnsupported(place, 'ROW values are not supported', 'Compare or select the columns one by one.');
    case 'array': throw sqlUnsupported(place, 'ARRAY values are not supported', 'Use one column for each element.');
    case 'map': throw sqlUnsupported(place, 'MAP values are not supported', 'Use one column for each key.');
    case 'item': throw sqlUnsupported(place, 'access by [index] is not supported: there are no ARRAY or MAP columns', 'Use one column for each element.');
    case 'field': throw sqlUnsupported(place, 'access to a field is not supported: there are no ROW columns', 'Use one column for each field.');
    default: throw sqlUnsupported(place, 'this expression is not supported');
  }
}
