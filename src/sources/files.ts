/** The files behind a binding: which there are, what they look like, and their fingerprint. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { statSync, openSync, readSync, closeSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { icebergPath } from './iceberg/reference.js';
import type { Binding } from './source.js';

const accepted = 'Parquet (.parquet), Arrow IPC (.arrow, .arrows, .feather, .ipc), CSV (.csv, .tsv, .csv.gz), JSON lines (.jsonl, .ndjson, .json, .jsonl.gz) and Iceberg tables (the folder, or a .metadata.json)';
const formats: readonly [RegExp, Binding['format']][] = [
  [/\.(parquet|pq)$/i, 'parquet'],
  [/\.(arrow|arrows|feather|ipc)$/i, 'arrow'],
  [/\.(csv|tsv|txt)(\.gz)?$/i, 'csv'],
  [/\.(jsonl|ndjson|json)(\.gz)?$/i, 'jsonl'],
];

export const isGlob = (path: string): boolean => /[*?[]/.test(path);

/**
 * The binding of a bare path: the format follows from the name, else from the first bytes of a Parquet or Arrow file.
 * Throws DATASET_INVALID for a name that says nothing.
 */
export function bindingOf(path: string): Binding {
  const iceberg = icebergPath(path);
  if (iceberg !== null) return { path: iceberg, format: 'iceberg', select: {}, order: null };
  const format = formats.find(([pattern]) => pattern.test(path))?.[1] ?? (isGlob(path) ? undefined : magicFormat(path));
  if (format === undefined) {
    throw new TapewrightError('DATASET_INVALID', `cannot tell the format of ${path}; accepted are ${accepted}`, { path });
  }
  return { path, format, select: {}, order: null };
}

function magicFormat(path: string): Binding['format'] | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const head = Buffer.alloc(6);
  const handle = openSync(path, 'r');
  try {
    readSync(handle, head, 0, 6, 0);
  } finally {
    closeSync(handle);
  }
  const magic = head.toString('latin1');
  return magic.startsWith('PAR1') ? 'parquet' : magic === 'ARROW1' ? 'arrow' : undefined;
}

/** Absolute paths of a binding's files in the order of their names. Throws DATASET_MISSING or DATASET_CORRUPT. */
export async function filesOf(binding: Binding): Promise<string[]> {
  if (binding.format === 'iceberg') return [...(await import('./iceberg/table.js').then(({ openTable }) => openTable(binding.path))).files];
  const path = resolve(binding.path);
  const exists = (await statOf(path)) !== null;
  if (!exists && isGlob(path)) {
    const files = (await expand(path)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    if (files.length === 0) throw new TapewrightError('DATASET_MISSING', `no file matches ${binding.path}`, { path: binding.path });
    for (const file of files) await checkFile(file, file, binding.format);
    return files;
  }
  await checkFile(path, binding.path, binding.format);
  return [path];
}

async function statOf(path: string) {
  return stat(path).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new TapewrightError('DATASET_MISSING', `cannot open ${path}: ${code ?? String(cause)}`, { path }, { cause });
  });
}

async function checkFile(path: string, name: string, format: Binding['format']): Promise<void> {
  const found = await statOf(path);
  if (found === null) throw new TapewrightError('DATASET_MISSING', `${name} does not exist`, { path });
  if (found.isDirectory()) {
    throw new TapewrightError('DATASET_INVALID', `${name} is a directory; to read the files in it, bind ${join(name, '*.parquet')} or the like`, { path });
  }
  if (found.size === 0) throw new TapewrightError('DATASET_CORRUPT', `${name} is empty (0 bytes)`, { path });
  if (format === 'parquet') await checkParquet(path, name, found.size);
}

/** The two magics of a Parquet file, so that the commonest damages are named plainly. */
async function checkParquet(path: string, name: string, size: number): Promise<void> {
  const handle = await open(path).catch((cause: unknown) => {
    throw new TapewrightError('DATASET_MISSING', `cannot open ${name}: ${(cause as NodeJS.ErrnoException).code}`, { path }, { cause });
  });
  try {
    const head = Buffer.alloc(4), tail = Buffer.alloc(4);
    await handle.read(head, 0, 4, 0);
    await handle.read(tail, 0, 4, Math.max(0, size - 4));
    const starts = head.toString('latin1') === 'PAR1', ends = tail.toString('latin1') === 'PAR1';
    if (!starts) throw new TapewrightError('DATASET_CORRUPT', `${name} is not a Parquet file: it does not begin with PAR1`, { path });
    if (!ends || size < 12) throw new TapewrightError('DATASET_CORRUPT', `${name} is truncated: its Parquet footer is missing; fetch or write the file again`, { path, size });
  } finally {
    await handle.close();
  }
}

/** Files that match a pattern of `*`, `?`, `[...]` within a segment, and `**` for any folders. */
async function expand(pattern: string): Promise<string[]> {
  const segments = pattern.split(sep);
  const fixed = segments.findIndex(isGlob);
  const walk = async (folder: string, rest: readonly string[]): Promise<string[]> => {
    const [segment, ...later] = rest;
    if (segment === undefined) return [];
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (segment === '**') {
      const inner = entries.filter((entry) => entry.isDirectory()).map((entry) => walk(join(folder, entry.name), rest));
      return [...(await walk(folder, later)), ...(await Promise.all(inner)).flat()];
    }
    const matches = matcher(segment);
    const named = entries.filter((entry) => matches.test(entry.name));
    if (later.length === 0) return named.filter((entry) => !entry.isDirectory()).map((entry) => join(folder, entry.name));
    return (await Promise.all(named.filter((entry) => !entry.isFile()).map((entry) => walk(join(folder, entry.name), later)))).flat();
  };
  return walk(segments.slice(0, fixed).join(sep) || sep, segments.slice(fixed));
}

function matcher(segment: string): RegExp {
  const source = segment.replace(/\[!/g, '[^').replace(/[.+^${}()|\\]/g, (char, at: number) => (char === '^' && segment[at - 1] === '[' ? '^' : `\\${char}`));
  return new RegExp(`^${source.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`, 'u');
}

/**
 * SHA-256 (hex) of a file's bytes; of several files, of the lines "hash  name". Reads in pieces and yields between
 * them, so that it runs beside the decoding of the same thread.
 */
export async function fingerprintOf(files: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
    hashes.push(hash.digest('hex'));
  }
  return fingerprintOfHashes(files, hashes);
}

/** From the SHA-256 of each. */
export function fingerprintOfHashes(files: readonly string[], hashes: readonly string[]): string {
  if (hashes.length === 1) return hashes[0]!;
  const list = hashes.map((hash, index) => `${hash}  ${basename(files[index]!)}\n`).join('');
  return createHash('sha256').update(list).digest('hex');
}

