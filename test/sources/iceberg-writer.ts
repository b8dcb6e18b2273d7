/** Writes small Iceberg tables, well-formed or not: data by DuckDB, manifests as Avro, metadata as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { avroType } from '../../src/sources/iceberg/avro.js';
import { writeParquet } from './files.js';

export interface WrittenField {
  readonly id: number;
  readonly name: string;
  readonly type: unknown;
  readonly required?: boolean;
}

export interface WrittenFile {
  /** DuckDB's query for the rows; null: no file is written. */
  readonly query: string | null;
  /** Ids of its columns, as DuckDB's FIELD_IDS takes them; none: the file has no ids. */
  readonly ids?: string;
  readonly rows: number;
  /** Null: that of the manifest. */
  readonly sequence?: number | null;
  readonly status?: number;
  readonly content?: number;
  readonly format?: string;
  /** As the manifest names it, under `location`. */
  readonly path?: string;
  readonly partition?: Readonly<Record<string, unknown>>;
}

export interface WrittenManifest {
  readonly files: readonly WrittenFile[];
  readonly sequence: number;
  readonly content?: number;
  readonly path?: string;
}

export interface WrittenTable {
  readonly fields: readonly WrittenField[];
  readonly manifests: readonly WrittenManifest[];
  readonly location?: string;
  readonly version?: number;
  readonly codec?: string;
  /** Identity partitions: the Avro type of each by its name, and the column that it is of. */
  readonly partitions?: readonly { readonly name: string; readonly avro: unknown; readonly sourceId: number }[];
  readonly properties?: Readonly<Record<string, string>>;
  /** What is put over the metadata's members. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A frame of Zstandard with one block as it is. */
const zstandard = (bytes: Buffer): Buffer => {
  const head = Buffer.from('28b52ffda000000000000000', 'hex');
  head.writeUInt32LE(bytes.length, 5);
  head.writeUIntLE((bytes.length << 3) | 1, 9, 3);
  return Buffer.concat([head, bytes]);
};

/** Snappy of one literal, with Avro's checksum. */
const snappy = (bytes: Buffer): Buffer => {
  const length = [bytes.length & 127 | 128, (bytes.length >> 7) & 127 | 128, (bytes.length >> 14) & 127];
  const literal = Buffer.from([62 << 2, 0, 0, 0]);
  literal.writeUIntLE(bytes.length - 1, 1, 3);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return Buffer.concat([Buffer.from(length), literal, bytes, checksum]);
};

const packers: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { deflate: (bytes) => deflateRawSync(bytes), zstandard, snappy };

/** One block, compressed as asked; under a name that is not known it is as it is. */
export function avroBytes(schema: unknown, records: readonly unknown[], codec = 'deflate'): Buffer {
  const type = avroType(schema);
  const header = { 'avro.schema': Buffer.from(JSON.stringify(schema)), 'avro.codec': Buffer.from(codec) };
  const block = Buffer.concat(records.map((record) => type.toBuffer(record)));
  const packed = records.length === 0 ? block : packers[codec]?.(block) ?? block;
  const sync = Buffer.alloc(16, 7);
  return Buffer.concat([
    Buffer.from('Obj\u0001', 'latin1'), avroType({ type: 'map', values: 'bytes' }).toBuffer(header), sync,
    ...(records.length === 0 ? [] : [avroType('long').toBuffer(BigInt(records.length)), avroType('long').toBuffer(BigInt(packed.length)), packed, sync]),
  ]);
}

const field = (name: string, type: unknown, id: number): object => ({ name, type, 'field-id': id });

export const manifestListSchema = {
  type: 'record', name: 'manifest_file', fields: [
    field('manifest_path', 'string', 500), field('manifest_length', 'long', 501), field('partition_spec_id', 'int', 502), field('content', 'int', 517),
    field('sequence_number', 'long', 515), field('added_snapshot_id', 'long', 503),
  ],
};

export const manifestSchema = (partitions: WrittenTable['partitions'] = []): object => ({
  type: 'record', name: 'manifest_entry', fields: [
    field('status', 'int', 0), field('snapshot_id', ['null', 'long'], 1), field('sequence_number', ['null', 'long'], 3),
    field('data_file', { type: 'record', name: 'r2', fields: [
      field('content', 'int', 134), field('file_path', 'string', 100), field('file_format', 'string', 101),
      field('partition', { type: 'record', name: 'r102', fields: partitions.map(({ name, avro }, index) => field(name, ['null', avro], 1000 + index)) }, 102),
      field('record_count', 'long', 103), field('file_size_in_bytes', 'long', 104), field('key_metadata', ['null', 'bytes'], 131),
    ] }, 2),
  ],
});

export const snapshotId = 5_621_964_456_730_917_842n;

/** Writes the table into `folder` as if it lay at `location`; gives the path of its metadata file. */
export async function writeTable(folder: string, table: WrittenTable): Promise<string> {
  const { location = '/warehouse/t', manifests, fields, partitions = [], codec, version = 2 } = table;
  mkdirSync(join(folder, 'metadata'), { recursive: true });
  const listed: object[] = [];
  for (const [at, manifest] of manifests.entries()) {
    const entries: object[] = [];
    for (const [index, file] of manifest.files.entries()) entries.push(await entryOf(folder, location, file, `data/${at}-${index}.parquet`, partitions));
    const bytes = avroBytes(manifestSchema(partitions), entries, codec);
    writeFileSync(join(folder, 'metadata', `m${at}.avro`), bytes);
    listed.push({
      manifest_path: manifest.path ?? `${location}/metadata/m${at}.avro`, manifest_length: BigInt(bytes.length), partition_spec_id: 0,
      content: manifest.content ?? 0, sequence_number: BigInt(manifest.sequence), added_snapshot_id: snapshotId,
    });
  }
  writeFileSync(join(folder, 'metadata', 'snap.avro'), avroBytes(manifestListSchema, listed, codec));
  const metadata = {
    'format-version': version, location, 'last-updated-ms': 2000, 'current-schema-id': 0, 'current-snapshot-id': 'ID',
    schemas: [{ 'schema-id': 0, type: 'struct', fields: fields.map((each) => ({ required: false, ...each })) }],
    'partition-specs': [{ 'spec-id': 0, fields: partitions.map(({ name, sourceId }, index) => ({ name, transform: 'identity', 'source-id': sourceId, 'field-id': 1000 + index })) }],
    properties: table.properties ?? {},
    snapshots: [{ 'snapshot-id': 'ID', 'timestamp-ms': 1000, 'manifest-list': `${location}/metadata/snap.avro`, 'schema-id': 0, summary: { 'total-data-files': String(manifests.length) } }],
    ...table.metadata,
  };
  const path = join(folder, 'metadata', 'v1.metadata.json');
  // The id goes beyond 2^53, and JSON has it as a number.
  writeFileSync(path, JSON.stringify(metadata).replaceAll('"ID"', String(snapshotId)));
  return path;
}

async function entryOf(folder: string, location: string, file: WrittenFile, name: string, partitions: NonNullable<WrittenTable['partitions']>): Promise<object> {
  if (file.query !== null) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    await writeParquet(join(folder, name), file.query, file.ids === undefined ? '' : `, FIELD_IDS ${file.ids}`);
  }
  return {
    status: file.status ?? 1, snapshot_id: snapshotId, sequence_number: file.sequence === undefined || file.sequence === null ? null : BigInt(file.sequence),
    data_file: {
      content: file.content ?? 0, file_path: file.path ?? `${location}/${name}`, file_format: file.format ?? 'PARQUET',
      partition: Object.fromEntries(partitions.map(({ name: each }) => [each, file.partition?.[each] ?? null])),
      record_count: BigInt(file.rows), file_size_in_bytes: 0n, key_metadata: null,
    },
  };
}
