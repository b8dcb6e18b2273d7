/** Records of captured topics as they cross from who decodes them to who puts transactions together: columns, no object a change. */
import type { AsciiTexts } from '../core/batch.js';
import type { Origin } from '../formats/debezium-shape.js';
import type { SourceColumn } from './source.js';
import type { RawColumn } from './reader.js';

/** A table of changes, and the topics that are its. Several tables may have the same. */
export interface DecodedTable {
  readonly topics: readonly string[];
  readonly columns: readonly SourceColumn[];
}

/** What a record is. A TRUNCATE is a change that the others of its transaction do not stand together with. */
export const CHANGE = 0, END = 1, MESSAGE = 2, BAD = 3, TRUNCATED = 4;

/** A value that is none of its column's type: its change is one of its transaction all the same. */
export interface UnreadableRow {
  readonly column: string;
  readonly error: string;
  /** The row, as JSON; and the line that it came in. */
  readonly image: string;
  readonly line: string;
  /** Where its metadata are, without values. */
  readonly row: number;
}

export interface BadRecord {
  readonly topic: string;
  readonly error: string;
  /** The line, in bytes. */
  readonly line: string;
}

/** Records in the order in which they were read; NaN where they do not say a number. */
export interface CaptureBatch {
  readonly length: number;
  readonly kinds: Uint8Array;
  /** Of changes: what they share with others, by number; those that are new are in `addedOrigins`. Of ends and of bad records: which of `ends` and `bad`. */
  readonly origins: Int32Array;
  readonly partitions: Float64Array;
  readonly offsets: Float64Array;
  readonly orders: Float64Array;
  readonly lsns: Float64Array;
  readonly lastCommits: Float64Array;
  readonly times: Float64Array;
  /** Codes of ids of transactions, 0: none; as a column of texts has them. */
  readonly xids: Int32Array;
  readonly addedXids: readonly string[];
  /** Instead of `addedXids`, where there are many. */
  readonly asciiXids: AsciiTexts | null;
  readonly restartXids: boolean;
  readonly addedOrigins: readonly Origin[];
  /** The changes of each table, as ends say them; several ends may share them. */
  readonly ends: readonly (readonly (readonly [table: string, count: number])[])[];
  readonly bad: readonly BadRecord[];
  /** Of changes, by each table of their topic, `width` of them: the row in the table's columns; below 0: ~`unreadable`. */
  readonly rows: Int32Array;
  readonly width: number;
  readonly unreadable: readonly UnreadableRow[];
  /** By table. */
  readonly tables: readonly { readonly length: number; readonly columns: readonly RawColumn[] }[];
}

/** Buffers that move to the receiving thread instead of being copied. */
export function captureBuffers(batch: CaptureBatch): ArrayBuffer[] {
  const arrays: { readonly buffer: ArrayBufferLike }[] = [batch.kinds, batch.origins, batch.partitions, batch.offsets, batch.orders, batch.lsns, batch.lastCommits, batch.times, batch.xids, batch.rows];
  if (batch.asciiXids !== null) arrays.push(batch.asciiXids.bytes);
  for (const { columns } of batch.tables) {
    for (const column of columns) {
      if (column.kind === 'text') {
        arrays.push(column.codes);
        if (column.ascii != null) arrays.push(column.ascii.bytes);
      }
      else {
        if (column.kind === 'number') arrays.push(column.values);
        if (column.nulls !== null) arrays.push(column.nulls);
      }
    }
  }
  return [...new Set(arrays.map(({ buffer }) => buffer))] as ArrayBuffer[];
}

/** Batches that may lie between the threads, and how many the main thread asks for at once: waking the other for each costs both. */
export const piecesAhead = 8;
export const creditPieces = 4;

/** More partitions than any topic has: a number beyond is a damaged one. */
export const partitionsMost = 100_000;
