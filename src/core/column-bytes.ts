/** Columns in snapshots. Dictionary codes do not outlive a process, so strings are written as strings. */
import type { Column } from './batch.js';
import { cell } from './batch.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import type { Int64, Storage } from './types.js';

/** Rows 0..length of a column. */
export function writeColumn(writer: ByteWriter, column: Column, length: number): void {
  if (column.storage !== 'text' && column.values instanceof Float64Array) {
    writer.u8(column.storage === 'real' ? 0 : 1);
    writer.float64Array(column.values.subarray(0, length));
    writer.u8(column.nulls === null ? 0 : 1);
    if (column.nulls !== null) writer.bytes(column.nulls.subarray(0, length));
    return;
  }
  writer.u8(column.storage === 'text' ? 2 : 3);
  writer.varint(length);
  for (let row = 0; row < length; row += 1) writer.physical(cell(column, row));
}

export function readColumn(reader: ByteReader): Column {
  const tag = reader.u8();
  if (tag < 2) {
    const values = reader.float64Array();
    const nulls = reader.u8() === 1 ? reader.bytes().slice() : null;
    return { storage: tag === 0 ? 'real' : 'int64', values, nulls };
  }
  const length = reader.varint();
  const cells = Array.from({ length }, () => reader.physical());
  if (tag === 2) return { storage: 'text', values: cells as (string | null)[], dictionary: null };
  const nulls = Uint8Array.from(cells, (value) => (value === null ? 1 : 0));
  return { storage: 'int64', values: cells.map((value) => (value ?? 0) as Int64), nulls: nulls.includes(1) ? nulls : null };
}

/** A column with no rows. */
export function emptyColumn(storage: Storage): Column {
  if (storage === 'text') return { storage, values: [], dictionary: null };
  return { storage, values: new Float64Array(0), nulls: null } as Column;
}

/** The columns one after the other; strings of different dictionaries become plain strings. */
export function concatColumns(columns: readonly Column[], lengths: readonly number[]): Column {
  const first = columns[0]!;
  const length = lengths.reduce((sum, part) => sum + part, 0);
  if (first.storage === 'text') {
    const dictionary = first.dictionary;
    if (dictionary !== null && columns.every((column) => column.storage === 'text' && column.dictionary === dictionary)) {
      const codes = new Int32Array(length);
      let at = 0;
      columns.forEach((column, index) => {
        codes.set((column.values as Int32Array).subarray(0, lengths[index]!), at);
        at += lengths[index]!;
      });
      return { storage: 'text', values: codes, dictionary };
    }
    const texts: (string | null)[] = [];
    columns.forEach((column, index) => {
      for (let row = 0; row < lengths[index]!; row += 1) texts.push(cell(column, row) as string | null);
    });
    return { storage: 'text', values: texts, dictionary: null };
  }
  const hasNulls = columns.some((column) => column.storage !== 'text' && column.nulls !== null);
  const nulls = hasNulls ? new Uint8Array(length) : null;
  const exact = columns.some((column) => !(column.values instanceof Float64Array));
  const values: Float64Array | Int64[] = exact ? new Array<Int64>(length) : new Float64Array(length);
  let at = 0;
  columns.forEach((column, index) => {
    const rows = lengths[index]!;
    if (values instanceof Float64Array) values.set((column.values as Float64Array).subarray(0, rows), at);
    else for (let row = 0; row < rows; row += 1) values[at + row] = column.values[row] as Int64;
    if (nulls !== null && column.storage !== 'text' && column.nulls !== null) nulls.set(column.nulls.subarray(0, rows), at);
    at += rows;
  });
  return { storage: first.storage, values, nulls } as Column;
}
