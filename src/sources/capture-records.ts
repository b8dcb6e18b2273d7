/** Records of topics as columns of bytes: what files in Parquet and Arrow hold, without a line of JSON around each of them. */
import { isUtf8 } from 'node:buffer';
import { objectOf, type CapturedRecord } from '../formats/debezium-record.js';
import { scannedBytes, type PayloadPlaces, type ScannedBytes } from '../formats/debezium-scanner.js';
import { OFFSET, PARTITION, TIMESTAMP } from '../formats/debezium-shape.js';

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

/** What a record's payloads are: its value is none or empty; all are texts; its value begins as Confluent's framing does, and its key is in bytes; or others. */
export const EMPTY = 0, TEXTS = 1, FRAMED = 2, OTHERS = 3;

/** Whether the payload of a record is no text. It has one. */
export function isBytes({ bytes, starts, ends, isBinary }: PayloadColumn, record: number): boolean {
  if (!isBinary) return false;
  const from = starts[record]!, to = ends[record]!;
  return from === to || bytes[from] === 0 || !(isShortAscii(bytes, from, to) || isUtf8(bytes.subarray(from, to)));
}

/** Of keys, which are short, this is known before native code is called. */
function isShortAscii(bytes: Buffer, from: number, to: number): boolean {
  if (to - from > 64) return false;
  let all = 0;
  for (let at = from; at < to; at += 1) all |= bytes[at]!;
  return all < 128;
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

/** The records of a batch, one after another. */
export class RecordReader {
  readonly values: ScannedBytes;
  readonly keys: ScannedBytes | null;
  readonly headers: ScannedBytes | null;
  /** Of the record that was found last. */
  readonly places: PayloadPlaces = new Int32Array(6);
  /** Whether payloads have to be looked at one by one. */
  readonly #mayBeBytes: boolean;

  constructor(readonly batch: RecordBatch) {
    const { values, keys, headers } = batch;
    this.values = scannedBytes(values.bytes);
    this.keys = keys === null ? null : scannedBytes(keys.bytes);
    this.headers = headers === null ? null : scannedBytes(headers.bytes);
    this.#mayBeBytes = values.isBinary || keys?.isBinary === true;
  }

  /** To `places`, and what they hold. */
  find(record: number): typeof EMPTY | typeof TEXTS | typeof FRAMED | typeof OTHERS {
    const { places, batch: { values, keys, headers } } = this;
    if (!placeOf(values, record, places, 0) || places[0] === places[1]) return EMPTY;
    placeOf(keys, record, places, 2);
    placeOf(headers, record, places, 4);
    if (!this.#mayBeBytes) return TEXTS;
    // Of a key that is framed, too, its first byte says so.
    if (values.isBinary && values.bytes[places[0]!] === 0) return (places[2]! < 0 || keys!.isBinary) && headers?.isBinary !== true ? FRAMED : OTHERS;
    return isBytes(values, record) || (places[2]! >= 0 && isBytes(keys!, record)) ? OTHERS : TEXTS;
  }

  /** What it says beside its payloads, by the registers of debezium-shape.ts. `line`: its number, which is its offset where it has none. */
  say(record: number, line: number, numbers: Float64Array): void {
    const { partitions, offsets, timestamps } = this.batch;
    numbers[PARTITION] = said(partitions, record, 0);
    numbers[OFFSET] = said(offsets, record, line);
    numbers[TIMESTAMP] = said(timestamps, record, NaN);
  }

  captured(record: number, line: number): CapturedRecord {
    const { topics, topicNames, partitions, offsets, timestamps, keys, values, headers } = this.batch;
    const timestamp = said(timestamps, record, NaN), own = headers === null ? null : payloadOf(headers, record);
    return {
      topic: topicNames[topics[record]!]!, partition: said(partitions, record, 0), offset: said(offsets, record, line), timestamp: Number.isNaN(timestamp) ? null : timestamp,
      key: keys === null ? null : payloadOf(keys, record), value: payloadOf(values, record), headers: (typeof own === 'string' ? objectOf(own) : null) ?? {},
    };
  }
}

/** Whether the record has one. */
function placeOf(column: PayloadColumn | null, record: number, places: PayloadPlaces, at: number): boolean {
  if (column === null || (column.nulls !== null && column.nulls[record] === 1)) {
    places[at] = places[at + 1] = -1;
    return false;
  }
  places[at] = column.starts[record]!;
  places[at + 1] = column.ends[record]!;
  return true;
}

function said(column: Float64Array | null, record: number, otherwise: number): number {
  if (column === null) return otherwise;
  const value = column[record]!;
  return Number.isNaN(value) ? otherwise : value;
}

function payloadOf(column: PayloadColumn, record: number): string | Buffer | null {
  const { bytes, starts, ends, nulls } = column;
  if (nulls !== null && nulls[record] === 1) return null;
  const from = starts[record]!, to = ends[record]!;
  return isBytes(column, record) ? Buffer.from(bytes.subarray(from, to)) : bytes.toString('utf8', from, to);
}
