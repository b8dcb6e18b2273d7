/** What must be computed again to see how an alert came about: the operator below it, and the expressions above that. */
import { sqlType, type Field } from '../core/types.js';
import { conjunction } from '../plan/conjunction.js';
import { columnRef, literal, substitute, type Expression } from '../plan/expression.js';
import { watermarkDelay, windowReach } from '../plan/look-back.js';
import { looksAtRowsBefore, type MatchExpression, type MatchNode } from '../plan/match.js';
import { aggregateText, operatorText } from '../plan/operator-text.js';
import type { AggregateCall, Pipeline, PlanNode, SinkTable, SourceTable, Statement } from '../plan/plan.js';
import { printExpression } from '../plan/print.js';
import { originsOf, scansBelow } from '../plan/trace.js';
import { rolesOf } from './roles.js';

type Stateful = Extract<PlanNode, { kind: 'window-aggregate' | 'over' | 'match' }>;

export interface EvidencePlan {
  readonly sink: SinkTable;
  readonly source: SourceTable;
  /** Column of the source's raw rows that holds the symbol. */
  readonly symbolColumn: number;
  /** Columns of the alert: when, and of which symbol. */
  readonly time: number;
  readonly symbol: number;
  /** Event times that reach an alert at t: from t - before up to t + after, in ms. */
  readonly before: number;
  readonly after: number;
  readonly operator: Stateful;
  readonly operatorText: string;
  /** Columns of the rows that enter the operator: its key. */
  readonly keys: readonly number[];
  /** Columns of the rows that enter the operator; `time`: its event time among them. */
  readonly inputs: readonly Field[];
  readonly inputTime: number;
  readonly numbers: readonly { readonly name: string; readonly call: AggregateCall }[];
  /** How the alert's computed columns follow from those below, down to the operator's. */
  readonly formulas: readonly { readonly column: string; readonly text: string }[];
  /**
   * Two statements of one source. The first: the operator's columns, whether an alert was raised, the alert's columns.
   * The second, of a window or a pattern: the rows that enter it. A pattern's columns end with the times of a match's
   * first and last row.
   */
  readonly pipeline: Pipeline;
}

/** Event time on either side of an alert that is still read in a moment. */
const reachMax = 3_600_000;

/** Null: nothing was aggregated or matched on the way to these alerts, or their rows cannot be told by symbol and time. */
export function evidencePlan({ statements, settings }: Pipeline, sink: SinkTable): EvidencePlan | null {
  const own = statements.filter((statement) => statement.sink.name === sink.name);
  const roles = rolesOf(sink.schema);
  if (own.length !== 1 || roles.time === null || roles.symbol === null) return null;
  const { root, place } = own[0]!;
  const above = aboveOperator(root);
  if (above === null) return null;
  const { operator, outputs, condition } = above;
  const [scan, ...others] = scansBelow(operator);
  const symbol = sink.schema.findIndex(({ name }) => name === roles.symbol);
  const symbolColumn = rawColumn(root, symbol);
  const reach = reachOf(operator);
  if (scan === undefined || others.length > 0 || symbolColumn === null || reach === null || reach > reachMax) return null;
  const schema = operator.schema;
  const wide: PlanNode = {
    kind: 'project', input: operator, rowtime: null,
    expressions: [...schema.map(({ type }, index) => columnRef(index, type)), condition ?? literal(true, sqlType('BOOLEAN', false)), ...outputs],
    schema: [...schema, { name: 'raised', type: sqlType('BOOLEAN') }, ...sink.schema.map(({ name }, index) => ({ name, type: outputs[index]!.type }))],
  };
  const keys = operator.kind === 'window-aggregate' ? operator.keys : operator.partition;
  const first = operator.kind === 'over' ? operator.input.schema.length : keys.length;
  const inputTime = operator.time;
  const isOver = operator.kind === 'over';
  return {
    sink, source: scan.table, symbolColumn, time: sink.schema.findIndex(({ name }) => name === roles.time), symbol,
    before: reach, after: isOver ? 0 : reach, operator, operatorText: operatorText(operator), keys, inputs: operator.input.schema, inputTime,
    numbers: (operator.kind === 'match' ? [] : operator.aggregates).map((call, index) => ({ name: schema[first + index]?.name ?? aggregateText(call, operator.input.schema.map(({ name }) => name)), call })),
    formulas: formulasOf(root),
    pipeline: pipelineOf(scan.table, settings, [statementOf('numbers', wide, place), ...(isOver ? [] : [statementOf('rows', operator.input, place)])]),
  };
}

function statementOf(name: string, root: PlanNode, place: Statement['place']): Statement {
  return { sink: { name, schema: root.schema, primaryKey: [], options: {}, changes: 'none' }, root, place };
}

function pipelineOf(source: SourceTable, settings: Pipeline['settings'], statements: readonly Statement[]): Pipeline {
  return { sources: [source], sinks: statements.map(({ sink }) => sink), statements, settings, remarks: [] };
}

/** The stateful operator that a statement's projections and filters stand upon, and these as expressions over it. */
function aboveOperator(root: PlanNode): { readonly operator: Stateful; readonly outputs: readonly Expression[]; readonly condition: Expression | null } | null {
  let outputs: readonly Expression[] = root.schema.map(({ type }, index) => columnRef(index, type));
  let condition: Expression | null = null;
  let node = root;
  for (;;) {
    if (node.kind === 'project') {
      const { expressions } = node;
      const inside = (expression: Expression): Expression => substitute(expression, (index) => expressions[index]!);
      outputs = outputs.map(inside);
      condition = condition === null ? null : inside(condition);
      node = node.input;
    } else if (node.kind === 'filter') {
      condition = condition === null ? node.condition : conjunction(node.condition, condition);
      node = node.input;
    } else {
      if (node.kind === 'match') return { operator: withBounds(node), outputs, condition };
      return node.kind === 'over' || (node.kind === 'window-aggregate' && node.window !== null) ? { operator: node, outputs, condition } : null;
    }
  }
}

/** A pattern that also says when the first and the last row of each match were. */
function withBounds(node: MatchNode): MatchNode {
  const { type } = node.input.schema[node.time]!;
  const bounds = (['first', 'last'] as const).map((from): MatchExpression => ({
    references: [{ kind: 'row', column: node.time, variable: null, from, offset: 0, back: 0, certain: true, type }], expression: columnRef(0, type), place: node.place,
  }));
  return { ...node, measures: [...node.measures, ...bounds], schema: [...node.schema, { name: 'first row', type }, { name: 'last row', type }] };
}

/** Each computed column by its name, as the text that computes it from the projection below. */
function formulasOf(root: PlanNode): { column: string; text: string }[] {
  const found = new Map<string, string>();
  for (let node = root; node.kind === 'project' || node.kind === 'filter'; node = node.input) {
    if (node.kind === 'filter') continue;
    const below = node.input.schema.map(({ name }) => name);
    node.expressions.forEach((expression, index) => {
      const { name } = node.schema[index]!;
      if (expression.kind === 'call' && !found.has(name)) found.set(name, printExpression(expression, below));
    });
  }
  return [...found].map(([column, text]) => ({ column, text }));
}

/** The raw column of the one source that a column of `node` is, unchanged. */
function rawColumn(node: PlanNode, index: number): number | null {
  const origins = originsOf(node, index);
  if (origins === null || origins.length !== 1) return null;
  const { table, column } = origins[0]!;
  const { expression } = table.columns[column]!;
  return expression.kind === 'column' ? expression.index : null;
}

/** Milliseconds of event time that the rows behind a result span, its watermark's delay included; null: no bound. */
function reachOf(node: PlanNode): number | null {
  switch (node.kind) {
    case 'scan': {
      const { watermark, columns } = node.table;
      return watermark === null ? null : (watermarkDelay(watermark.expression, columns[watermark.column]!.expression) ?? 0);
    }
    case 'filter': case 'project': return reachOf(node.input);
    case 'union': return null;
    case 'window': return plus(reachOf(node.input), windowReach(node.window));
    case 'window-aggregate': return plus(reachOf(node.input), node.window === null ? 0 : windowReach(node.window));
    case 'window-rank': return reachOf(node.input);
    case 'interval-join': case 'temporal-join': case 'join': case 'window-join': case 'group-aggregate': case 'rank': case 'process': case 'global-window': case 'halts': case 'changelog': return null;
    case 'match': return looksAtRowsBefore(node) ? null : plus(reachOf(node.input), node.within);
    case 'over': return node.frame.kind === 'rows' || node.aggregates.some(({ name }) => name === 'LAG') ? null : plus(reachOf(node.input), node.frame.preceding);
  }
}

const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);
