/** GROUP BY without a window, Top-N and deduplication, as operators. */
import { sqlType } from '../core/types.js';
import { GroupAggregate } from '../operators/group-aggregate.js';
import { FirstRow } from '../operators/first-row.js';
import { Rank } from '../operators/rank.js';
import { WindowRank } from '../operators/window-rank.js';
import { isUpdating, keptByTime, uniqueKeys } from '../plan/changes.js';
import type { UpdatingNode, WindowRankNode } from '../plan/plan.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';
import { keptCalls } from './window-form.js';

export function groupAggregateForm(node: Extract<UpdatingNode, { kind: 'group-aggregate' }>, needs: ReadonlySet<number>): OperatorForm {
  const { input, keys, ttl } = node;
  const calls = keptCalls(node, keys.length, needs);
  const columns = ascending([...calls.reads, ...keys]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  const map = new Map(keys.map((_, index) => [index, index]));
  calls.indexes.forEach((index, k) => map.set(keys.length + index, keys.length + k));
  return {
    columns: [columns], map, schema: [...picked(input.schema, keys), ...calls.fields],
    make: (name) => ({ inputs: 1, operator: new GroupAggregate({ name, input: taken, keys: keys.map(at), aggregates: calls.over(at), ttl, retracts: isUpdating(input) }) }),
  };
}

/** The number is a column only where somebody asks for it: which rows change depends on it, as in Flink. */
export function rankForm(node: Extract<UpdatingNode, { kind: 'rank' }> | WindowRankNode, needs: ReadonlySet<number>): OperatorForm {
  const { input } = node;
  const numbered = node.numbered && needs.has(input.schema.length);
  const retracts = node.kind === 'rank' && isUpdating(input);
  const bounds = node.kind === 'window-rank' ? [node.attached.start, node.attached.end] : [];
  // What is taken back is told by its unique key, or by all of its columns.
  const identity = retracts ? (uniqueKeys(input)[0] ?? input.schema.map((_, index) => index)) : [];
  const columns = ascending([...node.partition, ...node.order.map(({ column }) => column), ...bounds, ...identity, ...[...needs].filter((column) => column < input.schema.length)]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  const map = new Map(columns.map((column, index) => [column, index]));
  if (numbered) map.set(input.schema.length, columns.length);
  const kept = keptByTime(node);
  const spec = {
    input: taken, partition: node.partition.map(at), order: node.order.map((key) => ({ ...key, column: at(key.column) })),
    from: node.from, to: node.to, numbered, latestFirst: kept === 'last',
  };
  return {
    columns: [columns], map, schema: numbered ? [...taken, { name: 'row_number', type: sqlType('BIGINT', false) }] : taken,
    make: (name) => {
      if (node.kind === 'window-rank') return { inputs: 1, operator: new WindowRank({ ...spec, name, attached: { start: at(node.attached.start), end: at(node.attached.end) } }) };
      if (kept === 'first') return { inputs: 1, operator: new FirstRow({ name, input: taken, partition: spec.partition, time: spec.order[0]!.column, ttl: node.ttl }) };
      return { inputs: 1, operator: new Rank({ ...spec, name, ttl: node.ttl, identity: retracts ? identity.map(at) : null }) };
    },
  };
}
