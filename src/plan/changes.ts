/** Which results change after they were given: what an operator over them, and the table they go to, must know. */
import type { PlanNode } from './plan.js';
import { inputsOf, isJoin, isRowtime, joinedColumn } from './trace.js';

/** Whether rows of the node are taken back or replaced later (-U, +U, -D); else they are only ever added. */
export function isUpdating(node: PlanNode): boolean {
  switch (node.kind) {
    case 'scan': return false;
    case 'group-aggregate': case 'changelog': return true;
    case 'rank': return keptByTime(node) !== 'first';
    case 'temporal-join': return isUpdating(node.inputs[0]);
    case 'join': return (node.type !== 'inner' && node.type !== 'semi') || node.inputs.some(isUpdating);
    case 'filter': case 'project': case 'union': case 'window': return inputsOf(node).some(isUpdating);
    // The others take rows that stay, and give such: see `updatesBelow`.
    default: return false;
  }
}

/**
 * Whether a rank keeps the first or the last row of each partition by event time; null: neither. The first is then known
 * at the watermark, and stays; of rows of one time the last to come is the last.
 */
export function keptByTime(node: Extract<PlanNode, { kind: 'rank' | 'window-rank' }>): 'first' | 'last' | null {
  const [key, ...more] = node.order;
  if (node.to !== 1 || more.length > 0 || isUpdating(node.input)) return null;
  const { column } = key!;
  if (!(node.kind === 'rank' ? isRowtime(node.input, column) : isEventTime(node.input, column))) return null;
  return key!.descending ? 'last' : 'first';
}

/** Whether a column is a rowtime, or was one before rows were put into windows. */
function isEventTime(node: PlanNode, index: number): boolean {
  if (isRowtime(node, index)) return true;
  switch (node.kind) {
    case 'filter': return isEventTime(node.input, index);
    case 'project': {
      const expression = node.expressions[index]!;
      return expression.kind === 'column' && isEventTime(node.input, expression.index);
    }
    case 'window': return index < node.input.schema.length && isRowtime(node.input, index);
    default: return false;
  }
}

/**
 * The input of an operator that has no use for changes, and has them: the first such node at or below `root`, inputs
 * first; null when there is none. To a temporal join changes of its right side are versions.
 */
export function updatesBelow(root: PlanNode): Exclude<PlanNode, { kind: 'scan' | 'filter' | 'project' | 'union' }> | null {
  for (const input of inputsOf(root)) {
    const found = updatesBelow(input);
    if (found !== null) return found;
  }
  switch (root.kind) {
    case 'scan': case 'filter': case 'project': case 'union': case 'join': case 'temporal-join': case 'group-aggregate': case 'rank': case 'changelog': return null;
    // What is taken back leaves the windows that have not fired. Sessions would have to fall apart again.
    case 'window': case 'window-aggregate': return root.window?.kind === 'session' && isUpdating(root.input) ? root : null;
    default: return inputsOf(root).some(isUpdating) ? root : null;
  }
}

/**
 * Columns of which the values together are there once at a time, as sets of output columns: by them an upsert finds its
 * row. Empty: none is known.
 */
export function uniqueKeys(node: PlanNode): readonly (readonly number[])[] {
  switch (node.kind) {
    case 'filter': return uniqueKeys(node.input);
    case 'project': {
      const at = (column: number): number => node.expressions.findIndex((expression) => expression.kind === 'column' && expression.index === column);
      return uniqueKeys(node.input).map((key) => key.map(at)).filter((key) => !key.includes(-1));
    }
    case 'group-aggregate': return [node.keys.map((_, index) => index)];
    case 'changelog': return [node.keys];
    case 'rank': {
      const own = node.to === 1 ? [node.partition] : node.numbered ? [[...node.partition, node.schema.length - 1]] : [];
      return [...own, ...uniqueKeys(node.input)];
    }
    default: return isJoin(node) ? joinKeys(node) : [];
  }
}

/** A side keeps its unique key where it meets one row of the other at the most; both together are one in any case. */
function joinKeys(node: Extract<PlanNode, { kind: 'interval-join' | 'temporal-join' | 'join' | 'window-join' }>): readonly (readonly number[])[] {
  const [left, right] = node.inputs;
  const lefts = uniqueKeys(left);
  if (node.type === 'semi' || node.type === 'anti') return lefts;
  const rights = uniqueKeys(right).map((key) => key.map((column) => column + left.schema.length));
  const one = (side: 0 | 1): boolean => (side === 0 ? lefts : rights).some((key) => key.every((column) => {
    const { column: own } = joinedColumn(node, column);
    return (side === 0 ? node.keys.left : node.keys.right).includes(own);
  }));
  const kept = [...(one(1) && (node.type === 'inner' || node.type === 'left') ? lefts : []), ...(one(0) && (node.type === 'inner' || node.type === 'right') ? rights : [])];
  return [...kept, ...lefts.flatMap((a) => rights.map((b) => [...a, ...b]))];
}
