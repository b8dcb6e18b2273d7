/** Windows, their aggregates and OVER, as operators. */
import { timestampType, type Field } from '../core/types.js';
import { Over } from '../operators/over.js';
import { SessionAggregate } from '../operators/session-aggregate.js';
import { SessionAssign } from '../operators/session-assign.js';
import { WindowAggregate } from '../operators/window-aggregate.js';
import { WindowAssign } from '../operators/window-assign.js';
import { isUpdating } from '../plan/changes.js';
import { columnsRead, withColumns } from '../plan/failing.js';
import type { AggregateCall, PlanNode } from '../plan/plan.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';

type Node<Kind extends PlanNode['kind']> = Extract<PlanNode, { kind: Kind }>;

/** The calls that are asked for, over the columns taken in; `first` is the index of the first call's result. */
export function keptCalls(
  { aggregates, schema }: { readonly aggregates: readonly AggregateCall[]; readonly schema: readonly Field[] }, first: number, needs: ReadonlySet<number>,
): { readonly reads: readonly number[]; readonly indexes: readonly number[]; readonly fields: readonly Field[]; over(at: (column: number) => number): AggregateCall[] } {
  const indexes = aggregates.flatMap((_, index) => (needs.has(first + index) ? [index] : []));
  return {
    indexes,
    reads: indexes.flatMap((index) => columnsRead(aggregates[index]!)),
    fields: indexes.map((index) => ({ name: schema[first + index]!.name, type: aggregates[index]!.type })),
    over: (at) => indexes.map((index) => withColumns(aggregates[index]!, at)),
  };
}

export function windowForm(node: Node<'window'>, needs: ReadonlySet<number>): OperatorForm {
  const { input, window, partition } = node;
  const columns = ascending([node.time, ...partition, ...[...needs].filter((column) => column < input.schema.length)]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  const map = new Map(columns.map((column, index) => [column, index]));
  [0, 1, 2].forEach((k) => map.set(input.schema.length + k, columns.length + k));
  return {
    columns: [columns], map, schema: [...taken, ...node.schema.slice(input.schema.length)],
    make: (name) => ({
      inputs: 1,
      operator: window.kind === 'session'
        ? new SessionAssign({ name, input: taken, time: at(node.time), gap: window.gap, partition: partition.map(at) })
        : new WindowAssign(name, at(node.time), window),
    }),
  };
}

export function overForm(node: Node<'over'>, needs: ReadonlySet<number>): OperatorForm {
  const { input, partition, frame } = node;
  const first = input.schema.length;
  const calls = keptCalls(node, first, needs);
  const columns = ascending([node.time, ...calls.reads, ...partition, ...[...needs].filter((column) => column < first)]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  const map = new Map(columns.map((column, index) => [column, index]));
  calls.indexes.forEach((index, k) => map.set(first + index, columns.length + k));
  return {
    columns: [columns], map, schema: [...taken, ...calls.fields],
    make: (name) => ({ inputs: 1, operator: new Over({ name, input: taken, time: at(node.time), partition: partition.map(at), frame, aggregates: calls.over(at) }) }),
  };
}

export function windowAggregateForm(node: Node<'window-aggregate'>, needs: ReadonlySet<number>): OperatorForm {
  const { input, keys, window, attached } = node;
  const first = keys.length;
  const calls = keptCalls(node, first, needs);
  const bounds = attached === null ? [] : [attached.start, attached.end];
  const columns = ascending([...(window === null ? [] : [node.time]), ...calls.reads, ...keys, ...bounds]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  const map = new Map(keys.map((_, index) => [index, index]));
  calls.indexes.forEach((index, k) => map.set(first + index, first + k));
  [0, 1, 2].forEach((k) => map.set(first + node.aggregates.length + k, first + calls.indexes.length + k));
  const bound = timestampType(3, false);
  return {
    columns: [columns], map,
    schema: [...picked(input.schema, keys), ...calls.fields, ...['window_start', 'window_end', 'window_time'].map((field) => ({ name: field, type: bound }))],
    make: (name) => {
      const grouped = { name, input: taken, keys: keys.map(at), aggregates: calls.over(at) };
      if (window?.kind === 'session') return { inputs: 1, operator: new SessionAggregate({ ...grouped, time: at(node.time), gap: window.gap }) };
      return {
        inputs: 1,
        operator: new WindowAggregate({
          ...grouped, time: window !== null ? at(node.time) : at(attached!.end), window,
          attached: window !== null || attached === null ? null : { start: at(attached.start), end: at(attached.end) },
          retracts: isUpdating(input),
        }),
      };
    },
  };
}
