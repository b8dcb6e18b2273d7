/** Which columns Flink takes for event times: of those it writes one a row at the most. */
import { isJoin } from '../plan/trace.js';
import type { PlanNode } from '../plan/plan.js';

/** Output columns that still are event times in Flink: more than the one that a plan's watermark speaks of. */
export function timeAttributes(node: PlanNode): ReadonlySet<number> {
  switch (node.kind) {
    case 'scan': return new Set(node.table.watermark === null ? [] : [node.table.watermark.column]);
    case 'filter': case 'over': case 'rank': case 'window-rank': return timeAttributes(node.input);
    case 'window': return new Set([...timeAttributes(node.input), node.schema.length - 1]);
    case 'window-aggregate': return new Set([node.schema.length - 1]);
    case 'union': return timeAttributes(node.inputs[0]!);
    case 'project': {
      const below = timeAttributes(node.input);
      return new Set(node.expressions.flatMap((expression, index) => (expression.kind === 'column' && below.has(expression.index) ? [index] : [])));
    }
    default: return isJoin(node) ? ofJoin(node) : new Set();
  }
}

function ofJoin(node: Extract<PlanNode, { kind: 'interval-join' | 'temporal-join' | 'join' | 'window-join' }>): ReadonlySet<number> {
  if (node.kind === 'join') return new Set();
  const [left, right] = node.inputs;
  const kept = timeAttributes(left);
  if (node.kind === 'temporal-join') return kept;
  return new Set([...kept, ...[...timeAttributes(right)].map((column) => column + left.schema.length)]);
}
