/** Operators in the user's code, as operators. All that they put out is kept: which columns matter, the code does not say. */
import { Process } from '../operators/process.js';
import type { ProcessNode } from '../plan/process.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';

export function processForm({ input, time, keys, columns: read, process, place, schema }: ProcessNode): OperatorForm {
  const columns = ascending([time, ...keys, ...read]);
  const at = (column: number): number => columns.indexOf(column);
  const taken = picked(input.schema, columns);
  return {
    columns: [columns], schema, map: new Map(schema.map((_, index) => [index, index])),
    make: (name) => ({ inputs: 1, operator: new Process({ name, input: taken, time: at(time), keys: keys.map(at), columns: read.map(at), process, place }) }),
  };
}
