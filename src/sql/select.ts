/** SELECT: from, where, group, having, over, items. */
import type { Field } from '../core/types.js';
import { columnRef, columnsOf } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { collecting, noAggregates } from './aggregate-calls.js';
import type { Select, SelectItem } from './ast.js';
import { bind, bindCondition } from './binder.js';
import type { Surroundings } from './binder.js';
import { planFrom } from './from.js';
import { groupWindowOf, withoutWindow } from './group-windows.js';
import { lowerGroups, type Grouping } from './grouping.js';
import { groupedSets, lowerGroupingSets } from './grouping-sets.js';
import { distinctRows } from './distinct.js';
import { didYouMean } from './names.js';
import { lowerOvers } from './overs.js';
import { projectNode } from './projection.js';
import type { Environment } from './query.js';
import { qualification, qualifyCondition } from './qualify.js';
import { lowerRanking, withRankBounds } from './ranks.js';
import { qualifies } from './relation.js';
import type { Relation, RelationColumn } from './relation.js';
import { rowsWhere } from './semi-joins.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { withTtlHints } from './ttl-hints.js';
import { Virtuals } from './virtuals.js';

interface Item {
  readonly name: string;
  readonly expression: Expression;
  readonly place: Place;
}

export function planSelect(select: Select, outer: Environment): Relation {
  refuseClauses(select);
  const from = planFrom(select.from!, outer);
  const environment = withTtlHints(select.hints, from, outer);
  const { session, remark } = environment;
  const places = new Map<Expression, Place>();
  const aliases = select.items.flatMap((item) => (item.kind === 'selectExpression' && item.alias !== undefined ? [item.alias.text] : []));
  const plain: Surroundings = { relation: from, session, remark, places, aliases, aggregate: noAggregates('WHERE') };
  const read = rowsWhere(from, select.where, plain, environment);
  const relation: Relation = { ...read, node: withRankBounds(read.node) };
  const grouping: Surroundings = { ...plain, relation, aggregate: noAggregates('GROUP BY') };
  const window = select.groupBy === undefined ? null : groupWindowOf(select.groupBy, grouping);
  const around: Surroundings = { ...plain, relation, windowProperty: window?.property };
  const virtuals = new Virtuals(relation.columns.length + (window === null ? 0 : 3));
  const { groups, sets } = select.groupBy === undefined ? { groups: [], sets: null } : groupedSets(withoutWindow(select.groupBy), grouping);
  const items = uniqueNames(select.items.flatMap((item, index) => selectItems(item, index, collecting(around, virtuals, select.windows, 'SELECT'))));
  const having = select.having === undefined ? undefined : bindCondition(select.having, 'HAVING', collecting(around, virtuals, select.windows, 'HAVING'));
  const qualify = boundQualify(select, collecting(around, virtuals, select.windows, 'QUALIFY'), virtuals);
  const grouped = select.groupBy !== undefined || having !== undefined || virtuals.calls.some((call) => call.over === null);
  const given = (over: Relation, calls: Virtuals, of: readonly Item[], kept: Expression | null): Relation => {
    const base = over.columns.length;
    const asked = kept === null ? null : qualification(kept, of.length, (index) => (index < base ? over.node.schema[index]!.type : calls.calls[index - base]!.type), select.qualify!.place);
    const all = projected(over, calls, [...of, ...(asked?.columns ?? [])], environment);
    const rows = asked === null ? all : asked.kept(all);
    return select.distinct ? distinctRows(rows, select.place, environment.timeToLive) : rows;
  };
  if (!grouped) return given(relation, virtuals, items, qualify);

  const place = select.groupBy?.place ?? virtuals.calls.find((call) => call.over === null)?.place ?? select.having!.place;
  const by: Grouping = { groups, window, timeToLive: environment.timeToLive, place };
  // GROUPING has something to say of one set too.
  const asked = sets ?? (virtuals.calls.some((call) => call.name === 'GROUPING') ? [[...groups.keys()]] : null);
  const lowered = asked === null ? lowerGroups(relation, by, virtuals, places) : lowerGroupingSets(relation, by, asked, virtuals, places);
  const rewrite = lowered.rewrite;
  const kept = having === undefined ? lowered.relation : filtered(lowered.relation, rewrite(having, select.having!.place));
  const overs = new Virtuals(kept.columns.length);
  // Grouped calls are columns now; the OVER calls keep their number, over the grouped relation.
  for (const call of virtuals.calls) {
    if (call.over === null) overs.calls.push(call);
    else {
      const part = (expression: Expression | null | undefined): Expression | null => (expression ? rewrite(expression, call.place) : null);
      const over = { ...call.over, partition: call.over.partition.map((expression) => rewrite(expression, call.place)), order: rewrite(call.over.order, call.over.orderPlace) };
      const sort = call.over.sort?.map((key) => ({ ...key, expression: rewrite(key.expression, call.place) }));
      overs.calls.push({ ...call, argument: part(call.argument), filter: part(call.filter), defaultValue: part(call.defaultValue), ...(call.more === undefined ? {} : { more: call.more.map((expression) => rewrite(expression, call.place)) }), over: sort === undefined ? over : { ...over, sort } });
    }
  }
  return given(kept, overs, items.map((item) => ({ ...item, expression: rewrite(item.expression, item.place) })), qualify === null ? null : rewrite(qualify, select.qualify!.place));
}

/** Null: there is no QUALIFY. */
function boundQualify(select: Select, around: Surroundings, virtuals: Virtuals): Expression | null {
  const condition = qualifyCondition(select, around.relation);
  if (condition === undefined) return null;
  const bound = bindCondition(condition, 'QUALIFY', around);
  const isOver = (index: number): boolean => virtuals.calls[index - virtuals.base]?.over != null;
  if (![...columnsOf(bound)].some(isOver)) throw sqlInvalid(select.qualify!.place, 'QUALIFY asks for nothing that OVER gives', 'Write WHERE, or HAVING after GROUP BY.');
  return bound;
}

function refuseClauses(select: Select): void {
  const { place } = select;
  if (select.from === undefined) throw sqlUnsupported(place, 'SELECT without FROM is not supported: there are no rows to replay', 'Select from a table.');
}

function filtered(relation: Relation, condition: Expression): Relation {
  const { node } = relation;
  return { ...relation, node: { kind: 'filter', input: node, condition, schema: node.schema, rowtime: node.rowtime } };
}

/** The items over `relation`, after an over node where they have OVER calls. */
function projected(relation: Relation, virtuals: Virtuals, items: readonly Item[], { timeToLive }: Environment): Relation {
  const hasOver = virtuals.calls.some((call) => call.over !== null);
  const expressions = items.map((item) => item.expression);
  const calls = virtuals.calls.map((call) => (call.over === null ? null : call));
  const ranks = calls.some((call) => call?.name === 'ROW_NUMBER');
  const over = ranks ? lowerRanking(relation, calls, expressions, timeToLive) : hasOver ? lowerOvers(relation, calls, expressions) : { node: relation.node, items: expressions };
  const schema: Field[] = items.map(({ name, expression }) => ({ name, type: expression.type }));
  const node: PlanNode = projectNode(over.node, over.items, schema);
  const columns: RelationColumn[] = items.map(({ name, expression, place }) => ({
    name, qualifier: [], place, role: expression.kind === 'column' && expression.index < relation.columns.length ? relation.columns[expression.index]!.role : null,
  }));
  return { node, columns, refused: [], window: relation.window };
}

/** One item, or the columns that a star stands for. */
function selectItems(item: SelectItem, index: number, around: Surroundings): readonly Item[] {
  if (item.kind === 'selectStar') return starItems(item, around);
  const { expression, alias, place } = item;
  const last = expression.kind === 'name' ? expression.parts[expression.parts.length - 1]!.text : `EXPR$${index}`;
  return [{ name: alias?.text ?? last, expression: bind(expression, around), place }];
}

function starItems({ qualifier, place }: Extract<SelectItem, { kind: 'selectStar' }>, { relation, places }: Surroundings): readonly Item[] {
  const written = qualifier?.parts.map((part) => part.text) ?? [];
  const refused = relation.refused.find((column) => qualifies(written, column.qualifier));
  if (refused !== undefined) throw sqlUnsupported(place, `* takes in column '${refused.name}': ${refused.message}`, 'Name the columns that you need.');
  const items: Item[] = [];
  starOrder(relation.columns, written).forEach((index) => {
    const { name } = relation.columns[index]!;
    const expression = columnRef(index, relation.node.schema[index]!.type);
    places.set(expression, place);
    items.push({ name, expression, place });
  });
  if (items.length === 0) {
    const known = [...new Set(relation.columns.map((column) => column.qualifier.at(-1)).filter((text) => text !== undefined))];
    throw sqlInvalid(place, `no table '${written.join('.')}' here`, didYouMean(written.join('.'), known));
  }
  return items;
}

/** Columns that a star stands for: those that USING or NATURAL made one come first. */
function starOrder(columns: readonly RelationColumn[], written: readonly string[]): readonly number[] {
  const named = columns.flatMap(({ qualifier }, index) => (qualifies(written, qualifier) ? [index] : []));
  if (written.length > 0) return named;
  const isMerged = (index: number): boolean => columns[index]!.shared === 'merged';
  return [...named.filter(isMerged), ...named.filter((index) => !isMerged(index) && columns[index]!.shared !== 'hidden')];
}

/** As Flink does: a name that is taken gets a number, from 0. */
function uniqueNames(items: readonly Item[]): readonly Item[] {
  const taken = new Set<string>();
  return items.map((item) => {
    let name = item.name;
    for (let number = 0; taken.has(name); number += 1) name = `${item.name}${number}`;
    taken.add(name);
    return { ...item, name };
  });
}
