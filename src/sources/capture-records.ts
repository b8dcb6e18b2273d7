/** Records of topics as columns of bytes: what files in Parquet and Arrow hold, without a line of JSON around each of them. */
import { isUtf8 } from 'node:buffer';

/** A payload of each record. */
export interface PayloadColumn {
  readonly bytes: Buffer;
  /** That of record i is bytes[starts[i]..ends[i]): pages have other bytes between them, and records may share one. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** By record, 1: it has none. Null: each has one. */
  readonly nulls: Uint8Array | null;
  /** A column of bytes: what is empty, begins with a zero (as Confluent's framing does) or is no UTF-8 is no text. Else: of texts, which are UTF-8. */
  readonly isBinary: boolean;
}

/** Records in the order of their file. A number that is NaN, or whose column is null: the record does not say it. */
export interface RecordBatch {
  readonly length: number;
  /** Of each record its topic, by number in `topicNames`; -1: it has none, and is passed over. */
  readonly topics: Int32Array;
  readonly topicNames: readonly string[];
  readonly partitions: Float64Array | null;
  readonly offsets: Float64Array | null;
  /** Epoch ms. */
  readonly timestamps: Float64Array | null;
  /** Null: the file has no such column. */
  readonly keys: PayloadColumn | null;
  readonly values: PayloadColumn;
  /** JSON; what is no JSON says no header. */
  readonly headers: PayloadColumn | null;
}

/** Whether the payload of a record is no text. It has one. */
export function isBytes({ bytes, starts, ends, isBinary }: PayloadColumn, record: number): boolean {
  if (!isBinary) return false;
  const from = starts[record]!, to = ends[record]!;
  return from === to || bytes[from] === 0 || !isUtf8(bytes.subarray(from, to));
}

/** The record as the line that recorders write of it, without its line feed. It has a topic. */
export function lineOf({ topics, topicNames, partitions, offsets, timestamps, keys, values, headers }: RecordBatch, record: number): string {
  const number = (name: string, column: Float64Array | null): string => (column === null || Number.isNaN(column[record]!) ? '' : `,"${name}":${column[record]!}`);
  const payload = (name: string, column: PayloadColumn | null): string => {
    if (column === null) return '';
    if (column.nulls !== null && column.nulls[record] === 1) return `,"${name}":null`;
    const from = column.starts[record]!, to = column.ends[record]!;
    return isBytes(column, record) ? `,"${name}_hex":"${column.bytes.toString('hex', from, to)}"` : `,"${name}":${JSON.stringify(column.bytes.toString('utf8', from, to))}`;
  };
  return `{"topic":${JSON.stringify(topicNames[topics[record]!])}${number('partition', partitions)}${number('offset', offsets)}${number('timestamp', timestamps)}${payload('key', keys)}${payload('value', values)}${headersOf(headers, record)}}`;
}

function headersOf(column: PayloadColumn | null, record: number): string {
  if (column === null || (column.nulls !== null && column.nulls[record] === 1)) return '';
  const text = column.bytes.toString('utf8', column.starts[record], column.ends[record]);
  return `,"headers":${isJson(text) ? text.replaceAll('\n', ' ') : JSON.stringify(text)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
