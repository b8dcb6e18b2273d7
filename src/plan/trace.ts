/** Walks over plans: every node once, and where a column comes from. */
import type { JoinNode, PlanNode, SourceTable } from './plan.js';

/** A source column that reaches some place of a plan as it is. */
export interface ColumnOrigin {
  readonly table: SourceTable;
  /** Index into `table.columns`. */
  readonly column: number;
}

export function inputsOf(node: PlanNode): readonly PlanNode[] {
  if (node.kind === 'scan') return [];
  return 'inputs' in node ? node.inputs : [node.input];
}

/** The same node over other inputs, as many as it has. */
export function withInputs(node: PlanNode, inputs: readonly PlanNode[]): PlanNode {
  if (node.kind === 'scan') return node;
  return ('inputs' in node ? { ...node, inputs } : { ...node, input: inputs[0] }) as PlanNode;
}

/** Whether the node joins two inputs. */
export const isJoin = (node: PlanNode): node is JoinNode => node.kind !== 'union' && 'inputs' in node;

/** The input of a join, and its column, that output column `index` is. */
export function joinedColumn({ inputs: [left, right] }: JoinNode, index: number): { readonly side: 0 | 1; readonly input: PlanNode; readonly column: number } {
  const first = left.schema.length;
  return index < first ? { side: 0, input: left, column: index } : { side: 1, input: right, column: index - first };
}

/** `node` and all below it, inputs first. */
export function* nodesBelow(node: PlanNode): Generator<PlanNode> {
  for (const input of inputsOf(node)) yield* nodesBelow(input);
  yield node;
}

/** Every scan below `node`, left to right; a table read twice is there twice. */
export function scansBelow(node: PlanNode): readonly Extract<PlanNode, { kind: 'scan' }>[] {
  return [...nodesBelow(node)].filter((below) => below.kind === 'scan');
}

/**
 * Where column `index` of `node` comes from, unchanged: one origin for each scan below, in the order of `scansBelow`;
 * null when a value of it is computed.
 */
export function originsOf(node: PlanNode, index: number): readonly ColumnOrigin[] | null {
  switch (node.kind) {
    case 'scan': return [{ table: node.table, column: index }];
    case 'filter': case 'changelog': return originsOf(node.input, index);
    case 'project': {
      const expression = node.expressions[index]!;
      return expression.kind === 'column' ? originsOf(node.input, expression.index) : null;
    }
    case 'window': case 'over': case 'rank': case 'window-rank': return index < node.input.schema.length ? originsOf(node.input, index) : null;
    case 'interval-join': case 'temporal-join': case 'join': case 'window-join': return joinOrigins(node, index);
    case 'match': return index < node.partition.length ? originsOf(node.input, node.partition[index]!) : null;
    case 'window-aggregate': case 'group-aggregate': case 'global-window': case 'halts': case 'process': {
      const key = node.keys[index];
      return key === undefined ? null : originsOf(node.input, key);
    }
    case 'union': {
      const origins = node.inputs.map((input) => originsOf(input, index));
      return origins.some((origin) => origin === null) ? null : origins.flatMap((origin) => origin!);
    }
  }
}

/** A key of a join comes from both sides, where it cannot be NULL for want of a partner; other columns from one alone. */
function joinOrigins(node: JoinNode, index: number): readonly ColumnOrigin[] | null {
  const { side, column } = joinedColumn(node, index);
  const key = (side === 0 ? node.keys.left : node.keys.right).indexOf(column);
  const kept = side === 0 ? node.type !== 'right' && node.type !== 'full' : node.type === 'inner' || node.type === 'right';
  if (key < 0 || !kept) return null;
  return keyOrigins(node, key);
}

/** Where the `key`th key of a join comes from, on both sides. */
export function keyOrigins({ inputs: [left, right], keys }: JoinNode, key: number): readonly ColumnOrigin[] | null {
  const origins = [originsOf(left, keys.left[key]!), originsOf(right, keys.right[key]!)];
  return origins.some((origin) => origin === null) ? null : origins.flatMap((origin) => origin!);
}

/**
 * Whether column `index` of `node` is event time that the watermark speaks of: `node.rowtime`, or the same values under
 * another name.
 */
export function isRowtime(node: PlanNode, index: number): boolean {
  switch (node.kind) {
    case 'scan': case 'window': case 'window-aggregate': case 'global-window': case 'halts': case 'process': case 'match': case 'changelog': return index === node.rowtime;
    case 'filter': return isRowtime(node.input, index);
    case 'project': {
      const expression = node.expressions[index]!;
      return expression.kind === 'column' && isRowtime(node.input, expression.index);
    }
    case 'over': case 'rank': return index < node.input.schema.length && isRowtime(node.input, index);
    case 'interval-join': case 'window-join': {
      // A row that had no partner carries NULL instead.
      const { side, input, column } = joinedColumn(node, index);
      const padded = node.type === 'full' || node.type === (side === 0 ? 'right' : 'left');
      return !padded && isRowtime(input, column);
    }
    case 'temporal-join': return index < node.inputs[0].schema.length && isRowtime(node.inputs[0], index);
    case 'window-rank': return index === node.rowtime;
    case 'join': case 'group-aggregate': return false;
    case 'union': return node.inputs.length > 0 && node.inputs.every((input) => isRowtime(input, index));
  }
}
