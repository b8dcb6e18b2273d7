/** Debezium's envelopes in Avro with the Confluent framing, for schemas that are at hand. */
import type { Type } from 'avsc';
import { TapewrightError } from '../core/errors.js';
import { endOf, hasLists } from './avro-bounds.js';
import type { AvroRecord } from './avro-schema.js';
import { parseAvro, type Avro } from './avro-type.js';
import { avroType } from './confluent.js';
import { eventOf, type Decoded, type Json, type WrittenType } from './debezium-envelope.js';
import type { CapturedRecord } from './debezium-record.js';

interface Known {
  readonly type: Type;
  readonly types: ReadonlyMap<string, WrittenType> | null;
  readonly schema: Avro;
  readonly hasLists: boolean;
}

/** A schema with its names resolved, and how the values of a row's fields were written. */
export interface WriterSchema {
  readonly schema: Avro;
  readonly types: ReadonlyMap<string, WrittenType> | null;
}

export class DebeziumAvro {
  /** By id; a text says why messages of it cannot be read. */
  readonly #known = new Map<number, Known | string>();

  /** `schemas`: by id, as the registry has them. Throws DATASET_INVALID for one that is none. */
  constructor(schemas: ReadonlyMap<number, string>) {
    for (const [id, text] of schemas) {
      try {
        this.#known.set(id, knownOf(text));
      } catch (cause) {
        throw new TapewrightError('DATASET_INVALID', `the schema with id ${id} is no Avro schema: ${cause instanceof Error ? cause.message : String(cause)}`, { id }, { cause });
      }
    }
  }

  knows(id: number): boolean {
    return this.#known.has(id);
  }

  /** One more schema, or why there is none: messages of it are bad then, and so they are of one that is no Avro schema. */
  learn(id: number, schema: string | { readonly refused: string }): void {
    try {
      this.#known.set(id, typeof schema === 'string' ? knownOf(schema) : `cannot be read: ${schema.refused}`);
    } catch (cause) {
      this.#known.set(id, `cannot be read: schema ${id} is no Avro schema (${cause instanceof Error ? cause.message : String(cause)})`);
    }
  }

  /** Null: messages of it are bad, or it is not at hand. */
  writer(id: number): WriterSchema | null {
    const known = this.#known.get(id);
    return known === undefined || typeof known === 'string' ? null : { schema: known.schema, types: known.types };
  }

  decode(record: CapturedRecord, value: Buffer): Decoded {
    const read = this.#read(value);
    if (typeof read === 'string') return { kind: 'bad', error: `the value ${read}` };
    const key = Buffer.isBuffer(record.key) ? this.#read(record.key) : null;
    if (typeof key === 'string') return { kind: 'bad', error: `the key ${key}` };
    return eventOf(record, read.value, { key: () => key?.value ?? null, types: read.types, text: null });
  }

  #read(bytes: Buffer): { readonly value: Json; readonly types: Known['types'] } | string {
    const id = schemaId(bytes);
    if (id === null) return 'does not begin with a zero byte and the id of a schema';
    const known = this.#known.get(id);
    if (typeof known === 'string') return known;
    if (known === undefined) return `was written with schema ${id}, which is not at hand`;
    try {
      if (known.hasLists && endOf(known.schema, bytes, 5, bytes.length) < 0) return 'is not of its schema: it ends too early';
      return { value: known.type.fromBuffer(bytes.subarray(5)) as Json, types: known.types };
    } catch (cause) {
      return `is not of its schema: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
  }
}

/** Of a payload in the wire format of a schema registry; null: it is none. */
export const schemaId = (bytes: Buffer): number | null => (bytes.length < 5 || bytes[0] !== 0 ? null : bytes.readUInt32BE(1));

function knownOf(text: string): Known {
  const schema = JSON.parse(text) as Json;
  const type = avroType(plainAvro(schema) as AvroRecord), parsed = parseAvro(schema);
  return { type, types: typesOf(schema), schema: parsed, hasLists: hasLists(parsed) };
}

const primitives: ReadonlySet<unknown> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

/** Without what Connect adds to primitive types: only a bare `long` is read without rounding. */
export function plainAvro(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plainAvro);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { type, items, values, fields } = schema as Json;
  if (primitives.has(type)) return type;
  if (type === 'array') return { type, items: plainAvro(items) };
  if (type === 'map') return { type, values: plainAvro(values) };
  if (type === 'record') return { ...schema, fields: (fields as readonly Json[]).map(({ name, type: of }) => ({ name, type: plainAvro(of) })) };
  return schema;
}

/** Of the fields of `before`, where Debezium's schemas define the row. */
function typesOf(schema: Json): ReadonlyMap<string, WrittenType> | null {
  const fields = (schema['fields'] ?? []) as readonly Json[];
  const before = fields.find(({ name }) => name === 'before');
  const row = ([before?.['type']].flat() as readonly unknown[]).find((branch): branch is Json => typeof branch === 'object' && branch !== null && (branch as Json)['type'] === 'record');
  if (row === undefined) return null;
  return new Map((row['fields'] as readonly Json[]).map((field) => {
    const type = ([field['type']].flat() as readonly unknown[]).find((branch) => branch !== 'null');
    const { 'connect.name': name, scale, logicalType } = (typeof type === 'object' && type !== null ? type : {}) as Json;
    return [String(field['name']), {
      name: typeof name === 'string' ? name : logicalType === 'decimal' ? 'org.apache.kafka.connect.data.Decimal' : null,
      scale: logicalType === 'decimal' ? Number(scale ?? 0) : null,
    }];
  }));
}
