/** State that grows for as long as new keys come: on history that ends it is bounded, on a stream that does not it is not. */
import { inputsOf, nodesBelow } from './trace.js';
import { operatorText } from './operator-text.js';
import { isUpdating } from './changes.js';
import type { Place } from './expression.js';
import type { Pipeline, PlanNode } from './plan.js';

export interface UnboundedState {
  /** `rank ROW_NUMBER <= 3`. */
  readonly operator: string;
  readonly place: Place;
  /** What grows, as a clause: `keeps a row for each symbol, for ever`. */
  readonly grows: string;
  /** What bounds it, as a sentence. */
  readonly bound: string;
}

const timeToLive = "Write SET 'table.exec.state.ttl' = '1 h' before it: what nothing has touched for that long is forgotten.";

/** Each operator once, in the order of the text. A table with a primary key is no such state: it is as large as what it stands for. */
export function unboundedState(pipeline: Pipeline): readonly UnboundedState[] {
  const found = pipeline.statements.flatMap(({ root }) => [...nodesBelow(root)].flatMap(stateOf));
  return found.filter((state, index) => found.findIndex(({ operator, place, grows }) => operator === state.operator && place.line === state.place.line && place.column === state.place.column && grows === state.grows) === index);
}

/** As `explain` and the remarks of a run say it. */
export const unboundedText = ({ operator, place, grows, bound }: UnboundedState): string =>
  `line ${place.line}, column ${place.column}: ${operator} ${grows}. ${bound}`;

function stateOf(node: PlanNode): UnboundedState[] {
  const grows = growthOf(node);
  if (grows === null || node.kind === 'scan' || node.kind === 'filter' || node.kind === 'project' || node.kind === 'union') return [];
  const bound = node.kind === 'match' ? "Write WITHIN after the pattern, for instance WITHIN INTERVAL '1' MINUTE: matches that take longer are given up." : timeToLive;
  return [{ operator: operatorText(node), place: node.place, grows, bound }];
}

/** Whether all rows are those that tables of changes have now: whatever is kept of them is no more than the tables. */
const isOfTables = (node: PlanNode): boolean => node.kind === 'changelog' || (node.kind !== 'scan' && inputsOf(node).every(isOfTables));

/** Null: it does not grow, or not for ever. */
function growthOf(node: PlanNode): string | null {
  if ((node.kind === 'group-aggregate' || node.kind === 'rank') && isOfTables(node.input)) return null;
  switch (node.kind) {
    case 'group-aggregate': {
      if (node.ttl !== null) return null;
      if (node.keys.length > 0) return `keeps a row for each ${namesOf(node.input, node.keys)}, for ever`;
      return node.aggregates.some(({ distinct }) => distinct) ? 'keeps every distinct value, for ever' : null;
    }
    case 'rank':
      if (node.ttl !== null) return null;
      // What may be taken back may be missed again: then all rows are kept.
      if (isUpdating(node.input)) return 'keeps every row that may move up, for ever';
      return node.partition.length === 0 ? null : `keeps ${node.to === 1 ? 'a row' : `${node.to} rows`} for each ${namesOf(node.input, node.partition)}, for ever`;
    case 'join': {
      const side = node.inputs.findIndex((input, at) => node.ttl[at] === null && !isUpdating(input));
      return side < 0 ? null : `keeps every row of its ${side === 0 ? 'left' : 'right'} side, for ever`;
    }
    case 'match': return node.within === null && node.pattern.some(({ max }) => max === null) ? 'keeps the rows of a match in the making, however long that takes' : null;
    default: return null;
  }
}

const namesOf = (input: PlanNode, columns: readonly number[]): string => columns.map((column) => input.schema[column]!.name).join(', ');
