/** How a user names an Iceberg table: a metadata file, or the table's folder, and perhaps one of its snapshots. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TapewrightError } from '../../core/errors.js';

export interface IcebergReference {
  /** Path of the metadata file. */
  readonly metadata: string;
  /** Null: the table's current snapshot. */
  readonly choice: { readonly by: 'snapshot' | 'as-of'; readonly text: string } | null;
}

const metadataName = /\.metadata\.json(\.gz)?$/i;
/** `v12.metadata.json` of a table in a folder, `00012-UUID.metadata.json` of one in a catalog. */
const numbered = /^(?:v(\d{1,15})|(\d{1,15})-[^/]*?)(?:\.gz)?\.metadata\.json(?:\.gz)?$/i;

/**
 * The path with a table's folder replaced by the metadata file that is newest in it now; null when it names no Iceberg
 * table. Throws DATASET_INVALID for a choice that is none, DATASET_MISSING when the version that the folder hints at is not there.
 */
export function icebergPath(path: string): string | null {
  const [, base, query] = /^(.*?)\?([^/]*)$/s.exec(path) ?? [undefined, path, ''];
  const metadata = metadataName.test(base!) ? base! : newestIn(base!);
  if (metadata === null && withoutSnapshot(path) !== path) {
    throw new TapewrightError('DATASET_MISSING', `${base} is no Iceberg table, as ?${query} wants it: it is no .metadata.json, nor a folder with metadata/*.metadata.json in it`, { path });
  }
  if (metadata === null) return null;
  const whole = query === '' ? metadata : `${metadata}?${query}`;
  icebergReference(whole);
  return whole;
}

/** Reads what `icebergPath` gave. Throws DATASET_INVALID. */
export function icebergReference(path: string): IcebergReference {
  const [, metadata, query] = /^(.*?)\?([^/]*)$/s.exec(path) ?? [undefined, path, null];
  if (query === null) return { metadata: path, choice: null };
  const [, by, text] = /^(snapshot|as-of)=([^&=]+)$/.exec(query!) ?? [];
  if (by === undefined || (by === 'snapshot' && !/^\d{1,19}$/.test(text!))) {
    throw new TapewrightError('DATASET_INVALID', `${path}: '?${query}' chooses no snapshot; write ?snapshot=ID or ?as-of=TIME, e.g. ?as-of=2026-03-02T14:30:00Z`, { path });
  }
  return { metadata: metadata!, choice: { by: by as 'snapshot' | 'as-of', text: text! } };
}

/** The path of a table's folder or metadata file, whichever snapshot is asked for; other paths as they are. */
export const withoutSnapshot = (path: string): string => path.replace(/\?(?:snapshot|as-of)=[^/]*$/, '');

/** The newest metadata file of a table's folder; null when it is no such folder. */
function newestIn(table: string): string | null {
  const folder = join(table, 'metadata');
  // Under a plain file there is nothing: asked for its state, that would be an error.
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return null;
  const names = readdirSync(folder);
  const hint = join(folder, 'version-hint.text');
  if (existsSync(hint)) return join(folder, hintedIn(names, readFileSync(hint, 'latin1').slice(0, 100).trim(), hint));
  const versions = names.flatMap((name) => {
    const [, version, number] = numbered.exec(name) ?? [];
    return version === undefined && number === undefined ? [] : [{ name, version: Number(version ?? number) }];
  });
  if (versions.length === 0) return null;
  const newest = versions.reduce((most, each) => (each.version > most.version ? each : most));
  const rivals = versions.filter(({ version }) => version === newest.version).map(({ name }) => name).sort();
  // Of two writers that tried the same version one has failed, and only the catalog knows which.
  if (rivals.length > 1) {
    throw new TapewrightError('DATASET_INVALID', `${table} has ${rivals.length} metadata files of version ${newest.version} (${rivals.slice(0, 5).join(', ')}); name the one that its catalog names`, { path: table, files: rivals });
  }
  return join(folder, newest.name);
}

/** The version that the hint names, or a later one: a writer may end between the metadata and the hint. */
function hintedIn(names: readonly string[], text: string, hint: string): string {
  const first = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  const named = (version: number): string | undefined => names.find((name) => Number(numbered.exec(name)?.[1]) === version);
  let found = named(first);
  if (found === undefined) {
    throw new TapewrightError('DATASET_MISSING', `${hint} names version '${text}', but beside it there is no v${text}.metadata.json; name the metadata file`, { path: hint, version: text });
  }
  for (let version = first + 1, later = named(version); later !== undefined; version += 1, later = named(version)) found = later;
  return basename(found);
}
