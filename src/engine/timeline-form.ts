/** Global windows and trading halts, as operators. */
import { GlobalWindow } from '../operators/global-window.js';
import { Halts } from '../operators/halts.js';
import { globalWindowFields, type GlobalWindowNode } from '../plan/global-window.js';
import type { HaltsNode } from '../plan/halts.js';
import { movedTrigger, triggerColumns } from '../plan/trigger.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';
import { keptCalls } from './window-form.js';

export function globalWindowForm(node: GlobalWindowNode, needs: ReadonlySet<number>): OperatorForm {
  const { input, keys, time, trigger, purges, place } = node;
  const first = keys.length;
  const calls = keptCalls(node, first, needs);
  const columns = ascending([time, ...calls.reads, ...keys, ...triggerColumns(trigger)]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  const map = new Map(keys.map((_, index) => [index, index]));
  calls.indexes.forEach((index, k) => map.set(first + index, first + k));
  globalWindowFields.forEach((_, k) => map.set(first + node.aggregates.length + k, first + calls.indexes.length + k));
  return {
    columns: [columns], map, schema: [...picked(input.schema, keys), ...calls.fields, ...globalWindowFields],
    make: (name) => ({
      inputs: 1,
      operator: new GlobalWindow({ name, input: taken, time: at(time), keys: keys.map(at), aggregates: calls.over(at), trigger: movedTrigger(trigger, at), purges, place }),
    }),
  };
}

export function haltsForm({ input, keys, time, anomaly, rules, schema }: HaltsNode): OperatorForm {
  const columns = ascending([time, anomaly, ...keys]);
  const at = (column: number): number => columns.indexOf(column);
  return {
    columns: [columns], map: new Map(schema.map((_, index) => [index, index])), schema,
    make: (name) => ({ inputs: 1, operator: new Halts({ name, input: picked(input.schema, columns), time: at(time), keys: keys.map(at), anomaly: at(anomaly), rules }) }),
  };
}
