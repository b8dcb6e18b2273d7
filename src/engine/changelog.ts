/** Rows with their kinds as outputs have them: `_op` is the last column in files, and the kind of each row in digests. */
import { Dictionary, isSameCell, type Batch, type Column, type TextColumn } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { ColumnMemory } from '../core/column-memory.js';
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

const memory = new ColumnMemory();

/** With `_op` as the last column. An upsert says nothing of what it replaces at once; a row that nothing replaces is gone. */
export function withKinds({ batch, released, kinds }: Changes, sink: SinkTable): Changes {
  if (batch.length === 0) return noRows;
  const codes = memory.codes(batch.length);
  if (sink.changes !== 'upsert') {
    for (let row = 0; row < batch.length; row += 1) codes[row] = (kinds === undefined ? INSERT : kinds[row]!) + 1;
    return { batch: { length: batch.length, columns: [...batch.columns, operationsOf(codes)] }, released };
  }
  const length = keepUpserts(batch, released, kinds, sink, codes);
  if (length === batch.length) return { batch: { length, columns: [...batch.columns, operationsOf(codes)] }, released };
  const keptReleased = memory.codes(length);
  for (let row = 0; row < length; row += 1) keptReleased[row] = released[kept[row]!]!;
  const columns = batch.columns.map((column) => gather(column, kept, length, memory));
  columns.push(operationsOf(codes.subarray(0, length)));
  return { batch: { length, columns }, released: keptReleased };
}

const operationsOf = (codes: Int32Array): TextColumn => ({ storage: 'text', values: codes, dictionary: kindTexts });

/** Puts the rows that are left into `kept` and what they say into `codes`; returns how many they are. */
function keepUpserts({ columns, length }: Batch, released: Int32Array, kinds: Uint8Array | undefined, sink: SinkTable, codes: Int32Array): number {
  if (kept.length < length) kept = new Int32Array(2 * length);
  const keys = sink.primaryKey.map((name) => columns[sink.schema.findIndex((field) => field.name === name)]!);
  let left = 0;
  for (let row = 0; row < length; row += 1) {
    let kind = kinds === undefined ? INSERT : kinds[row]!;
    if (kind === UPDATE_BEFORE) {
      if (row + 1 < length && kinds![row + 1] === UPDATE_AFTER && released[row] === released[row + 1] && isNextSame(keys, row)) continue;
      kind = DELETE;
    }
    codes[left] = kind + 1;
    kept[left] = row;
    left += 1;
  }
  return left;
}

function isNextSame(columns: readonly Column[], row: number): boolean {
  for (let index = 0; index < columns.length; index += 1) if (!isSameCell(columns[index]!, row, row + 1)) return false;
  return true;
}

/** The columns that the digest of an output knows: `_op` is none of them. */
export function digestSchema({ schema, changes }: SinkTable): Schema {
  return changes === 'none' ? schema : schema.slice(0, -1);
}

/** The kinds of rows that `withKinds` gave: codes of `_op`, of which each is a kind + 1. */
export function kindCodesOf({ columns }: Batch): Int32Array {
  return columns[columns.length - 1]!.values as Int32Array;
}
