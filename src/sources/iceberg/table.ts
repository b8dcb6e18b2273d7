/** An Iceberg table at one snapshot: its columns and files. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TapewrightError } from '../../core/errors.js';
import { filesOfSnapshot, type DataFile } from './manifests.js';
import { readMetadata, type Metadata } from './metadata.js';
import { icebergReference } from './reference.js';

export interface IcebergTable {
  readonly metadata: Metadata;
  /** In the order of their rows. */
  readonly data: readonly DataFile[];
  /** All files that say what the rows are, absolute: the metadata, the manifest list, the manifests, the data. */
  readonly files: readonly string[];
}

/** Reads the metadata of what `icebergPath` gave, and none of the rows. Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID. */
export async function openTable(path: string): Promise<IcebergTable> {
  const reference = icebergReference(path);
  const metadata = await readMetadata({ ...reference, metadata: resolve(reference.metadata) });
  const { manifests, data } = metadata.snapshot === null ? { manifests: [], data: [] } : await filesOfSnapshot(metadata, metadata.snapshot);
  for (const file of data) await checkFile(file.path);
  return { metadata, data, files: [metadata.path, ...manifests, ...data.map((file) => file.path)] };
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new TapewrightError('DATASET_MISSING', code === 'ENOENT' ? `${path} does not exist, and a manifest of its table names it` : `cannot open ${path}: ${code}`, { path }, { cause });
  });
  if (!found.isFile()) throw new TapewrightError('DATASET_MISSING', `${path} is no file, and a manifest of its table names it`, { path });
}

/** The snapshot for people; `order`: the column that orders its rows, null for none. */
export function toldOf({ metadata: { snapshot }, data }: IcebergTable, order: string | null): string {
  if (snapshot === null) return 'the Iceberg table has no snapshot yet, so no rows';
  return `snapshot ${snapshot.id} of ${new Date(snapshot.at).toISOString()}, ${data.length} data ${data.length === 1 ? 'file' : 'files'}, ${order === null ? 'in the order in which they were added' : `rows by ${order}`}`;
}
