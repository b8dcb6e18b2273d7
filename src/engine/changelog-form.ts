/** Tables of changes, as operators. */
import { Changelog } from '../operators/changelog.js';
import type { ChangelogNode } from '../plan/plan.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';

export function changelogForm({ input, keys, schema }: ChangelogNode, needs: ReadonlySet<number>): OperatorForm {
  const taken = ascending([...keys, ...needs]);
  const columns = [...taken, schema.length, schema.length + 1];
  return {
    columns: [columns], schema: picked(schema, taken), map: new Map(taken.map((column, index) => [column, index])),
    make: (name) => ({ inputs: 1, operator: new Changelog({ name, input: picked(input.schema, columns), keys: keys.map((key) => taken.indexOf(key)) }) }),
  };
}
