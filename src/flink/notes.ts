/** Where a cluster's results of this pipeline may differ from ours, whatever the text. */
import type { AggregateCall, Pipeline, PlanNode } from '../plan/plan.js';
import { usesClock, type Expression } from '../plan/expression.js';
import { nodesBelow } from '../plan/trace.js';
import type { TableFunction } from '../sql/ast.js';
import { parseSql } from '../sql/parser.js';
import { nodesOf } from './nodes.js';

/** Sentences, those that this pipeline gives cause to. */
export function notesOf({ statements, sources }: Pipeline): readonly string[] {
  const nodes = [...new Set(statements.flatMap(({ root }) => [...nodesBelow(root)]))];
  const calls = nodes.flatMap(aggregatesOf).filter(isReal);
  const sliding = nodes.filter(({ kind }) => kind === 'over').flatMap(aggregatesOf).filter(isReal);
  const notes: string[] = [];
  if (sources.some(({ watermark }) => watermark !== null)) notes.push('Watermarks move every 200 ms there and after each row here, so that other rows may be late.');
  if (sliding.some(varies)) notes.push('STDDEV and VAR of DOUBLE drift over sliding rows there, and may be NaN or not 0 where all values are equal; here they are exact.');
  else if (calls.some(varies)) notes.push('STDDEV and VAR of DOUBLE are rounded at each row there; here they are exact.');
  if (calls.some(sums)) notes.push('SUM and AVG of DOUBLE are rounded at each row there; here once.');
  if (nodes.some((node) => node.kind === 'window-aggregate' && node.aggregates.some(({ name }) => name === 'FIRST_VALUE' || name === 'LAST_VALUE'))) {
    notes.push('FIRST_VALUE and LAST_VALUE in windows go by arrival there, and by event time here.');
  }
  if (sources.some(({ options }) => Object.values(options).includes('avro-confluent'))) {
    notes.push('Fields of Avro records are found by the name of the column: one that is not there is NULL, and an event time must not be.');
  }
  if (nodes.flatMap(expressionsOf).some(usesClock)) notes.push("CURRENT_TIMESTAMP and its like are the machine's clock there, and the greatest event time so far here.");
  return notes;
}

/** Functions in the user's TypeScript, by name: of rows, of groups, and of tables, which only the text names. */
export function userCodeOf({ statements }: Pipeline, text: string): readonly string[] {
  const names = new Set<string>();
  for (const node of parseSql(text).statements.flatMap((statement) => [...nodesOf(statement)])) {
    if (isTableFunction(node) && !ownTableFunctions.includes(node.name)) names.add(node.name.toLowerCase());
  }
  for (const node of statements.flatMap(({ root }) => [...nodesBelow(root)])) {
    for (const { user } of aggregatesOf(node)) if (user !== undefined) names.add(user.name);
    expressionsOf(node).forEach((expression) => collect(expression, names));
  }
  return [...names];
}

const ownTableFunctions: readonly string[] = ['TUMBLE', 'HOP', 'CUMULATE', 'SESSION', 'UNNEST'];
const isTableFunction = (node: object): node is TableFunction => 'kind' in node && node.kind === 'tableFunction';

function collect(expression: Expression, into: Set<string>): void {
  if (expression.kind !== 'call') return;
  if (expression.user !== undefined) into.add(expression.user.name);
  for (const arg of expression.args) collect(arg, into);
}

const varies = ({ name }: AggregateCall): boolean => name.startsWith('STDDEV') || name.startsWith('VAR');

const sums = ({ name }: AggregateCall): boolean => name === 'SUM' || name === 'AVG';

const isReal = ({ type }: AggregateCall): boolean => type.kind === 'DOUBLE' || type.kind === 'FLOAT';

function aggregatesOf(node: PlanNode): readonly AggregateCall[] {
  return 'aggregates' in node ? node.aggregates : [];
}

function expressionsOf(node: PlanNode): readonly Expression[] {
  if (node.kind === 'project') return node.expressions;
  if (node.kind === 'filter') return [node.condition];
  return 'condition' in node && node.condition !== null ? [node.condition as Expression] : [];
}
