/** MATCH_RECOGNIZE in words: much as it is written, with the names of the input's columns. */
import type { MatchExpression, MatchNode, MatchReference, MatchSkip } from './match.js';
import { patternText } from './match.js';
import { aggregateText, orderText } from './operator-text.js';
import { durationText, printExpression } from './print.js';

/** The clauses, a line each; keys and output are said by the caller. */
export function matchLines(node: MatchNode): readonly string[] {
  const names = node.input.schema.map(({ name }) => name);
  const variables = node.pattern.map(({ name }) => name);
  const text = ({ references, expression }: MatchExpression): string => printExpression(expression, references.map((reference) => referenceText(reference, names, variables)));
  const define = node.defines.flatMap((condition, variable) => (condition === null ? [] : [`${variables[variable]} AS ${text(condition)}`]));
  const measures = node.measures.map((measure, index) => `${text(measure)} AS ${node.schema[node.partition.length + index]!.name}`);
  const order = node.order.length === 0 ? '' : `, ${orderText(node.order, names)}`;
  return [
    `match (${patternText(node.pattern)})${node.within === null ? '' : ` WITHIN ${durationText(node.within)}`} on ${names[node.time]}${order}`,
    `after match: skip ${skipText(node.skip, variables)}`,
    ...(define.length === 0 ? [] : [`define: ${define.join(', ')}`]),
    ...(measures.length === 0 ? [] : [`measures: ${measures.join(', ')}`]),
  ];
}

function skipText(skip: MatchSkip, variables: readonly string[]): string {
  switch (skip.kind) {
    case 'past-last-row': return 'past last row';
    case 'to-next-row': return 'to next row';
    case 'to-first': return `to first ${variables[skip.variable]}`;
    case 'to-last': return `to last ${variables[skip.variable]}`;
  }
}

/** `A.price`, `PREV(LAST(A.price, 1))`, `SUM(A.volume)`. */
function referenceText(reference: MatchReference, names: readonly string[], variables: readonly string[]): string {
  if (reference.kind === 'rowtime') return 'MATCH_ROWTIME()';
  const of = reference.variable === null ? '' : `${variables[reference.variable]}.`;
  if (reference.kind === 'aggregate') return aggregateText(reference.call, names.map((name) => `${of}${name}`));
  const { from, offset, back } = reference;
  const column = `${of}${names[reference.column]}`;
  const far = (count: number, usual: number): string => (count === usual ? '' : `, ${count}`);
  const row = from === 'first' ? `FIRST(${column}${far(offset, 0)})` : offset > 0 ? `LAST(${column}, ${offset})` : column;
  return back === 0 ? row : `PREV(${row}${far(back, 1)})`;
}
