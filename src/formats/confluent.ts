/** The wire format of Confluent's registry: a zero byte, the schema's id in four bytes, then Avro. */
import avro from 'avsc';
import { cell, type Batch } from '../core/batch.js';
import type { Int64, Schema, SqlType } from '../core/types.js';
import type { AvroRecord } from './avro-schema.js';

/** Integers beyond ±2^53 stay exact: avsc alone refuses them. */
const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer): Int64 => {
    const value = bytes.readBigInt64LE();
    return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
  },
  toBuffer: (value: Int64): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: Int64): Int64 => value,
  toJSON: (value: Int64): number => Number(value),
  isValid: (value: unknown): boolean => typeof value === 'bigint' || Number.isSafeInteger(value),
  compare: (a: Int64, b: Int64): 0 | 1 | -1 => (a === b ? 0 : a < b ? -1 : 1),
});

export const avroType = (record: AvroRecord): avro.Type => avro.Type.forSchema(record as avro.Schema, { registry: { long }, logicalTypes: {}, wrapUnions: false });

/** A column of batches, and the name of its field. */
export type WrittenColumn = Schema[number] & { readonly column: number };

type Convert = (value: Int64 | string) => unknown;

/** Encodes rows of batches. */
export class ConfluentWriter {
  readonly #type: avro.Type;
  readonly #header: Buffer;
  readonly #fields: readonly { readonly name: string; readonly column: number; readonly convert: Convert }[];

  constructor(record: AvroRecord, columns: readonly WrittenColumn[], id: number) {
    this.#type = avroType(record);
    this.#header = Buffer.alloc(5);
    this.#header.writeUInt32BE(id, 1);
    this.#fields = record.fields.map(({ name }) => {
      const found = columns.find((field) => field.name === name || (name === 'timestamp' && field.name === 'event_time'))!;
      return { name, column: found.column, convert: converter(found.type) };
    });
  }

  /** Throws an Error where a value is not of the schema: a symbol that an enum lacks, NULL where there is no union. */
  encode({ columns }: Batch, row: number): Buffer {
    const value: Record<string, unknown> = {};
    for (const { name, column, convert } of this.#fields) {
      const read = cell(columns[column]!, row);
      value[name] = read === null ? null : convert(read);
    }
    return Buffer.concat([this.#header, this.#type.toBuffer(value)]);
  }
}

function converter({ kind }: SqlType): Convert {
  if (kind === 'BOOLEAN') return (value) => value !== 0;
  return kind === 'DECIMAL' ? (value) => unscaledBytes(BigInt(value)) : (value) => value;
}

/** In two's complement, the highest byte first, as few bytes as hold it. */
export function unscaledBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 8n) {
    bytes.unshift(Number(left & 255n));
    if (left >= -128n && left <= 127n) return Buffer.from(bytes);
  }
}
