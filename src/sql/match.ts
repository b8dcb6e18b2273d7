/** MATCH_RECOGNIZE: from the tree to the plan. */
import type { Field } from '../core/types.js';
import { columnRef } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { foldConstants } from '../plan/constants.js';
import type { MatchExpression, MatchNode } from '../plan/match.js';
import type { SortKey } from '../plan/plan.js';
import { noAggregates } from './aggregate-calls.js';
import type { OrderItem, SqlExpression } from './ast.js';
import type { Definition, MatchBody, MatchRecognize } from './ast-match.js';
import { bind, type Surroundings } from './binder.js';
import { MatchBinder } from './match-navigation.js';
import { patternVariables, skipOf, variableNamed, type PlacedVariable } from './match-pattern.js';
import { Projection } from './projection.js';
import type { Environment } from './query.js';
import { aliased, typeOfColumn, type Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { checkRowtime } from './window-tables.js';

/** `relation` is what MATCH_RECOGNIZE stands behind. */
export function planMatch({ body, clause, alias }: MatchRecognize, relation: Relation, { session, remark }: Environment): Relation {
  refuseClauses(body);
  const plain: Surroundings = { relation, session, remark, places: new Map(), aliases: [], aggregate: noAggregates('MATCH_RECOGNIZE') };
  const variables = patternVariables(body);
  const skip = skipOf(body.skip, variables);
  const below = new Projection(relation.node);
  const { rowtime, order } = orderOf(body, plain);
  const kept = (column: number): number => below.add(columnRef(column, typeOfColumn(relation, column)));
  const time = kept(rowtime);
  const partitionBy = body.partitionBy.map((expression) => columnOf(expression, 'PARTITION BY', plain));
  const partition = partitionBy.map(kept);
  const binder = new MatchBinder(plain, variables, below, rowtime);
  const defines = definesOf(body.define, variables, binder);
  checkEnds(variables, defines);
  const measures = body.measures.map(({ expression }) => binder.measure(expression));
  const schema: Field[] = [
    ...partitionBy.map((column) => ({ name: relation.columns[column]!.name, type: typeOfColumn(relation, column) })),
    ...body.measures.map(({ name }, index) => ({ name: name.text, type: measures[index]!.expression.type })),
  ];
  checkNames(body, schema);
  const certainty = measures.findIndex(({ expression, references }) => expression.kind === 'column' && references[expression.index]!.kind === 'rowtime');
  const sorted = order.map((key) => ({ ...key, column: kept(key.column) }));
  const node: MatchNode = {
    kind: 'match', input: below.node(), time, partition, order: sorted, pattern: variables.map(({ name, min, max, greedy }) => ({ name, min, max, greedy })),
    defines, skip, within: withinOf(body.within, plain), measures, place: clause, schema, rowtime: certainty < 0 ? null : partition.length + certainty,
  };
  return aliased({ node, columns: schema.map(({ name }) => ({ name, qualifier: [], role: null })), refused: [], window: null }, alias, []);
}

function refuseClauses({ rows, subset, place, orderBy, measures, partitionBy }: MatchBody): void {
  if (rows?.rows === 'ALL') throw sqlUnsupported(rows.place, 'ALL ROWS PER MATCH is not supported', 'Write ONE ROW PER MATCH; measures tell the first and last row, counts and sums.');
  if (subset !== undefined) throw sqlUnsupported(subset, 'SUBSET is not supported', 'Name the variables one by one.');
  if (orderBy.length === 0) throw sqlInvalid(place, 'MATCH_RECOGNIZE has no ORDER BY', 'Order by the event time: ORDER BY event_time.');
  if (measures.length + partitionBy.length === 0) throw sqlInvalid(place, 'MATCH_RECOGNIZE has no MEASURES: its rows would say nothing', 'Say what a match shall tell: MEASURES A.price AS price.');
}

/** The event time, and what rows of one instant are ordered by. */
function orderOf({ orderBy }: MatchBody, around: Surroundings): { readonly rowtime: number; readonly order: readonly SortKey[] } {
  const [first, ...more] = orderBy as readonly [OrderItem, ...OrderItem[]];
  const rowtime = columnOf(first.expression, 'ORDER BY', around);
  checkRowtime(around.relation, rowtime, first.expression.place, 'ORDER BY in MATCH_RECOGNIZE');
  if (first.descending) throw sqlInvalid(first.place, 'rows are matched as event time goes on: ORDER BY … DESC is not possible', 'Leave DESC out.');
  return { rowtime, order: more.map(({ expression, descending, nulls }) => ({ column: columnOf(expression, 'ORDER BY', around), descending, nullsLast: nulls === undefined ? descending : nulls === 'LAST' })) };
}

function columnOf(expression: SqlExpression, clause: string, around: Surroundings): number {
  const bound = bind(expression, around);
  if (bound.kind !== 'column') throw sqlUnsupported(expression.place, `${clause} in MATCH_RECOGNIZE takes columns only`, 'Compute it in a sub-query, and name its column here.');
  return bound.index;
}

function definesOf(define: readonly Definition[], variables: readonly PlacedVariable[], binder: MatchBinder): (MatchExpression | null)[] {
  const defines: (MatchExpression | null)[] = variables.map(() => null);
  for (const { variable: name, condition } of define) {
    const variable = variableNamed(name, variables);
    if (defines[variable] !== null) throw sqlInvalid(name.place, `'${name.text}' is defined twice`, 'Join the conditions with AND.');
    defines[variable] = binder.condition(condition, variable);
  }
  return defines.map((condition) => (condition !== null && isAlways(condition.expression, true) ? null : condition));
}

function isAlways(expression: Expression, truth: boolean): boolean {
  const folded = foldConstants(expression);
  return folded.kind === 'literal' && (folded.value === truth || (!truth && folded.value === null));
}

/** What provably takes every row leaves none for what comes after it: no match would ever be whole, and rows be kept for ever. */
function checkEnds(variables: readonly PlacedVariable[], defines: readonly (MatchExpression | null)[]): void {
  variables.forEach(({ name, max, greedy, place }, variable) => {
    if (max === null && greedy && defines[variable] === null) {
      throw sqlInvalid(place, `the pattern cannot end: '${name}' takes every row, and leaves none for what comes after it`,
        `Define '${name}' so that it does not hold for the row that follows, or let it take few: ${name}+?.`);
    }
  });
  defines.forEach((define, variable) => {
    if (define !== null && variables[variable]!.min > 0 && isAlways(define.expression, false)) throw sqlInvalid(define.place, `the pattern cannot end: '${variables[variable]!.name}' never holds`, 'Mend its condition.');
  });
}

function withinOf(within: SqlExpression | undefined, around: Surroundings): number | null {
  if (within === undefined) return null;
  const bound = bind(within, around);
  if (bound.type.kind === 'INTERVAL_MONTH') throw sqlUnsupported(within.place, 'WITHIN takes no months or years: they differ in length', "Use days: INTERVAL '30' DAY.");
  if (bound.kind !== 'literal' || typeof bound.value !== 'number' || bound.type.kind !== 'INTERVAL_DAY' || bound.value <= 0) {
    throw sqlInvalid(within.place, 'WITHIN takes an interval', "Write WITHIN INTERVAL '1' MINUTE.");
  }
  return bound.value;
}

function checkNames({ measures }: MatchBody, schema: readonly Field[]): void {
  const first = schema.length - measures.length;
  measures.forEach(({ name }, index) => {
    if (schema.findIndex((field) => field.name === name.text) < first + index) throw sqlInvalid(name.place, `'${name.text}' names two columns of the match`, 'Give the measure another name.');
  });
}
