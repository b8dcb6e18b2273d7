/** WHERE with EXISTS and IN over sub-queries: rows kept for having a partner, or for having none. */
import { makeCall } from '../functions/scalar.js';
import type { Expression } from '../plan/expression.js';
import { noAggregates } from './aggregate-calls.js';
import type { Exists, InQuery, Query, Select, SqlExpression } from './ast.js';
import { bind, bindCondition } from './binder.js';
import type { Surroundings } from './binder.js';
import { planFrom } from './from.js';
import { relationOf } from './join.js';
import { allOf, conjunctsOf } from './join-conditions.js';
import { closed } from './join-lowering.js';
import type { Environment } from './query.js';
import type { OpenJoin, Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

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
  const select = plainSelect(test.query, test.kind === 'exists' ? 'EXISTS' : 'IN');
  const right = planFrom(select.from!, environment);
  const both: Surroundings = {
    relation: relationOf(outerScope(left, right), right, null), session: environment.session, remark: environment.remark,
    places: new Map(), aliases: [], aggregate: noAggregates('a sub-query of WHERE'),
  };
  const items = select.items.flatMap((item) => (item.kind === 'selectExpression' ? [bind(item.expression, both)] : []));
  const on = select.where === undefined ? [] : [...conjunctsOf(bindCondition(select.where, 'WHERE', both))];
  if (test.kind === 'inQuery') on.push(membership(test, items, negated, { ...around, relation: left }));
  // The right may itself join tables: what is asked of it alone is asked below.
  const open: OpenJoin = { left, right, type: negated ? 'anti' : 'semi', on, asOf: null, place };
  return closed({ ...left, open }, null, environment);
}

/** What the sub-query of EXISTS or IN may be: rows of FROM that WHERE picks. */
function plainSelect(query: Query, clause: string): Select {
  const { body, place } = query;
  if (body.kind !== 'select' || query.with.length > 0 || query.limit !== undefined || query.offset !== undefined || body.groupBy !== undefined || body.having !== undefined || body.from === undefined) {
    throw sqlUnsupported(place, `${clause} takes SELECT … FROM … WHERE here`, 'Put the rest into a view, or into a sub-query in its FROM.');
  }
  return body;
}

/** The outer columns as the sub-query sees them: its own hide those of the same name. */
function outerScope(outer: Relation, inner: Relation): Relation {
  const names = new Set(inner.columns.map(({ name }) => name));
  const tables = new Set(inner.columns.map(({ qualifier }) => qualifier.join('.')).filter((table) => table !== ''));
  const columns = outer.columns.map((column) => (tables.has(column.qualifier.join('.')) ? { ...column, qualifier: [], shared: 'hidden' as const }
    : names.has(column.name) ? { ...column, shared: 'hidden' as const } : column));
  return { ...outer, columns };
}

/** `operand = item`. Where one may be NULL, NOT IN holds of no row that could be equal. */
function membership(test: InQuery, items: readonly Expression[], negated: boolean, around: Surroundings): Expression {
  const [item] = items;
  if (items.length !== 1 || item === undefined) throw sqlInvalid(test.place, 'the sub-query of IN gives one column', 'Select the one to compare with; no star.');
  const operand = bind(test.operand, around);
  const equal = makeCall('=', [operand, item], test.place, around.session);
  return negated && (operand.type.nullable || item.type.nullable) ? makeCall('IS NOT FALSE', [equal], test.place, around.session) : equal;
}
