/** Messages of a topic as columns; what cannot be decoded is kept with the reason. */
import { TapewrightError } from '../core/errors.js';
import { timestampUnits, type Int64, type SqlType } from '../core/types.js';
import { toInt64 } from '../core/int64.js';
import { avroType } from '../formats/confluent.js';
import type { AvroRecord } from '../formats/avro-schema.js';
import { Assembler } from '../sources/assemble.js';
import { rawMember } from '../sources/jsonl.js';
import { RowBuilder } from '../sources/row-builder.js';
import type { SourceBatch, SourceColumn } from '../sources/source.js';
import { jsonReader, notA, type Value } from '../sources/values.js';
import type { LogRecord } from './log.js';
import type { SchemaRegistry } from './registry.js';

export interface RejectedMessage {
  readonly offset: number;
  readonly column: string | null;
  readonly error: string;
  /** Bytes as latin1, as dead letters have them. */
  readonly key: string | null;
  readonly value: string | null;
}

export interface Decoded {
  readonly batch: SourceBatch;
  readonly rejected: readonly RejectedMessage[];
}

/** Writes a message's columns to a row, or says why it cannot. */
export interface RowFormat {
  /** Fetches what the messages need that is not known yet. */
  prepare(records: readonly LogRecord[]): Promise<void>;
  read(value: Buffer, row: number, rows: RowBuilder): { readonly column: string | null; readonly error: string } | null;
}

export class Decoder {
  readonly #assembler: Assembler;
  readonly #types: readonly SqlType[];

  constructor(columns: readonly SourceColumn[], private readonly format: RowFormat) {
    this.#assembler = new Assembler(columns);
    this.#types = columns.map(({ type }) => type);
  }

  async decode(records: readonly LogRecord[]): Promise<Decoded> {
    await this.format.prepare(records);
    const rows = new RowBuilder(this.#types, records.length);
    const positions = new Float64Array(records.length);
    const rejected: RejectedMessage[] = [];
    let length = 0;
    for (const { offset, key, value } of records) {
      const failure = value === null ? { column: null, error: 'a tombstone, where every message is a row' } : this.format.read(value, length, rows);
      if (failure === null) positions[length++] = offset;
      else rejected.push({ offset, ...failure, key: key?.toString('latin1') ?? null, value: value?.toString('latin1') ?? null });
    }
    const columns = rows.take(length);
    const batch = this.#assembler.assemble({ length, position: positions[0] ?? 0, positions: positions.subarray(0, length), watermarks: null, columns, rejected: [] });
    return { batch, rejected };
  }
}

/** Flink's `json`: an object a message. */
export class JsonFormat implements RowFormat {
  readonly #fields: readonly { readonly name: string; readonly alias: string | null; readonly read: ReturnType<typeof jsonReader>; readonly error: string }[];

  constructor(columns: readonly SourceColumn[]) {
    this.#fields = columns.map(({ name, type, eventTime }) => ({ name, alias: eventTime ? 'timestamp' : null, read: jsonReader(type), error: notA(type) }));
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  read(value: Buffer, row: number, rows: RowBuilder): { readonly column: string | null; readonly error: string } | null {
    const text = value.toString('utf8');
    let record: Readonly<Record<string, unknown>>;
    try {
      record = JSON.parse(text) as Readonly<Record<string, unknown>>;
    } catch {
      return { column: null, error: 'the message is not JSON' };
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return { column: null, error: 'the message is not a JSON object' };
    for (let index = 0; index < this.#fields.length; index += 1) {
      const { name, alias, read, error } = this.#fields[index]!;
      const member = Object.hasOwn(record, name) || alias === null ? name : alias;
      const found = Object.hasOwn(record, member) ? record[member] : null;
      const given = found === null ? null : read(found, () => rawMember(text, member));
      if (given === undefined) return { column: name, error };
      rows.set(index, row, given);
    }
    return null;
  }
}

type FieldReader = (value: unknown) => Value;

interface KnownSchema {
  readonly decode: (bytes: Buffer) => Readonly<Record<string, unknown>>;
  /** By column: the writer's field, and how it becomes the column's type. */
  readonly fields: readonly { readonly name: string; readonly read: FieldReader }[];
}

/** Avro behind a registry's id: each writer's schema is resolved by the names of its fields. */
export class AvroFormat implements RowFormat {
  /** By id; a text says why messages of it cannot be read. */
  readonly #schemas = new Map<number, KnownSchema | string>();

  constructor(private readonly columns: readonly SourceColumn[], private readonly registry: SchemaRegistry) {}

  async prepare(records: readonly LogRecord[]): Promise<void> {
    const ids = new Set<number>();
    for (const { value } of records) if (value !== null && value.length > 5 && value[0] === 0) ids.add(value.readUInt32BE(1));
    for (const id of ids) {
      if (this.#schemas.has(id)) continue;
      try {
        this.#schemas.set(id, this.#resolved(JSON.parse(await this.registry.schema(id)) as AvroRecord));
      } catch (cause) {
        // Unreachable is no reason to lose a message; refused, or unusable, is.
        if (cause instanceof TapewrightError && cause.code === 'REGISTRY_UNREACHABLE') throw cause;
        this.#schemas.set(id, cause instanceof Error ? cause.message : String(cause));
      }
    }
  }

  #resolved(record: AvroRecord): KnownSchema {
    if (record.type !== 'record') throw new Error('the schema is no record');
    const type = avroType(record);
    const fields = this.columns.map(({ name, type: wanted, eventTime }) => {
      const field = record.fields.find((each) => each.name === name) ?? (eventTime ? record.fields.find((each) => each.name === 'timestamp') : undefined);
      if (field === undefined) {
        if (wanted.nullable) return { name, read: () => null };
        throw new Error(`the writer's schema has no field ${name}`);
      }
      return { name: field.name, read: readerOf(wanted, logicalTypeOf(field.type)) };
    });
    return { decode: (bytes) => type.fromBuffer(bytes) as Readonly<Record<string, unknown>>, fields };
  }

  read(value: Buffer, row: number, rows: RowBuilder): { readonly column: string | null; readonly error: string } | null {
    if (value.length < 6 || value[0] !== 0) return { column: null, error: 'the message is not in the wire format of a schema registry' };
    const id = value.readUInt32BE(1);
    const schema = this.#schemas.get(id) ?? `schema ${id} is not known`;
    if (typeof schema === 'string') return { column: null, error: schema };
    let record: Readonly<Record<string, unknown>>;
    try {
      record = schema.decode(value.subarray(5));
    } catch (cause) {
      return { column: null, error: `the message is no Avro of its schema: ${cause instanceof Error ? cause.message : String(cause)}` };
    }
    for (let index = 0; index < schema.fields.length; index += 1) {
      const { name, read } = schema.fields[index]!;
      const found = record[name];
      const given = found === null || found === undefined ? null : read(found);
      if (given === undefined) return { column: this.columns[index]!.name, error: notA(this.columns[index]!.type) };
      rows.set(index, row, given);
    }
    return null;
  }
}

/** Of the type, or of what stands beside null in a union. */
function logicalTypeOf(type: unknown): string | null {
  if (Array.isArray(type)) return logicalTypeOf(type.find((each) => each !== 'null'));
  const logical = typeof type === 'object' && type !== null ? (type as { logicalType?: unknown }).logicalType : undefined;
  return typeof logical === 'string' ? logical : null;
}

function readerOf(type: SqlType, logical: string | null): FieldReader {
  if (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ') {
    const micros = logical?.endsWith('micros') === true;
    const units = timestampUnits(type.precision ?? 6);
    return (value) => (isInt64(value) ? scaled(value, micros ? 1e6 : 1e3, units) : undefined);
  }
  const read = jsonReader(type);
  return (value) => (typeof value === 'bigint' ? (type.kind === 'BIGINT' ? value : undefined) : read(value, () => String(value)));
}

const isInt64 = (value: unknown): value is Int64 => typeof value === 'bigint' || Number.isSafeInteger(value);

/** A count of one unit of a second as one of another, floored. */
function scaled(value: Int64, from: number, to: number): Value {
  if (from === to) return value;
  if (from < to) return toInt64(BigInt(value) * BigInt(to / from));
  return typeof value === 'number' ? Math.floor(value / (from / to)) : undefined;
}
