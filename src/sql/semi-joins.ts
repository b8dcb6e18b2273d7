/** WHERE with EXISTS and IN over sub-queries: rows kept for having a partner, or for having none. */
import { makeCall } from '../functions/scalar.js';
import { columnRef, type Expression } from '../plan/expression.js';
import { noAggregates } from './aggregate-calls.js';
import type { Exists, InQuery, Query, Select, SqlExpression } from './ast.js';
import { bind, bindCondition } from './binder.js';
import type { Surroundings } from './binder.js';
import { planFrom } from './from.js';
import { relationOf } from './join.js';
import { allOf, conjunctsOf } from './join-conditions.js';
import { closed } from './join-lowering.js';
import { planQuery, type Environment } from './query.js';
import { typeOfColumn, type OpenJoin, type Relation } from './relation.js';
import { sqlInvalid } from './sql-error.js';

interface Asked {
  readonly test: Exists | InQuery;
  readonly negated: boolean;
}

/** The rows of FROM that WHERE keeps. `around` is over `from`. */
export function rowsWhere(from: Relation, where: SqlExpression | undefined, around: Surroundings, environment: Environment): Relation {
  if (where === undefined) return closed(from, null, environment);
  const parts = partsOf(where);
  const asked = parts.flatMap((part) => askedOf(part) ?? []);
  if (asked.length === 0) return closed(from, bindCondition(where, 'WHERE', around), environment);
  const plain = parts.filter((part) => askedOf(part) === null).map((part) => bindCondition(part, 'WHERE', around));
  const kept = closed(from, allOf(plain, where.place, environment.session), environment);
  return asked.reduce((relation, one) => semiJoin(relation, one, around, environment), kept);
}

const partsOf = (where: SqlExpression): readonly SqlExpression[] =>
  (where.kind === 'binary' && where.operator === 'AND' ? [...partsOf(where.left), ...partsOf(where.right)] : [where]);

function askedOf(part: SqlExpression): Asked | null {
  if (part.kind === 'exists') return { test: part, negated: false };
  if (part.kind === 'inQuery') return { test: part, negated: part.negated };
  if (part.kind !== 'unary' || part.operator !== 'NOT') return null;
  const inner = askedOf(part.operand);
  return inner === null ? null : { ...inner, negated: !inner.negated };
}

function semiJoin(left: Relation, { test, negated }: Asked, around: Surroundings, environment: Environment): Relation {
  const { place } = test;
  const select = plainSelect(test.query);
  const right = select === null ? planQuery(test.query, environment) : planFrom(select.from!, environment);
  const both: Surroundings = {
    relation: relationOf(outerScope(left, right), right, null), session: environment.session, remark: environment.remark,
    places: new Map(), aliases: [], aggregate: noAggregates('a sub-query of WHERE'),
  };
  const first = left.columns.length;
  const items = select === null ? right.columns.map((_, index) => columnRef(first + index, typeOfColumn(right, index)))
    : select.items.flatMap((item) => (item.kind === 'selectExpression' ? [bind(item.expression, both)] : []));
  const on = select?.where === undefined ? [] : [...conjunctsOf(bindCondition(select.where, 'WHERE', both))];
  if (test.kind === 'inQuery') on.push(membership(test, items, negated, { ...around, relation: left }));
  // The right may itself join tables: what is asked of it alone is asked below.
  const open: OpenJoin = { left, right, type: negated ? 'anti' : 'semi', on, asOf: null, place };
  return closed({ ...left, open }, null, environment);
}

/** Rows of FROM that WHERE picks, which may ask for outer columns; each once or more is the same here. Null: another query, which stands by itself. */
function plainSelect({ body, with: tables, limit, offset, orderBy }: Query): Select | null {
  const isPlain = body.kind === 'select' && body.groupBy === undefined && body.having === undefined && body.qualify === undefined;
  return isPlain && body.from !== undefined && tables.length === 0 && limit === undefined && offset === undefined && orderBy.length === 0 ? body : null;
}

/** The outer columns as the sub-query sees them: its own hide those of the same name. */
function outerScope(outer: Relation, inner: Relation): Relation {
  const names = new Set(inner.columns.map(({ name }) => name));
  const tables = new Set(inner.columns.map(({ qualifier }) => qualifier.join('.')).filter((table) => table !== ''));
  const columns = outer.columns.map((column) => (tables.has(column.qualifier.join('.')) ? { ...column, qualifier: [], shared: 'hidden' as const }
    : names.has(column.name) ? { ...column, shared: 'hidden' as const } : column));
  return { ...outer, columns };
}

/** `operand = item`, of rows value by value. Where one may be NULL, NOT IN holds of no row that could be equal. */
function membership(test: InQuery, items: readonly Expression[], negated: boolean, around: Surroundings): Expression {
  const { operand, place } = test;
  const operands = (operand.kind === 'row' ? operand.values : [operand]).map((value) => bind(value, around));
  if (items.length !== operands.length) {
    const wanted = operands.length === 1 ? 'one column' : `${operands.length} columns`;
    throw sqlInvalid(place, `the sub-query of IN gives ${wanted}`, 'Select what to compare with; no star.');
  }
  const equal = allOf(operands.map((value, index) => makeCall('=', [value, items[index]!], place, around.session)), place, around.session)!;
  const mayBeNull = [...operands, ...items].some(({ type }) => type.nullable);
  return negated && mayBeNull ? makeCall('IS NOT FALSE', [equal], place, around.session) : equal;
}
