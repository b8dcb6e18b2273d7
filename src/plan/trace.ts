/** Walks over plans: every node once, and where a column comes from. */
import type { PlanNode, SourceTable } from './plan.js';

/** A source column that reaches some place of a plan as it is. */
export interface ColumnOrigin {
  readonly table: SourceTable;
  /** Index into `table.columns`. */
  readonly column: number;
}

export function inputsOf(node: PlanNode): readonly PlanNode[] {
  if (node.kind === 'scan') return [];
  return node.kind === 'union' ? node.inputs : [node.input];
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
    case 'filter': return originsOf(node.input, index);
    case 'project': {
      const expression = node.expressions[index]!;
      return expression.kind === 'column' ? originsOf(node.input, expression.index) : null;
    }
    case 'window': case 'over': return index < node.input.schema.length ? originsOf(node.input, index) : null;
    case 'window-aggregate': {
      const key = node.keys[index];
      return key === undefined ? null : originsOf(node.input, key);
    }
    case 'union': {
      const origins = node.inputs.map((input) => originsOf(input, index));
      return origins.some((origin) => origin === null) ? null : origins.flatMap((origin) => origin!);
    }
  }
}

/**
 * Whether column `index` of `node` is event time that the watermark speaks of: `node.rowtime`, or the same values under
 * another name.
 */
export function isRowtime(node: PlanNode, index: number): boolean {
  switch (node.kind) {
    case 'scan': case 'window': case 'window-aggregate': return index === node.rowtime;
    case 'filter': return isRowtime(node.input, index);
    case 'project': {
      const expression = node.expressions[index]!;
      return expression.kind === 'column' && isRowtime(node.input, expression.index);
    }
    case 'over': return index < node.input.schema.length && isRowtime(node.input, index);
    case 'union': return node.inputs.length > 0 && node.inputs.every((input) => isRowtime(input, index));
  }
}
