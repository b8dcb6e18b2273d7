/** One page of rows of sliding frames, as a checkpoint holds it: their keys, event times and the columns that aggregates read. */
import type { Column } from '../core/batch.js';
import { ByteReader, type ByteWriter } from '../core/bytes.js';
import { readColumn, writeColumn } from '../core/column-bytes.js';
import { gather } from '../core/column-builder.js';
import { readPacked, writePacked } from '../core/packed-numbers.js';

/** Rows beside each other. */
export interface FrameRows {
  readonly length: number;
  readonly ids: Int32Array;
  readonly time: Float64Array;
  readonly columns: readonly Column[];
}

export interface FramePage {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Keys that have rows in the page, and how many. */
  readonly ids: Int32Array;
  readonly counts: Int32Array;
  /** Rows that are in frames, as of the last checkpoint. */
  live: number;
}

/** Event times, less `timeBase`. */
export interface FrameTimes {
  readonly time: Int32Array | Float64Array;
  readonly timeBase: number;
}

/** The first byte of a column. */
const kinds = { real: 0, int64: 1, other: 2 } as const;

/** A page of the rows that `order` has at 0..length, and of their keys in that order. `writer` is for its bytes: what is in it goes. */
export function pageOf(writer: ByteWriter, ids: Int32Array, { time, timeBase }: FrameTimes, columns: readonly Column[], order: Int32Array, length: number): FramePage {
  writer.reset();
  writer.varint(columns.length);
  writeIds(writer, ids, length);
  writer.f64(timeBase);
  writePacked(writer, time, order, length);
  for (const column of columns) writeOrdered(writer, column, order, length);
  return describe(writer.toBytes(), ids, length);
}

export function rowsOf(bytes: Uint8Array): FrameRows {
  const reader = new ByteReader(bytes);
  const width = reader.varint();
  const ids = readIds(reader);
  const timeBase = reader.f64();
  const time = readPacked(reader);
  for (let row = 0; row < time.length; row += 1) time[row]! += timeBase;
  return { length: ids.length, ids, time, columns: Array.from({ length: width }, () => readOrdered(reader)) };
}

/** The page of these bytes, all of whose rows are in frames. */
export function pageFrom(bytes: Uint8Array): FramePage {
  const { ids, length } = rowsOf(bytes);
  return describe(bytes, ids, length);
}

function describe(bytes: Uint8Array, ids: Int32Array, length: number): FramePage {
  const counts = new Map<number, number>();
  for (let row = 0; row < length; row += 1) counts.set(ids[row]!, (counts.get(ids[row]!) ?? 0) + 1);
  return { bytes, rows: length, ids: Int32Array.from(counts.keys()), counts: Int32Array.from(counts.values()), live: length };
}

/** Rows of a key come together: the key and how many they are. */
function writeIds(writer: ByteWriter, ids: Int32Array, length: number): void {
  writer.varint(length);
  for (let row = 0; row < length;) {
    const id = ids[row]!;
    let end = row + 1;
    while (end < length && ids[end] === id) end += 1;
    writer.varint(id);
    writer.varint(end - row);
    row = end;
  }
}

function readIds(reader: ByteReader): Int32Array {
  const ids = new Int32Array(reader.varint());
  for (let row = 0; row < ids.length;) {
    const id = reader.varint();
    const end = row + reader.varint();
    ids.fill(id, row, end);
    row = end;
  }
  return ids;
}

function writeOrdered(writer: ByteWriter, column: Column, order: Int32Array, length: number): void {
  const values: ArrayLike<unknown> = column.values;
  if (column.storage === 'text' || !(values instanceof Float64Array || values instanceof Float32Array)) {
    writer.u8(kinds.other);
    writeColumn(writer, gather(column, order, length), length);
    return;
  }
  const { nulls } = column;
  writer.u8(kinds[column.storage]);
  writePacked(writer, values, order, length);
  writer.u8(nulls === null ? 0 : 1);
  if (nulls !== null) writer.bytes(Uint8Array.from({ length }, (_, row) => nulls[order[row]!]!));
}

function readOrdered(reader: ByteReader): Column {
  const kind = reader.u8();
  if (kind === kinds.other) return readColumn(reader);
  const values = readPacked(reader);
  const nulls = reader.u8() === 1 ? reader.bytes().slice() : null;
  return { storage: kind === kinds.real ? 'real' : 'int64', values, nulls };
}
