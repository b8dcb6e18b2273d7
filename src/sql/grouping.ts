/** GROUP BY: one node of window aggregates where the groups are of windows, else of groups that never end; and the expressions that stand on it. */
import { timestampType, type Field, type SqlType } from '../core/types.js';
import { assert } from '../core/errors.js';
import { isUpdating } from '../plan/changes.js';
import { columnRef } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import type { AggregateCall, PlanNode } from '../plan/plan.js';
import { printExpression } from '../plan/print.js';
import type { WindowAggregate } from './absorb-window.js';
import type { GroupWindow } from './group-windows.js';
import type { Relation, RelationColumn, WindowRole } from './relation.js';
import { columnNames, typeOfColumn } from './relation.js';
import { Projection } from './projection.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { expressionKey } from './virtuals.js';
import type { VirtualCall, Virtuals } from './virtuals.js';

export interface GroupedBy {
  readonly expression: Expression;
  readonly place: Place;
}

/** A relation put on top of another, and how expressions over the one below read over it. */
export interface Lowered {
  readonly relation: Relation;
  /** Virtual columns that are left follow the new relation's own columns, in the same order. */
  readonly rewrite: (expression: Expression, place: Place) => Expression;
}

/** What a SELECT groups by. */
export interface Grouping {
  readonly groups: readonly GroupedBy[];
  /** In the older form; null: the window columns among `groups`, if there are both. */
  readonly window: GroupWindow | null;
  /** Milliseconds after which a group without a window that nothing touched is forgotten. */
  readonly timeToLive: number | null;
  readonly place: Place;
}

/** An aggregate node, and where what was written over the relation below is in its columns, by `expressionKey`. */
export interface Grouped {
  readonly node: PlanNode;
  readonly roles: readonly (WindowRole | null)[];
  readonly found: Map<string, Expression>;
}

/** Groups `relation`. `places` says where column references were written. */
export function lowerGroups(relation: Relation, grouping: Grouping, virtuals: Virtuals, places: ReadonlyMap<Expression, Place>): Lowered {
  return loweredOver(relation, groupedBy(relation, grouping, virtuals, isWindowed(relation, grouping)), virtuals, places);
}

/** Whether each group is of one window, and so ends. */
export function isWindowed(relation: Relation, { groups, window }: Pick<Grouping, 'groups' | 'window'>): boolean {
  const has = (role: WindowRole): boolean => groups.some(({ expression }) => roleOf(relation, expression) === role);
  return window !== null || (has('start') && has('end'));
}

/** The relation on top of `grouped`, and how expressions over `relation` read over it. */
export function loweredOver(relation: Relation, { node, roles, found }: Grouped, virtuals: Virtuals, places: ReadonlyMap<Expression, Place>): Lowered {
  const names = columnNames(relation);
  // What is left for OVER follows.
  virtuals.calls.forEach((call, index) => {
    if (call.over !== null) found.set(expressionKey(columnRef(virtuals.base + index, call.type)), columnRef(node.schema.length + index, call.type));
  });
  const columns: RelationColumn[] = node.schema.map(({ name }, index) => ({ name, qualifier: [], role: roles[index]! }));
  const rewrite = (expression: Expression, fallback: Place): Expression => rewriteOver(expression, found, (column) => {
    throw sqlInvalid(places.get(column) ?? fallback, `column '${names[column.index]}' is neither grouped nor inside an aggregate`, `Add it to GROUP BY, or take MIN, MAX or LAST_VALUE of it.`);
  });
  const window = roles.includes('start') ? relation.window : null;
  return { relation: { node, columns, refused: [], window }, rewrite };
}

/** One aggregate node: keys, calls and, where it is windowed, the window. */
export function groupedBy(relation: Relation, grouping: Grouping, virtuals: Virtuals, windowed: boolean): Grouped {
  const { groups, window, place } = grouping;
  const below = new Projection(relation.node);
  const by = windowed ? windowOf(relation, groups, window, below) : null;
  const roleIn = (expression: Expression): WindowRole | null => (windowed && window === null ? roleOf(relation, expression) : null);
  const keys = [...new Set(groups.filter(({ expression }) => roleIn(expression) === null).map(({ expression }) => below.add(expression)))];
  const calls = groupedCalls(virtuals);
  const aggregates = calls.map(({ call }) => aggregateCall(call, below));
  const names = columnNames(relation);
  const given = [...keys.map((key) => below.fields[key]!), ...calls.map(({ call }) => ({ name: callText(call, names), type: call.type }))];
  const found = new Map<string, Expression>();
  keys.forEach((key, index) => found.set(expressionKey(below.expressions[key]!), columnRef(index, given[index]!.type)));
  calls.forEach(({ call, index }, k) => found.set(expressionKey(columnRef(virtuals.base + index, call.type)), columnRef(keys.length + k, call.type)));
  const input = below.node();
  refuseUntakable(calls.map(({ call }) => call), relation.node);
  if (by === null) {
    const node: PlanNode = { kind: 'group-aggregate', input, keys, aggregates, ttl: grouping.timeToLive, place, schema: given, rowtime: null };
    return { node, roles: given.map(() => null), found };
  }
  const fields = windowFields(window?.timeType ?? relation.window!.timeType);
  const schema = [...given, ...fields];
  const node: PlanNode = { kind: 'window-aggregate', input, ...by, keys, aggregates, place, schema, rowtime: schema.length - 1 };
  for (const { expression } of groups) {
    const role = roleIn(expression);
    if (role !== null) found.set(expressionKey(expression), columnRef(given.length + windowRoles.indexOf(role), fields[windowRoles.indexOf(role)]!.type));
  }
  if (window !== null) fields.forEach(({ type }, k) => found.set(expressionKey(columnRef(window.base + k, type)), columnRef(given.length + k, type)));
  return { node, roles: [...given.map(() => null), ...(window === null ? windowRoles : fields.map(() => null))], found };
}

const windowRoles: readonly WindowRole[] = ['start', 'end', 'time'];

const windowFields = (timeType: SqlType): readonly Field[] => [
  { name: 'window_start', type: timestampType(3, false) }, { name: 'window_end', type: timestampType(3, false) }, { name: 'window_time', type: timeType },
];

/** The calls that a GROUP BY computes, and their numbers among all. */
function groupedCalls(virtuals: Virtuals): readonly { readonly call: VirtualCall; readonly index: number }[] {
  return virtuals.calls.map((call, index) => ({ call, index })).filter(({ call }) => call.over === null && call.name !== 'GROUPING');
}

/** The user's aggregates must be able to take back rows that change below them. */
function refuseUntakable(calls: readonly VirtualCall[], input: PlanNode): void {
  const call = calls.find(({ user }) => user !== undefined && user.code.retract === undefined);
  if (call === undefined || !isUpdating(input)) return;
  throw sqlUnsupported(call.place, `${call.user!.name} has no 'retract', and the rows below it change later`, "Give the function a 'retract', which takes a row back.");
}

/** How the rows are windowed: here, or already. */
function windowOf(relation: Relation, groups: readonly GroupedBy[], window: GroupWindow | null, below: Projection): Pick<WindowAggregate, 'time' | 'window' | 'attached'> {
  if (window !== null) return { time: below.add(columnRef(window.time, typeOfColumn(relation, window.time))), window: window.spec, attached: null };
  const byRole = (role: WindowRole): number => below.add(groups.find(({ expression }) => roleOf(relation, expression) === role)!.expression);
  const [start, end] = [byRole('start'), byRole('end')];
  return { time: end, window: null, attached: { start, end } };
}

/** Replaces every sub-expression that is known by `found`; a column that is not goes to `missing`. */
function rewriteOver(expression: Expression, found: ReadonlyMap<string, Expression>, missing: (column: Extract<Expression, { kind: 'column' }>) => never): Expression {
  const known = found.get(expressionKey(expression));
  if (known !== undefined) return known;
  if (expression.kind === 'column') return missing(expression);
  if (expression.kind === 'literal') return expression;
  return { ...expression, args: expression.args.map((arg) => rewriteOver(arg, found, missing)) };
}

export function roleOf(relation: Relation, expression: Expression): WindowRole | null {
  return expression.kind === 'column' ? relation.columns[expression.index]!.role : null;
}

/** The call with its arguments as columns of the projection below. */
export function aggregateCall(call: VirtualCall, below: Projection): AggregateCall {
  const column = (expression: Expression | null | undefined): number | null => (expression ? below.add(expression) : null);
  const { name, distinct, type, place } = call;
  assert(name !== 'GROUPING' && name !== 'ROW_NUMBER', 'what is no aggregate is lowered by others');
  const base = { name, argument: column(call.argument), distinct, filter: column(call.filter), type, place };
  if (call.user !== undefined) return { ...base, user: call.user, more: call.more!.map((expression) => below.add(expression)) };
  return name === 'LAG' ? { ...base, offset: call.offset ?? 1, defaultColumn: column(call.defaultValue) } : base;
}

/** `SUM(price * volume)`: what a call's column is called. */
export function callText(call: VirtualCall, names: readonly string[]): string {
  const argument = call.argument === null ? '*' : [call.argument, ...(call.more ?? [])].map((expression) => printExpression(expression, names)).join(', ');
  const more = call.name === 'LAG' ? `, ${call.offset}${call.defaultValue ? `, ${printExpression(call.defaultValue, names)}` : ''}` : '';
  const filter = call.filter === null ? '' : ` FILTER (WHERE ${printExpression(call.filter, names)})`;
  return `${call.user?.name ?? call.name}(${call.distinct ? 'DISTINCT ' : ''}${argument}${more})${filter}`;
}
