/** Rows of values as a batch. */
import { batchOf, type Batch } from '../core/batch.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { storageOf } from '../core/types.js';
import type { SourceColumn } from './source.js';
import type { Value } from './values.js';

export type RowValues = readonly Exclude<Value, undefined>[];

export function batchOfRows(columns: readonly SourceColumn[], rows: readonly RowValues[]): Batch {
  return batchOf(rows.length, columns.map(({ type }, index) => {
    const builder = new ColumnBuilder(storageOf(type), Math.max(1, rows.length));
    for (const row of rows) builder.append(row[index]!);
    return builder.finish();
  }));
}
