/** GROUP BY a window, or the columns of one: one window-aggregate node, and the expressions that stand on it. */
import { timestampType } from '../core/types.js';
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

const windowHelp = "Read from TABLE(TUMBLE(TABLE t, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) and GROUP BY window_start, window_end.";

/**
 * Groups `relation` by `window`, or, where that is null, by the window columns among `groups`. `places` says where column
 * references were written.
 */
export function lowerGroups(
  relation: Relation, groups: readonly GroupedBy[], window: GroupWindow | null, virtuals: Virtuals, place: Place, places: ReadonlyMap<Expression, Place>,
): Lowered {
  const below = new Projection(relation.node);
  const by = windowOf(relation, groups, window, place, below);
  const roleIn = (expression: Expression): WindowRole | null => (window === null ? roleOf(relation, expression) : null);
  const keys = groups.filter(({ expression }) => roleIn(expression) === null).map(({ expression }) => below.add(expression));
  const distinctKeys = [...new Set(keys)];
  const calls = virtuals.calls.filter((call) => call.over === null);
  const aggregates = calls.map((call) => aggregateCall(call, below));

  const names = columnNames(relation);
  const windowFields = [
    { name: 'window_start', type: timestampType(3, false) }, { name: 'window_end', type: timestampType(3, false) },
    { name: 'window_time', type: window?.timeType ?? relation.window!.timeType },
  ];
  const schema = [
    ...distinctKeys.map((key) => below.fields[key]!),
    ...calls.map((call) => ({ name: callText(call, names), type: call.type })),
    ...windowFields,
  ];
  const node: PlanNode = {
    kind: 'window-aggregate', input: below.node(), ...by, keys: distinctKeys, aggregates, place,
    schema, rowtime: schema.length - 1,
  };
  const first = distinctKeys.length + calls.length;
  const roles: readonly WindowRole[] = ['start', 'end', 'time'];
  const columns: RelationColumn[] = schema.map(({ name }, index) => ({ name, qualifier: [], role: index < first || window !== null ? null : roles[index - first]! }));
  const found = new Map<string, Expression>();
  distinctKeys.forEach((key, index) => found.set(expressionKey(below.expressions[key]!), columnRef(index, schema[index]!.type)));
  for (const { expression } of groups) {
    const role = roleIn(expression);
    if (role !== null) found.set(expressionKey(expression), columnRef(first + roles.indexOf(role), windowFields[roles.indexOf(role)]!.type));
  }
  if (window !== null) windowFields.forEach(({ type }, k) => found.set(expressionKey(columnRef(window.base + k, type)), columnRef(first + k, type)));
  let grouped = 0;
  virtuals.calls.forEach((call, index) => {
    const at = call.over === null ? distinctKeys.length + grouped++ : schema.length + index;
    found.set(expressionKey(columnRef(virtuals.base + index, call.type)), columnRef(at, call.type));
  });
  const rewrite = (expression: Expression, fallback: Place): Expression => rewriteOver(expression, found, (column) => {
    throw sqlInvalid(places.get(column) ?? fallback, `column '${names[column.index]}' is neither grouped nor inside an aggregate`, `Add it to GROUP BY, or take MIN, MAX or LAST_VALUE of it.`);
  });
  return { relation: { node, columns, refused: [], window: window === null ? relation.window : null }, rewrite };
}

/** How the rows are windowed: here, or already. */
function windowOf(relation: Relation, groups: readonly GroupedBy[], window: GroupWindow | null, place: Place, below: Projection): Pick<WindowAggregate, 'time' | 'window' | 'attached'> {
  if (window !== null) return { time: below.add(columnRef(window.time, typeOfColumn(relation, window.time))), window: window.spec, attached: null };
  const columns = windowColumns(relation, groups, place);
  const start = below.add(columns.start);
  const end = below.add(columns.end);
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

function roleOf(relation: Relation, expression: Expression): WindowRole | null {
  return expression.kind === 'column' ? relation.columns[expression.index]!.role : null;
}

/** The window's start and end among the grouping expressions; refused when either or both are missing. */
function windowColumns(relation: Relation, groups: readonly GroupedBy[], place: Place): { readonly start: Expression; readonly end: Expression } {
  const byRole = (role: WindowRole): GroupedBy | undefined => groups.find(({ expression }) => roleOf(relation, expression) === role);
  const [start, end] = [byRole('start'), byRole('end')];
  if (start !== undefined && end !== undefined) return { start: start.expression, end: end.expression };
  const one = start ?? end;
  if (one !== undefined) {
    const [has, lacks] = start === undefined ? ['window_end', 'window_start'] : ['window_start', 'window_end'];
    throw sqlUnsupported(one.place, `GROUP BY has ${has} without ${lacks}, so its result would be updated for ever`, 'Write GROUP BY window_start, window_end.');
  }
  if (byRole('time') !== undefined) {
    throw sqlUnsupported(byRole('time')!.place, 'GROUP BY has window_time alone, so its result would be updated for ever', 'Write GROUP BY window_start, window_end, window_time.');
  }
  const advice = relation.columns.some((column) => column.role !== null) ? 'Add window_start, window_end to GROUP BY.' : windowHelp;
  if (groups.length === 0) throw sqlUnsupported(place, 'an aggregate without GROUP BY would be updated for ever, which is not supported', advice);
  throw sqlUnsupported(place, 'GROUP BY without a window would be updated for ever, which is not supported', advice);
}

/** The call with its arguments as columns of the projection below. */
export function aggregateCall(call: VirtualCall, below: Projection): AggregateCall {
  const column = (expression: Expression | null | undefined): number | null => (expression ? below.add(expression) : null);
  const { name, distinct, type, place } = call;
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
