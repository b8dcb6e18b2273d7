/** Rows with their kinds as outputs have them: `_op` is the last column in files, and the kind of each row in digests. */
import { cell, type Batch, type Column } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE, rowKindTexts } from '../core/row-kind.js';
import type { Schema } from '../core/types.js';
import type { Rows } from '../operators/operator.js';
import type { SinkTable } from '../plan/plan.js';

/** With `_op` as the last column. An upsert says nothing of what it replaces at once; a row that nothing replaces is gone. */
export function withKinds(rows: Rows, sink: SinkTable): Rows {
  const { batch, released } = rows;
  const kinds = Uint8Array.from({ length: batch.length }, (_, row) => rows.kinds?.[row] ?? INSERT);
  const kept: number[] = [];
  const keys = sink.changes === 'upsert' ? sink.primaryKey.map((name) => batch.columns[sink.schema.findIndex((field) => field.name === name)]!) : null;
  for (let row = 0; row < batch.length; row += 1) {
    if (keys !== null && kinds[row] === UPDATE_BEFORE) {
      if (kinds[row + 1] === UPDATE_AFTER && released[row] === released[row + 1] && keys.every((column) => sameCell(column, row, row + 1))) continue;
      kinds[row] = DELETE;
    }
    kept.push(row);
  }
  const length = kept.length;
  const columns = length === batch.length ? batch.columns : batch.columns.map((column) => gather(column, kept, length));
  const texts = kept.map((row) => rowKindTexts[kinds[row]! as 0 | 1 | 2 | 3]);
  return {
    batch: { length, columns: [...columns, { storage: 'text', values: texts, dictionary: null }] },
    released: Int32Array.from(kept, (row) => released[row]!), time: Float64Array.from(kept, (row) => rows.time[row]!),
  };
}

const sameCell = (column: Column, one: number, other: number): boolean => Object.is(cell(column, one), cell(column, other));

/** The columns that the digest of an output knows: `_op` is none of them. */
export function digestSchema({ schema, changes }: SinkTable): Schema {
  return changes === 'none' ? schema : schema.slice(0, -1);
}

/** What `withKinds` put together, apart again. */
export function kindsApart({ length, columns }: Batch): { readonly batch: Batch; readonly kinds: Uint8Array } {
  const texts = columns[columns.length - 1]!;
  return {
    batch: { length, columns: columns.slice(0, -1) },
    kinds: Uint8Array.from({ length }, (_, row) => (rowKindTexts as readonly (Column['values'][number] | null)[]).indexOf(cell(texts, row))),
  };
}
