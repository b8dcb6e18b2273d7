/** From a snapshot to its data files: the manifest list, and the manifests that it names. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TapewrightError } from '../../core/errors.js';
import { readAvro, type AvroFile, type AvroRecord } from './avro.js';
import { Location } from './location.js';
import type { Metadata, PartitionField, Snapshot } from './metadata.js';

export interface DataFile {
  /** Absolute. */
  readonly path: string;
  readonly rows: number;
  /** Values of the columns that the table is partitioned by as they are, by column id: as the manifest's Avro holds them. */
  readonly constants: ReadonlyMap<number, unknown>;
}

export interface SnapshotFiles {
  /** The manifest list and the manifests, absolute, in the order read. */
  readonly manifests: readonly string[];
  /** In the order of their rows. */
  readonly data: readonly DataFile[];
}

interface Manifest {
  readonly path: string;
  readonly bytes: number | null;
  readonly deletes: boolean;
  readonly spec: readonly PartitionField[];
  readonly sequence: number;
  readonly addedBy: string;
}

const bytesMax = 512 * 1024 * 1024;
const filesMax = 1_000_000;

/** As manifests number them. */
const status = { added: 1, deleted: 2 };
const contents = { data: 0, equalityDeletes: 2 };

/**
 * The live data files of a snapshot, oldest first: by data sequence number (version 1: by the snapshot that added
 * them), then by the order of the manifests in their list and of the files in their manifest. Throws DATASET_MISSING,
 * DATASET_CORRUPT, and DATASET_INVALID for what is not read: deletes, other formats than Parquet, encryption.
 */
export async function filesOfSnapshot(metadata: Metadata, snapshot: Snapshot): Promise<SnapshotFiles> {
  const location = new Location(metadata.path, metadata.location);
  const list = location.here(snapshot.manifestList);
  const manifests = (await avroOf(list)).records.map((record) => manifestOf(record, list, metadata, location));
  // Cut off between two blocks a file is whole to look at.
  if (manifests.length === 0 && (snapshot.dataFiles ?? 0) > 0) throw damaged(list, `it names no manifest, but snapshot ${snapshot.id} has ${snapshot.dataFiles} data files`);
  const found: (DataFile & { readonly sequence: number })[] = [];
  const seen = new Set<string>([list]);
  for (const manifest of manifests) {
    once(manifest.path, seen, list);
    const file = await avroOf(manifest.path, manifest.bytes);
    const partitions = partitionNames(file);
    for (const entry of file.records) {
      if (Number(entry['status']) === status.deleted) continue;
      const one = dataFileOf(entry, manifest, partitions, location, metadata);
      once(one.path, seen, manifest.path);
      found.push({ ...one, sequence: sequenceOf(entry, manifest, metadata) });
    }
    if (found.length > filesMax) throw new TapewrightError('DATASET_INVALID', `snapshot ${snapshot.id} has more than ${filesMax} data files; compact the table`, { path: metadata.path });
  }
  // The sort is stable, so that files of one sequence number stay in the order of their manifests.
  return { manifests: [list, ...manifests.map(({ path }) => path)], data: found.sort((one, other) => one.sequence - other.sequence) };
}

/** A file that counts twice would have its rows twice. */
function once(path: string, seen: Set<string>, by: string): void {
  if (seen.has(path)) throw new TapewrightError('DATASET_CORRUPT', `${by} is damaged: ${basename(path)} is named twice`, { path: by, file: path });
  seen.add(path);
}

/** `bytes`: the size that it should have, where that is known. */
async function avroOf(path: string, bytes: number | null = null): Promise<AvroFile> {
  const found = await stat(path).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new TapewrightError('DATASET_MISSING', code === 'ENOENT' ? `${path} does not exist, and the table's metadata name it` : `cannot open ${path}: ${code}`, { path }, { cause });
  });
  if (found.size > bytesMax) throw new TapewrightError('DATASET_INVALID', `${path} has ${found.size} bytes; manifests of up to ${bytesMax} are read: rewrite the manifests`, { path });
  if (bytes !== null && found.size !== bytes) throw damaged(path, `it has ${found.size} bytes, and its list says ${bytes}`);
  return readAvro(await readFile(path), path);
}

const damaged = (path: string, reason: string): TapewrightError => new TapewrightError('DATASET_CORRUPT', `${path} is damaged: ${reason}; fetch or write the file again`, { path });

function manifestOf(record: AvroRecord, list: string, { specs, version }: Metadata, location: Location): Manifest {
  const { manifest_path: path, partition_spec_id: spec, key_metadata: key } = record;
  if (typeof path !== 'string') throw damaged(list, 'a manifest has no path');
  if (key !== null && key !== undefined) throw encrypted(path);
  const fields = specs.get(Number(spec));
  if (fields === undefined) throw damaged(list, `${basename(path)} is of the partition spec ${String(spec)}, which the table has not`);
  return {
    path: location.here(path), bytes: record['manifest_length'] === undefined ? null : Number(record['manifest_length']), deletes: Number(record['content'] ?? 0) === 1, spec: fields,
    sequence: version === 1 ? 0 : Number(record['sequence_number'] ?? 0), addedBy: String(record['added_snapshot_id'] ?? ''),
  };
}

/** Names of the partition record's fields by their ids: writers change letters that Avro does not allow. */
function partitionNames({ schema }: AvroFile): Map<number, string> {
  type Named = { readonly name?: unknown; readonly type?: unknown; readonly fields?: readonly Named[]; readonly 'field-id'?: unknown };
  const field = (type: unknown, name: string): unknown => (type as Named | undefined)?.fields?.find((each) => each.name === name)?.type;
  const partition = field(field(schema, 'data_file'), 'partition') as Named | undefined;
  return new Map((partition?.fields ?? []).map((each) => [Number(each['field-id']), String(each.name)]));
}

function dataFileOf(entry: AvroRecord, manifest: Manifest, partitions: ReadonlyMap<number, string>, location: Location, metadata: Metadata): DataFile {
  const file = entry['data_file'] as AvroRecord | undefined;
  if (typeof file?.['file_path'] !== 'string' || file['record_count'] === undefined) throw damaged(manifest.path, 'a data file has no path or no count of rows');
  const path = file['file_path'];
  const content = Number(file['content'] ?? 0);
  if (content !== contents.data || manifest.deletes) throw withDeletes(path, content, String(file['file_format']), metadata);
  const format = String(file['file_format']).toLowerCase();
  if (format !== 'parquet') throw new TapewrightError('DATASET_INVALID', `${path}: the table has data files in ${format.slice(0, 20)}; Parquet is read`, { path, format });
  if (file['key_metadata'] !== null && file['key_metadata'] !== undefined) throw encrypted(path);
  const values = (file['partition'] ?? {}) as AvroRecord;
  const constants = manifest.spec.filter(({ transform, fieldId }) => transform === 'identity' && Object.hasOwn(values, partitions.get(fieldId) ?? ''))
    .map(({ sourceId, fieldId }): [number, unknown] => [sourceId, values[partitions.get(fieldId)!]]);
  return { path: location.here(path), rows: countOf(file['record_count'], manifest.path), constants: new Map(constants) };
}

function countOf(value: unknown, manifest: string): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < 0) throw damaged(manifest, `a data file has ${String(value)} rows`);
  return count;
}

function sequenceOf(entry: AvroRecord, manifest: Manifest, { version, snapshots }: Metadata): number {
  if (version === 1) {
    const by = String(entry['snapshot_id'] ?? manifest.addedBy);
    return snapshots.findIndex(({ id }) => id === by);
  }
  const own = entry['sequence_number'];
  if (own !== null && own !== undefined) return Number(own);
  // New files have their manifest's, which is known only once the commit has succeeded.
  return Number(entry['status']) === status.added ? manifest.sequence : 0;
}

function withDeletes(path: string, content: number, format: string, { path: metadata, snapshots }: Metadata): TapewrightError {
  const kind = format.toLowerCase() === 'puffin' ? 'a deletion vector' : content === contents.equalityDeletes ? 'equality deletes' : 'position deletes';
  const without = snapshots.filter(({ deleteFiles }) => deleteFiles === 0).map(({ id }) => id).slice(-5);
  const choice = without.length === 0 ? '' : `, or choose a snapshot without them: ?snapshot=${without.join(' or ?snapshot=')}`;
  return new TapewrightError(
    'DATASET_INVALID', `${metadata}: the snapshot has ${kind} (${path}), and tables with delete files are not read yet; compact the table (rewrite_data_files)${choice}`,
    { path: metadata, kind, file: path },
  );
}

const encrypted = (path: string): TapewrightError => new TapewrightError('DATASET_INVALID', `${path} is encrypted; encrypted tables are not read`, { path });
