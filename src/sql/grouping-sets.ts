/** GROUPING SETS, ROLLUP and CUBE: one aggregate for each set of columns, their results put together. */
import { withNullable, type Field } from '../core/types.js';
import { columnRef, literal, type Expression, type Place } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { isRowtime } from '../plan/trace.js';
import type { GroupBy, GroupItem, GroupingSets, SqlExpression } from './ast.js';
import { bind, type Surroundings } from './binder.js';
import { groupedBy, isWindowed, loweredOver, roleOf, type Grouped, type GroupedBy, type Grouping, type Lowered } from './grouping.js';
import { projectNode } from './projection.js';
import type { Relation, WindowRole } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { expressionKey, type VirtualCall, type Virtuals } from './virtuals.js';

/** CUBE of six columns. */
const setsMax = 64;

/** The expressions of GROUP BY, each once, and which of them each set groups by; null: there is one set, of all. */
export interface GroupedSets {
  readonly groups: readonly GroupedBy[];
  readonly sets: readonly (readonly number[])[] | null;
}

export function groupedSets(groupBy: GroupBy, around: Surroundings): GroupedSets {
  if (groupBy.distinct) throw sqlUnsupported(groupBy.place, 'GROUP BY DISTINCT is not supported', 'Leave DISTINCT out.');
  const groups: GroupedBy[] = [];
  const known = new Map<string, number>();
  const indexOf = (written: SqlExpression): number => {
    if (written.kind === 'number') throw sqlUnsupported(written.place, 'GROUP BY a position is not supported', 'Repeat the expression.');
    const expression = bind(written, around);
    const key = expressionKey(expression);
    const index = known.get(key) ?? groups.push({ expression, place: written.place }) - 1;
    known.set(key, index);
    return index;
  };
  // Items stand for the product of their sets.
  let sets: (readonly number[])[] = [[]];
  for (const item of groupBy.items) {
    const own = setsOf(item, indexOf);
    sets = sets.flatMap((set) => own.map((more) => [...set, ...more]));
    if (sets.length > setsMax) throw sqlUnsupported(item.place, `GROUP BY has more than ${setsMax} grouping sets`, 'Write several statements.');
  }
  if (!groupBy.items.some((item) => item.kind === 'groupingSets')) return { groups, sets: null };
  const distinct = new Map(sets.map((set) => [...new Set(set)].sort((a, b) => a - b)).map((set) => [set.join(), set]));
  return { groups, sets: [...distinct.values()] };
}

function setsOf(item: GroupItem, indexOf: (expression: SqlExpression) => number): readonly (readonly number[])[] {
  if (item.kind === 'groupExpression') return [[indexOf(item.expression)]];
  const elements = item.sets.map((set) => set.map(indexOf));
  return formed(item.form, elements, item.place);
}

function formed(form: GroupingSets['form'], elements: readonly (readonly number[])[], place: Place): readonly (readonly number[])[] {
  switch (form) {
    case 'GROUPING SETS': return elements;
    case 'ROLLUP': return [...elements.keys(), elements.length].reverse().map((count) => elements.slice(0, count).flat());
    case 'CUBE':
      if (2 ** elements.length > setsMax) throw sqlUnsupported(place, `CUBE of ${elements.length} columns has ${2 ** elements.length} grouping sets, more than ${setsMax}`, 'Write GROUPING SETS with those that you need.');
      return elements.reduce<readonly (readonly number[])[]>((subsets, element) => [...subsets.map((subset) => [...subset, ...element]), ...subsets], [[]]);
  }
}

/** Groups `relation` by each set. A column that a set leaves out is NULL in its results; GROUPING tells it from one that is. */
export function lowerGroupingSets(
  relation: Relation, grouping: Grouping, sets: readonly (readonly number[])[], virtuals: Virtuals, places: ReadonlyMap<Expression, Place>,
): Lowered {
  const { groups, window } = grouping;
  const chosen = sets.map((set) => set.map((index) => groups[index]!));
  const windowed = chosen.every((own) => isWindowed(relation, { groups: own, window }));
  const results = chosen.map((own) => groupedBy(relation, { ...grouping, groups: own }, virtuals, windowed));
  const outputs = outputsOf(relation, grouping, results, virtuals, windowed);
  const schema = outputs.map(({ field }) => field);
  const inputs = results.map(({ node, found }, set): PlanNode => {
    const expressions = outputs.map(({ key, field, call }) => {
      if (call !== null) return literal(groupingValue(call, groups, sets[set]!), field.type);
      return found.get(key) ?? literal(null, field.type);
    });
    return projectNode(node, expressions, schema);
  });
  const rowtime = schema.findIndex((_, index) => inputs.every((input) => isRowtime(input, index)));
  const node: PlanNode = { kind: 'union', inputs, schema, rowtime: rowtime < 0 ? null : rowtime };
  const found = new Map(outputs.map(({ key, field }, index) => [key, columnRef(index, field.type)]));
  return loweredOver(relation, { node, roles: outputs.map(({ role }) => role), found }, virtuals, places);
}

/** A column of the results. */
interface Output {
  readonly key: string;
  readonly field: Field;
  readonly role: WindowRole | null;
  /** GROUPING: what each set says of itself. */
  readonly call: VirtualCall | null;
}

/** Everything that any set gives, once, then what GROUPING tells. */
function outputsOf(relation: Relation, { groups, window }: Grouping, results: readonly Grouped[], virtuals: Virtuals, windowed: boolean): readonly Output[] {
  const outputs: Output[] = [];
  const seen = new Set<string>();
  for (const { node, roles, found } of results) {
    for (const [key, expression] of found) {
      if (seen.has(key) || expression.kind !== 'column') continue;
      seen.add(key);
      const { name, type } = node.schema[expression.index]!;
      const everywhere = results.every((other) => other.found.has(key));
      outputs.push({ key, field: { name, type: everywhere ? type : withNullable(type, true) }, role: roles[expression.index]!, call: null });
    }
  }
  // A column that no set has.
  for (const { expression } of groups) {
    const key = expressionKey(expression);
    const isRole = windowed && window === null && roleOf(relation, expression) !== null;
    if (!seen.has(key) && !isRole) outputs.push({ key, field: { name: 'none', type: withNullable(expression.type, true) }, role: null, call: null });
    seen.add(key);
  }
  virtuals.calls.forEach((call, index) => {
    if (call.name === 'GROUPING') outputs.push({ key: expressionKey(columnRef(virtuals.base + index, call.type)), field: { name: call.name, type: call.type }, role: null, call });
  });
  return outputs;
}

/** A bit for each argument, the last the lowest: 1 where the set leaves it out. */
function groupingValue({ more, place }: VirtualCall, groups: readonly GroupedBy[], set: readonly number[]): number {
  const inSet = set.map((index) => expressionKey(groups[index]!.expression));
  const grouped = groups.map(({ expression }) => expressionKey(expression));
  return more!.map(expressionKey).reduce((bits, key) => {
    if (!grouped.includes(key)) throw sqlInvalid(place, 'GROUPING takes expressions of GROUP BY', 'Give it a column that GROUP BY has.');
    return bits * 2 + (inSet.includes(key) ? 0 : 1);
  }, 0);
}
