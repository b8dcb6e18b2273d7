/**
 * A run bundle: the directory that holds all of a run. One process writes it, and holds its lock;
 * anybody may read it. Nothing in a bundle is ever executed, and no path in it leads out of it.
 */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { assert, TapewrightError } from '../core/errors.js';
import { fileDigest, makeDirectory, writeAside } from './files.js';
import { Lock, lockHolder } from './lock.js';
import { isInnerPath, manifestBytesMax, manifestText, parseManifest, type Manifest } from './manifest.js';

const manifestName = 'manifest.json';

/** Everything of a manifest that is known before the first row. */
export type NewManifest = Pick<Manifest, 'texts' | 'parameters' | 'versions' | 'datasets'> & Partial<Pick<Manifest, 'remarks' | 'changelogs' | 'live'>>;

/** Sortable by time, readable, and unlikely to meet its like: 20260302-153012-trading-day-3f9a. */
export function runId(name: string, now: Date = new Date()): string {
  const time = now.toISOString().replace(/\.\d+Z$/, '').replace(/[-:]/g, '').replace('T', '-');
  const readable = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'run';
  return `${time}-${readable}-${randomBytes(2).toString('hex')}`;
}

/** `path`: within the bundle. */
export interface ChangedFile {
  readonly path: string;
  readonly fault: 'changed' | 'missing' | 'added';
}

export class Bundle {
  #manifest: Manifest;
  readonly #lock: Lock | null;

  private constructor(
    readonly directory: string,
    manifest: Manifest,
    /** False when the manifest was changed by something other than a run. */
    readonly sealed: boolean,
    lock: Lock | null,
  ) {
    this.#manifest = manifest;
    this.#lock = lock;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** A path of the bundle. */
  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /**
   * Makes the bundle of a new run, `running` and locked: `out`, which must be empty or not there, or `runs/ID`.
   * @throws BUNDLE_INVALID when `out` holds something, BUNDLE_LOCKED when a run is writing it, OUTPUT_UNWRITABLE.
   */
  static async create(out: string | null, start: NewManifest): Promise<Bundle> {
    const id = runId(start.texts.name);
    const directory = out ?? join('runs', id);
    await makeDirectory(directory);
    await refuseUsed(directory);
    const lock = await Lock.take(directory);
    try {
      // Looked at again under the lock: another run may have been quicker, and be over already.
      await refuseUsed(directory);
      const manifest: Manifest = {
        format: 1, id, status: 'running', ...start, outputs: {}, rows: 0, late: 0, rejected: 0, deadLetters: 0,
        behind: 0, seconds: 0, peakRssMB: 0, remarks: start.remarks ?? [], files: {},
      };
      await writeAside(join(directory, manifestName), manifestText(manifest));
      return new Bundle(directory, manifest, true, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Opens a bundle for reading. @throws BUNDLE_INVALID when there is none, or none that can be used. */
  static async open(directory: string): Promise<Bundle> {
    const { manifest, sealed } = await readManifest(directory);
    return new Bundle(directory, manifest, sealed, null);
  }

  /** Opens a bundle for writing, under its lock. @throws as `open`, and BUNDLE_LOCKED. */
  static async resume(directory: string): Promise<Bundle> {
    await readManifest(directory);
    const lock = await Lock.take(directory);
    try {
      const { manifest, sealed } = await readManifest(directory);
      return new Bundle(directory, manifest, sealed, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Replaces members of the manifest, durably and at once. */
  async save(changes: Partial<Omit<Manifest, 'format' | 'id'>>): Promise<void> {
    assert(this.#lock !== null, 'only the run that holds the lock writes its manifest');
    this.#manifest = { ...this.#manifest, ...changes };
    await writeAside(this.path(manifestName), manifestText(this.#manifest));
  }

  /** Records the digests of all finished files and `changes`, with status `complete`. */
  async complete(changes: Partial<Omit<Manifest, 'format' | 'id' | 'status' | 'files'>>): Promise<void> {
    const files: Record<string, string> = {};
    for (const path of await this.finishedFiles()) files[path] = await fileDigest(this.path(path));
    await this.save({ ...changes, status: 'complete', files });
  }

  /** Paths of the files that a complete run leaves, in order: all but manifest, lock, checkpoints and hidden ones. */
  async finishedFiles(): Promise<string[]> {
    const found: string[] = [];
    const visit = async (inner: string): Promise<void> => {
      for (const entry of await readdir(this.path(inner), { withFileTypes: true })) {
        const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
        if (entry.name.startsWith('.') || ['lock', manifestName, 'checkpoints'].includes(path)) continue;
        if (entry.isDirectory()) await visit(path);
        else if (entry.isFile()) found.push(path);
      }
    };
    await visit('');
    return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Files that are not as the complete run left them, in order of their paths; and outputs that it did not leave. */
  async changedFiles(): Promise<readonly ChangedFile[]> {
    const faults: ChangedFile[] = [];
    for (const name of await readdir(this.path('outputs')).catch(() => [])) {
      const path = `outputs/${name}`;
      // What a file system keeps for itself is hidden.
      if (!name.startsWith('.') && this.#manifest.files[path] === undefined) faults.push({ path, fault: 'added' });
    }
    for (const [path, digest] of Object.entries(this.#manifest.files)) {
      const real = await this.innerFile(path);
      if (real === null) faults.push({ path, fault: 'missing' });
      else if ((await fileDigest(real)) !== digest) faults.push({ path, fault: 'changed' });
    }
    return faults.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The regular file at a path of the bundle; null when it is missing, is no file, or a link leads out of the bundle. */
  async innerFile(path: string): Promise<string | null> {
    if (!isInnerPath(path)) return null;
    try {
      const [root, real] = await Promise.all([realpath(this.directory), realpath(this.path(path))]);
      return real.startsWith(root + sep) && (await lstat(real)).isFile() ? real : null;
    } catch {
      return null;
    }
  }

  /** Removes what a run made that took in no row: the next one may use the directory. */
  async discard(): Promise<void> {
    assert(this.#lock !== null, 'only the run that holds the lock removes what it made');
    for (const name of await readdir(this.directory)) if (name !== 'lock') await rm(this.path(name), { recursive: true, force: true });
    this.#lock.release();
    // Its own directory goes as well; one that the user made may be in use.
    if (basename(this.directory) === this.#manifest.id) await rmdir(this.directory).catch(() => undefined);
  }

  /** Gives the lock back. */
  close(): void {
    this.#lock?.release();
  }
}

/** Throws unless the directory is empty, apart from what a run leaves that was killed before its manifest. */
async function refuseUsed(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOTDIR' ? 'is a file' : `cannot be read (${error.code})`;
    throw new TapewrightError('BUNDLE_INVALID', `${directory} ${reason}: choose another directory with --out`, { directory }, { cause: error });
  });
  const owner = names.includes(manifestName) ? await lockHolder(join(directory, 'lock')) : null;
  if (owner !== null && owner.pid !== process.pid) {
    throw new TapewrightError('BUNDLE_LOCKED', `${directory} is being written by process ${owner.pid}; choose another directory with --out`, { directory, pid: owner.pid });
  }
  const used = names.filter((name) => name !== 'lock' && !/^\.(lock|manifest\.json)\..*\.(part|dead)$/.test(name));
  if (used.length === 0) return;
  const resume = used.includes(manifestName) ? `; to take up the run in it again: tapewright replay --resume ${directory}` : '';
  throw new TapewrightError('BUNDLE_INVALID', `${directory} is not empty (it holds ${used.sort()[0]}): a run needs a new or an empty directory${resume}`, { directory });
}

async function readManifest(directory: string): Promise<{ manifest: Manifest; sealed: boolean }> {
  const path = join(directory, manifestName);
  const none = (why: string, cause?: unknown): TapewrightError =>
    new TapewrightError('BUNDLE_INVALID', `${directory} is no run bundle: ${why}; give the directory of a run (runs/ID, or what --out named)`, { directory }, { cause });
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw none(error.code === 'ENOENT' || error.code === 'ENOTDIR' ? `there is no ${manifestName} in it` : `${manifestName} cannot be read (${error.code})`, error);
  });
  if (!info.isFile()) throw none(`${manifestName} is no file`);
  if (info.size > manifestBytesMax) throw none(`${manifestName} holds ${info.size} bytes, more than any run writes`);
  const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw none(`${manifestName} cannot be read (${error.code})`, error);
  });
  return parseManifest(source, path);
}
