/** Avro object container files: what Iceberg's manifests are. The framing is read here, so that damage is named; records by avsc. */
import avro from 'avsc';
import { TapewrightError } from '../../core/errors.js';
import { codecs } from './codec.js';

export type AvroRecord = Readonly<Record<string, unknown>>;

export interface AvroFile {
  /** The writer's schema. */
  readonly schema: unknown;
  /** Longs are bigints. */
  readonly records: readonly AvroRecord[];
}

/** Of one block, unpacked. */
const blockBytesMax = 256 * 1024 * 1024;
const syncBytes = 16;

/** Snapshot ids go beyond 2^53, at which avsc gives up. */
const longs = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt, toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0),
});

/** Also where a logical type stands around it. */
const isLong = (schema: unknown): boolean => schema === 'long' || (schema as { type?: unknown } | null)?.type === 'long';

/** Items that take no bytes: of them a few bytes could hold billions. */
const isEmpty = (schema: unknown): boolean => {
  const { type, fields, size } = (schema ?? {}) as { type?: unknown; fields?: readonly unknown[]; size?: unknown };
  return schema === 'null' || type === 'null' || (type === 'record' && fields?.length === 0) || (type === 'fixed' && size === 0);
};

/** The type of a schema with longs as bigints; logical types are left as what carries them. */
export function avroType(schema: unknown): avro.Type {
  const typeHook = (each: unknown): avro.Type | undefined => {
    const { type, items } = (each ?? {}) as { type?: unknown; items?: unknown };
    if (type === 'array' && isEmpty(items)) throw new Error('its schema has lists of nothing');
    return isLong(each) ? longs : undefined;
  };
  return avro.Type.forSchema(schema as avro.Schema, { typeHook, omitRecordMethods: true });
}

/** Throws DATASET_CORRUPT for what is damaged, DATASET_INVALID for a codec that is not read. */
export function readAvro(bytes: Buffer, path: string): AvroFile {
  const damaged = (reason: string, cause?: unknown): TapewrightError =>
    new TapewrightError('DATASET_CORRUPT', `${path} is damaged: ${reason}; fetch or write the file again`, { path }, { cause });
  if (bytes.toString('latin1', 0, 4) !== 'Obj\u0001') throw damaged('it does not begin as an Avro file does');
  const cursor = new Cursor(bytes, 4, () => damaged('it is truncated'));
  const header = headerOf(cursor);
  const sync = cursor.take(syncBytes);
  const codec = header.get('avro.codec')?.toString('utf8') ?? 'null';
  const unpack = codecs.get(codec);
  if (unpack === undefined) {
    throw new TapewrightError('DATASET_INVALID', `${path} is compressed with ${codec.slice(0, 50)}, which is not read; set the table's write.avro.compression-codec to gzip and rewrite its manifests`, { path, codec });
  }
  try {
    const schema: unknown = JSON.parse(header.get('avro.schema')?.toString('utf8') ?? '');
    const type = avroType(schema);
    const records: AvroRecord[] = [];
    while (!cursor.done) {
      const count = cursor.count();
      const packed = cursor.take(cursor.count());
      if (!cursor.take(syncBytes).equals(sync)) throw damaged('a block does not end with its mark');
      const block = unpack(packed, blockBytesMax);
      if (count > block.length) throw damaged('a block is shorter than its records');
      readBlock(type, block, count, records, damaged);
    }
    return { schema, records };
  } catch (cause) {
    if (cause instanceof TapewrightError) throw cause;
    throw damaged(cause instanceof Error ? cause.message.slice(0, 200) : 'it cannot be read', cause);
  }
}

function readBlock(type: avro.Type, block: Buffer, count: number, records: AvroRecord[], damaged: (reason: string) => Error): void {
  let at = 0;
  for (let record = 0; record < count; record += 1) {
    const { value, offset } = type.decode(block, at) as { value: AvroRecord; offset: number };
    if (offset < 0) throw damaged('a block ends within a record');
    records.push(value);
    at = offset;
  }
  if (at !== block.length) throw damaged('a block is longer than its records');
}

function headerOf(cursor: Cursor): Map<string, Buffer> {
  const header = new Map<string, Buffer>();
  for (let count = cursor.long(); count !== 0; count = cursor.long()) {
    // A negative count is followed by the bytes that the entries take.
    if (count < 0) cursor.long();
    for (let entry = 0; entry < Math.abs(count); entry += 1) header.set(cursor.take(cursor.count()).toString('utf8'), cursor.take(cursor.count()));
  }
  return header;
}

/** Reads forward; beyond the end it raises what it was given. */
class Cursor {
  constructor(private readonly bytes: Buffer, private at: number, private readonly truncated: () => Error) {}

  get done(): boolean {
    return this.at === this.bytes.length;
  }

  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw this.truncated();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A zigzag varint; sizes beyond 2^53 are beyond any file. */
  long(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number((value >> 1n) ^ -(value & 1n));
    }
    throw this.truncated();
  }

  count(): number {
    const value = this.long();
    if (value < 0) throw this.truncated();
    return value;
  }
}
