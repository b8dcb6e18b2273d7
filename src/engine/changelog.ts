/** Rows with their kinds as outputs have them: `_op` last in files, first in the digest. */
import type { Batch } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { INSERT, UPDATE_BEFORE, rowKindTexts } from '../core/row-kind.js';
import type { Schema } from '../core/types.js';
import type { Rows } from '../operators/operator.js';
import type { SinkTable } from '../plan/plan.js';

/** With `_op` as the last column; an upsert says nothing of what it replaces. */
export function withKinds(rows: Rows, changes: 'upsert' | 'all'): Rows {
  const { batch, kinds } = rows;
  const kept: number[] = [];
  for (let row = 0; row < batch.length; row += 1) if (changes === 'all' || kinds?.[row] !== UPDATE_BEFORE) kept.push(row);
  const length = kept.length;
  const columns = length === batch.length ? batch.columns : batch.columns.map((column) => gather(column, kept, length));
  const texts = kept.map((row) => rowKindTexts[(kinds?.[row] ?? INSERT) as 0 | 1 | 2 | 3]);
  return {
    batch: { length, columns: [...columns, { storage: 'text', values: texts, dictionary: null }] },
    released: Int32Array.from(kept, (row) => rows.released[row]!), time: Float64Array.from(kept, (row) => rows.time[row]!),
  };
}

/** What the digest of an output is computed over. */
export function digestSchema({ schema, changes }: SinkTable): Schema {
  return changes === 'none' ? schema : [schema[schema.length - 1]!, ...schema.slice(0, -1)];
}

export function kindFirst({ length, columns }: Batch): Batch {
  return { length, columns: [columns[columns.length - 1]!, ...columns.slice(0, -1)] };
}
