/** MATCH_RECOGNIZE as an operator: it delivers all its columns, since a measure that fails costs the match. */
import { MatchRecognize } from '../operators/match.js';
import { matchColumns, renumbered, type MatchExpression, type MatchNode } from '../plan/match.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';

export function matchForm(node: MatchNode): OperatorForm {
  const { input, partition, order, pattern, skip, within, place, schema } = node;
  const columns = ascending(matchColumns(node));
  const at = (column: number): number => columns.indexOf(column);
  const moved = (expression: MatchExpression): MatchExpression => ({ ...expression, references: expression.references.map((reference) => renumbered(reference, at)) });
  return {
    columns: [columns], schema, map: new Map(schema.map((_, index) => [index, index])),
    make: (name) => ({
      inputs: 1,
      operator: new MatchRecognize({
        name, input: picked(input.schema, columns), time: at(node.time), partition: partition.map(at), order: order.map((key) => ({ ...key, column: at(key.column) })),
        pattern, skip, within, place, defines: node.defines.map((define) => (define === null ? null : moved(define))), measures: node.measures.map(moved),
      }),
    }),
  };
}
