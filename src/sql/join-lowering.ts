/**
 * Which join FROM and WHERE together ask for, as Flink tells them apart: a temporal join by FOR SYSTEM_TIME AS OF, a
 * window join by equal windows, an interval join by bounds on both event times, else a regular join.
 */
import { columnRef, substitute, usesClock } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { mayFail } from '../plan/failing.js';
import type { JoinType, PlanNode } from '../plan/plan.js';
import { allOf, conjunctsOf, readsOf, rejectsNull } from './join-conditions.js';
import { decideJoin } from './join-kinds.js';
import { projectNode } from './projection.js';
import type { Environment } from './query.js';
import { typeOfColumn, type OpenJoin, type Relation } from './relation.js';

/** The rows of `relation` for which `where` holds, its joins lowered. */
export function closed(relation: Relation, where: Expression | null, environment: Environment): Relation {
  if (relation.open !== undefined) return closeJoin(relation, relation.open, where === null ? [] : conjunctsOf(where), environment);
  return where === null ? relation : { ...relation, node: filterNode(relation.node, where) };
}

export function filterNode(input: PlanNode, condition: Expression): PlanNode {
  return { kind: 'filter', input, condition, schema: input.schema, rowtime: input.rowtime };
}

/** Conditions by where they are asked. */
interface Places {
  readonly type: JoinType;
  /** Over that side's own columns. */
  readonly left: readonly Expression[];
  readonly right: readonly Expression[];
  /** By the join. */
  readonly join: readonly Expression[];
  /** Of its rows. */
  readonly above: readonly Expression[];
}

function closeJoin(relation: Relation, open: OpenJoin, where: readonly Expression[], environment: Environment): Relation {
  const { place, either = [] } = open;
  const own = relation.columns.length - either.length;
  const places = placesOf(open, where.map((conjunct) => substitute(conjunct, (index) => either[index - own] ?? columnRef(index, typeOfColumn(relation, index)))));
  const both = (conjuncts: readonly Expression[]): Expression | null => allOf(conjuncts, place, environment.session);
  const left = closed(open.left, both(places.left), environment);
  const right = closed(open.right, both(places.right), environment);
  const { node, rest, keepsRoles } = decideJoin({ left, right, type: places.type, asOf: open.asOf, conditions: places.join, place }, environment);
  const above = both([...rest, ...places.above]);
  const first = left.columns.length;
  const columns = relation.columns.map((column, index) => ({ ...column, role: index < own && keepsRoles[index < first ? 0 : 1] ? roleAt(left, right, index) : null }));
  return {
    node: withColumns(above === null ? node : filterNode(node, above), either, relation), refused: relation.refused, columns,
    window: keepsRoles[0] ? left.window : keepsRoles[1] ? right.window : null,
  };
}

/** `node`, with columns computed of its own behind them. */
function withColumns(node: PlanNode, added: readonly Expression[], { node: { schema } }: Relation): PlanNode {
  if (added.length === 0) return node;
  return projectNode(node, [...node.schema.map(({ type }, index) => columnRef(index, type)), ...added], [...node.schema, ...schema.slice(node.schema.length)]);
}

function roleAt(left: Relation, right: Relation, index: number): Relation['columns'][number]['role'] {
  const first = left.columns.length;
  return index < first ? left.columns[index]!.role : right.columns[index - first]!.role;
}

/**
 * As early as it makes no difference. What could fail stays where it is written: rows that never meet are not to fail.
 * A condition of WHERE that no padded row meets makes an outer join one without that padding.
 */
function placesOf({ type: written, on, asOf, left, right }: OpenJoin, where: readonly Expression[]): Places {
  const first = left.columns.length;
  const type = narrowed(written, where, first);
  const padsLeft = type === 'right' || type === 'full';
  const padsRight = type === 'left' || type === 'full';
  const places = { type, left: [] as Expression[], right: [] as Expression[], join: [] as Expression[], above: [] as Expression[] };
  const place = (conjunct: Expression, inWhere: boolean): void => {
    const reads = readsOf(conjunct, first);
    const below = !mayFail(conjunct) && !usesClock(conjunct);
    // The other side's rows leave padded whether ON holds or not; WHERE judges padded rows too.
    const toLeft = inWhere ? !padsLeft : !padsRight && type !== 'semi' && type !== 'anti';
    const toRight = inWhere ? !padsRight : !padsLeft;
    if (reads === 'left' && below && toLeft) places.left.push(conjunct);
    // The versions of a table are all of its rows.
    else if (reads === 'right' && below && toRight && asOf === null) places.right.push(overRight(conjunct, first, right));
    else if (inWhere && type !== 'inner') places.above.push(conjunct);
    else places.join.push(conjunct);
  };
  for (const conjunct of on) place(conjunct, false);
  for (const conjunct of where) place(conjunct, true);
  return places;
}

function narrowed(type: JoinType, where: readonly Expression[], first: number): JoinType {
  const needsLeft = where.some((conjunct) => rejectsNull(conjunct, (column) => column < first));
  const needsRight = where.some((conjunct) => rejectsNull(conjunct, (column) => column >= first));
  if (type === 'full') return needsLeft && needsRight ? 'inner' : needsLeft ? 'left' : needsRight ? 'right' : type;
  return (type === 'left' && needsRight) || (type === 'right' && needsLeft) ? 'inner' : type;
}

/** An expression over both sides' columns that reads the right's, over those alone. */
function overRight(expression: Expression, first: number, right: Relation): Expression {
  return substitute(expression, (index) => columnRef(index - first, typeOfColumn(right, index - first)));
}
