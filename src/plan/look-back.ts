/** How far back in event time results reach. */
import type { Expression } from './expression.js';
import { looksAtRowsBefore } from './match.js';
import type { Pipeline, PlanNode, WindowSpec } from './plan.js';

/**
 * Milliseconds: the longest sum of window sizes, frames and watermark delays along a path; null when unbounded (an
 * unbounded or ROWS frame, LAG, a session, an operator of the user's, or a watermark that is no constant delay).
 */
export function lookBack(pipeline: Pipeline): number | null {
  return longest(pipeline.statements.map(({ root }) => reach(root)));
}

const longest = (reaches: readonly (number | null)[]): number | null =>
  reaches.reduce((most, one) => (most === null || one === null ? null : Math.max(most, one)), 0);

const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

function reach(node: PlanNode): number | null {
  switch (node.kind) {
    case 'scan': return node.table.watermark === null ? 0 : watermarkDelay(node.table.watermark.expression, node.table.columns[node.table.watermark.column]!.expression);
    case 'filter': case 'project': return reach(node.input);
    case 'union': return longest(node.inputs.map(reach));
    case 'window': return plus(reach(node.input), windowReach(node.window));
    // Rows that are windowed already: their window counts where it was made.
    case 'window-aggregate': return plus(reach(node.input), node.window === null ? 0 : windowReach(node.window));
    case 'over': return plus(reach(node.input), frameReach(node));
    case 'match': return looksAtRowsBefore(node) ? null : plus(reach(node.input), node.within);
    case 'window-rank': return reach(node.input);
    case 'window-join': return longest(node.inputs.map(reach));
    case 'interval-join': return plus(longest(node.inputs.map(reach)), Math.max(Math.abs(node.lower), Math.abs(node.upper)));
    case 'temporal-join': case 'join': case 'group-aggregate': case 'rank': case 'process': case 'global-window': case 'halts': case 'changelog': return null;
  }
}

/** Milliseconds that a window spans at the most; null for sessions, which go on as long as rows come. */
export const windowReach = (window: WindowSpec): number | null => (window.kind === 'session' ? null : window.size);

function frameReach({ frame, aggregates }: Extract<PlanNode, { kind: 'over' }>): number | null {
  if (frame.kind === 'rows' || aggregates.some((call) => call.name === 'LAG')) return null;
  return frame.preceding;
}

/** Milliseconds that the watermark stays behind the column `time`; null when it is no constant, or the source's own. */
export function watermarkDelay(expression: Expression | null, time: Expression): number | null {
  if (expression === null) return null;
  if (sameColumn(expression, time)) return 0;
  if (expression.kind !== 'call' || (expression.name !== '-' && expression.name !== '+')) return null;
  const [base, delay] = expression.args as [Expression, Expression];
  if (delay.kind !== 'literal' || delay.type.kind !== 'INTERVAL_DAY' || typeof delay.value !== 'number') return null;
  const below = watermarkDelay(base, time);
  return below === null ? null : Math.max(0, below + (expression.name === '-' ? delay.value : -delay.value));
}

/** The same expression, places aside. */
function sameColumn(a: Expression, b: Expression): boolean {
  if (a.kind === 'column' || b.kind === 'column') return a.kind === 'column' && b.kind === 'column' && a.index === b.index;
  if (a.kind === 'literal' || b.kind === 'literal') return a.kind === 'literal' && b.kind === 'literal' && a.value === b.value;
  return a.name === b.name && a.args.length === b.args.length && a.args.every((arg, index) => sameColumn(arg, b.args[index]!));
}
