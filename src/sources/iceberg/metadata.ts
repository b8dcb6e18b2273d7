/** A table's metadata file: where it was written, its schemas, partitions and snapshots, and the one to read. */
import { readFile, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { TapewrightError } from '../../core/errors.js';
import { textReader } from '../values.js';
import type { IcebergReference } from './reference.js';
import { parseFields, type IcebergField } from './types.js';

export interface Snapshot {
  /** Decimal digits: ids go beyond 2^53. */
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly manifestList: string;
  readonly schemaId: number | null;
  /** As the snapshot's summary counts them; null when it does not. */
  readonly dataFiles: number | null;
  readonly deleteFiles: number | null;
}

export interface PartitionField {
  readonly fieldId: number;
  readonly sourceId: number;
  readonly transform: string;
}

export interface NameMapping {
  readonly id: number | null;
  readonly names: readonly string[];
  readonly fields: readonly NameMapping[];
}

export interface Metadata {
  readonly path: string;
  readonly version: 1 | 2;
  readonly location: string;
  readonly snapshots: readonly Snapshot[];
  /** Null: nothing was written yet. */
  readonly snapshot: Snapshot | null;
  /** Of the snapshot when it was chosen; else the table's own, which may be newer. */
  readonly schema: readonly IcebergField[];
  readonly specs: ReadonlyMap<number, readonly PartitionField[]>;
  /** Ids for files that have none. */
  readonly mapping: readonly NameMapping[] | null;
}

type Json = Readonly<Record<string, unknown>>;

const bytesMax = 256 * 1024 * 1024;

/** Throws DATASET_MISSING, DATASET_CORRUPT, and DATASET_INVALID for a snapshot that is not there or a version that is not read. */
export async function readMetadata({ metadata: path, choice }: IcebergReference): Promise<Metadata> {
  const refuse = (reason: string): TapewrightError => new TapewrightError('DATASET_INVALID', `${path}: ${reason}`, { path });
  const table = parse(await textOf(path), path);
  const version = table['format-version'];
  if (version !== 1 && version !== 2) {
    throw refuse(`the table has Iceberg's format version ${String(version).slice(0, 20)}; versions 1 and 2 are read (version 3 brings deletion vectors and row lineage, which are not)`);
  }
  if (typeof table['location'] !== 'string' || table['location'] === '') throw refuse('it is no metadata of an Iceberg table: it has no location');
  const snapshots = listOf(table['snapshots']).map((snapshot) => snapshotOf(snapshot, refuse));
  const current = idText(table['current-snapshot-id']);
  const found = choice === null
    ? (current === null || current === '-1' ? null : byId(current, snapshots, refuse))
    : choice.by === 'snapshot' ? byId(choice.text, snapshots, refuse) : asOf(choice.text, table, snapshots, refuse);
  return {
    path, version, location: table['location'], snapshots, snapshot: found,
    schema: schemaOf(table, choice === null ? null : (found?.schemaId ?? null), refuse),
    specs: specsOf(table), mapping: mappingOf(table, refuse),
  };
}

async function textOf(path: string): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new TapewrightError('DATASET_MISSING', `cannot open ${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, { path }, { cause });
  });
  if (found.size > bytesMax) throw new TapewrightError('DATASET_INVALID', `${path} has ${found.size} bytes; metadata of up to ${bytesMax} are read: expire old snapshots`, { path });
  const bytes = await readFile(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: bytesMax }).toString('utf8');
  } catch (cause) {
    throw new TapewrightError('DATASET_CORRUPT', `${path} is damaged: ${(cause as Error).message}; fetch or write the file again`, { path }, { cause });
  }
}

/** JSON whose integers of 16 digits and more become strings: as numbers they would be rounded. */
function parse(text: string, path: string): Json {
  const exact = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d{16,}(?![\d.eE])/g, (token) => (token.startsWith('"') ? token : `"${token}"`));
  let value: unknown;
  try {
    value = JSON.parse(exact);
  } catch (cause) {
    throw new TapewrightError('DATASET_CORRUPT', `${path} is damaged: it is no JSON (${(cause as Error).message.slice(0, 100)}); fetch or write the file again`, { path }, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new TapewrightError('DATASET_INVALID', `${path} is no metadata of an Iceberg table: it holds no object`, { path });
}

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each !== null) as Json[] : []);

const idText = (value: unknown): string | null => (typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? value : Number.isSafeInteger(value) ? String(value) : null);

function snapshotOf(snapshot: Json, refuse: (reason: string) => Error): Snapshot {
  const id = idText(snapshot['snapshot-id']);
  const { 'timestamp-ms': at, 'manifest-list': manifestList, 'schema-id': schemaId } = snapshot;
  if (id === null || !Number.isSafeInteger(at)) throw refuse('a snapshot has no id or no time');
  if (typeof manifestList !== 'string') throw refuse(`snapshot ${id} has no manifest list, as early tables of version 1 have not; rewrite the table's metadata with a newer writer`);
  const summary = snapshot['summary'] as Json | undefined;
  const counted = (name: string): number | null => {
    const text = summary?.[name];
    return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  return {
    id, at: at as number, manifestList, schemaId: Number.isSafeInteger(schemaId) ? (schemaId as number) : null,
    dataFiles: counted('total-data-files'), deleteFiles: counted('total-delete-files'),
  };
}

const iso = (millis: number): string => (Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : String(millis));

function told(snapshots: readonly Snapshot[]): string {
  const last = snapshots.slice(-20).map(({ id, at }) => `${id} (${iso(at)})`);
  return snapshots.length === 0 ? 'it has none' : `it has ${snapshots.length > 20 ? `${snapshots.length}, the last of which are ` : ''}${last.join(', ')}`;
}

function byId(id: string, snapshots: readonly Snapshot[], refuse: (reason: string) => Error): Snapshot {
  const wanted = BigInt(id);
  const found = snapshots.find((snapshot) => BigInt(snapshot.id) === wanted);
  if (found === undefined) throw refuse(`there is no snapshot ${id}; ${told(snapshots)}`);
  return found;
}

/** What was current at an instant, by the table's own log. */
function asOf(text: string, table: Json, snapshots: readonly Snapshot[], refuse: (reason: string) => Error): Snapshot {
  const at = textReader({ kind: 'TIMESTAMP', nullable: false, precision: 3 })(text);
  if (typeof at !== 'number') throw refuse(`?as-of=${text} is no time; write one such as 2026-03-02T14:30:00Z (UTC when no offset is given) or epoch milliseconds`);
  const updated = table['last-updated-ms'];
  if (typeof updated === 'number' && at > updated) {
    throw refuse(`?as-of=${text} is later than the metadata, which was written at ${iso(updated)} and cannot know what came after; leave it out for the current snapshot`);
  }
  const log = listOf(table['snapshot-log']).map((entry) => ({ id: idText(entry['snapshot-id']) ?? '', at: Number(entry['timestamp-ms']) }));
  const before = (log.length > 0 ? log : snapshots).filter((entry) => entry.at <= at);
  const last = before.reduce<{ readonly id: string; readonly at: number } | null>((latest, entry) => (latest === null || entry.at >= latest.at ? entry : latest), null);
  if (last === null) throw refuse(`at ${iso(at)} there was no snapshot yet, or it is not kept; ${told(snapshots)}`);
  return byId(last.id, snapshots, refuse);
}

function schemaOf(table: Json, chosen: number | null, refuse: (reason: string) => Error): readonly IcebergField[] {
  const id = chosen ?? table['current-schema-id'];
  const schemas = listOf(table['schemas']);
  // Version 1 may have a single schema, outside the list.
  const found = schemas.find((schema) => schema['schema-id'] === id) ?? (schemas.length === 0 ? table['schema'] : undefined);
  if (found === undefined) throw refuse(`it has no schema ${String(id).slice(0, 20)}`);
  return parseFields(found, refuse);
}

function specsOf(table: Json): Map<number, PartitionField[]> {
  const specs = listOf(table['partition-specs']);
  const all = specs.length > 0 ? specs : [{ 'spec-id': 0, fields: table['partition-spec'] }];
  return new Map(all.map((spec) => [
    Number(spec['spec-id']),
    // Version 1 counts its partition fields from 1000 where it does not say so.
    listOf(spec['fields']).map((field, index) => ({ fieldId: Number(field['field-id'] ?? 1000 + index), sourceId: Number(field['source-id']), transform: String(field['transform']) })),
  ]));
}

function mappingOf(table: Json, refuse: (reason: string) => Error): readonly NameMapping[] | null {
  const text = (table['properties'] as Json | undefined)?.['schema.name-mapping.default'];
  if (typeof text !== 'string') return null;
  const read = (value: unknown, depth: number): NameMapping[] => {
    if (depth > 32) throw refuse('its name mapping lies more than 32 deep');
    return listOf(value).map((each) => ({
      id: Number.isSafeInteger(each['field-id']) ? (each['field-id'] as number) : null,
      names: Array.isArray(each['names']) ? each['names'].map(String) : [], fields: read(each['fields'], depth + 1),
    }));
  };
  try {
    return read(JSON.parse(text), 0);
  } catch (cause) {
    if (cause instanceof TapewrightError) throw cause;
    throw refuse('its property schema.name-mapping.default is no JSON');
  }
}
