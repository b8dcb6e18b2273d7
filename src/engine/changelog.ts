/** Rows with their kinds as outputs have them: `_op` is the last column in files, and the kind of each row in digests. */
import { Dictionary, isSameCell, type Batch, type Column, type TextColumn } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE, rowKindTexts } from '../core/row-kind.js';
import type { Schema } from '../core/types.js';
import { noRows } from '../operators/operator.js';
import type { SinkTable } from '../plan/plan.js';
import type { Changes } from './net-changes.js';

/** Of `_op`: the code of a kind is the kind + 1, since 0 is NULL. */
const kindTexts = new Dictionary();
for (const text of rowKindTexts) kindTexts.intern(text);

/** Rows that are left; for one call at a time. */
let kept = new Int32Array(0);

/** With `_op` as the last column. An upsert says nothing of what it replaces at once; a row that nothing replaces is gone. */
export function withKinds({ batch, released, kinds }: Changes, sink: SinkTable): Changes {
  if (batch.length === 0) return noRows;
  if (kept.length < batch.length) kept = new Int32Array(2 * batch.length);
  const codes = new Int32Array(batch.length);
  const keys = sink.changes === 'upsert' ? sink.primaryKey.map((name) => batch.columns[sink.schema.findIndex((field) => field.name === name)]!) : null;
  let length = 0;
  for (let row = 0; row < batch.length; row += 1) {
    let kind = kinds === undefined ? INSERT : kinds[row]!;
    if (keys !== null && kind === UPDATE_BEFORE) {
      if (row + 1 < batch.length && kinds![row + 1] === UPDATE_AFTER && released[row] === released[row + 1] && isNextSame(keys, row)) continue;
      kind = DELETE;
    }
    codes[length] = kind + 1;
    kept[length] = row;
    length += 1;
  }
  const operations: TextColumn = { storage: 'text', values: codes.subarray(0, length), dictionary: kindTexts };
  if (length === batch.length) return { batch: { length, columns: [...batch.columns, operations] }, released };
  const keptReleased = new Int32Array(length);
  for (let row = 0; row < length; row += 1) keptReleased[row] = released[kept[row]!]!;
  return { batch: { length, columns: [...batch.columns.map((column) => gather(column, kept, length)), operations] }, released: keptReleased };
}

function isNextSame(columns: readonly Column[], row: number): boolean {
  for (let index = 0; index < columns.length; index += 1) if (!isSameCell(columns[index]!, row, row + 1)) return false;
  return true;
}

/** The columns that the digest of an output knows: `_op` is none of them. */
export function digestSchema({ schema, changes }: SinkTable): Schema {
  return changes === 'none' ? schema : schema.slice(0, -1);
}

/** What `withKinds` put together, apart again. */
export function kindsApart({ length, columns }: Batch): { readonly batch: Batch; readonly kinds: Uint8Array } {
  const codes = columns[columns.length - 1]!.values as Int32Array;
  const kinds = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) kinds[row] = codes[row]! - 1;
  return { batch: { length, columns: columns.slice(0, -1) }, kinds };
}
