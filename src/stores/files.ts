/** Files that are there whole or not at all, and errors that say which path and why. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TapewrightError } from '../core/errors.js';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, then run the command again',
  EDQUOT: 'the disk quota is used up; free some space, then run the command again',
  EFBIG: 'the file has reached the greatest size allowed here',
  EACCES: 'this user may not write there; choose another directory with --out (live: --state)',
  EPERM: 'this user may not write there; choose another directory with --out (live: --state)',
  EROFS: 'the file system is read-only; choose another directory with --out (live: --state)',
  ENOTDIR: 'a part of the path is a file, not a directory; choose another directory with --out (live: --state)',
  EEXIST: 'a file is in the way; choose another directory with --out (live: --state)',
  EISDIR: 'a directory is in the way; choose another directory with --out (live: --state)',
  ENAMETOOLONG: 'the name is too long for the file system; choose a shorter one with --out (live: --state)',
  ENOENT: 'the directory has gone; choose another one with --out (live: --state)',
  EIO: 'the disk reports an error',
};

/** The error to throw instead of `error` when writing `path` failed: OUTPUT_UNWRITABLE if the world is to blame. */
export function unwritable(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const reason = code === undefined ? undefined : reasons[code];
  if (error instanceof TapewrightError || reason === undefined) return error;
  return new TapewrightError('OUTPUT_UNWRITABLE', `cannot write ${path}: ${reason} (${code})`, { path, reason: code }, { cause: error });
}

/** Runs `act`; what fails there because of the disk says so with `path`. */
export async function writing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Makes `path` and what is missing above it; one that is there is fine. */
export function makeDirectory(path: string): Promise<void> {
  return writing(path, () => makeWithParents(path));
}

// Not mkdir's own `recursive`: where the file system lets nobody make a directory (/proc), that never returns.
async function makeWithParents(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    await makeWithParents(parent);
    await makeOne(path);
  }
}

/** Another may be making the same one at the same time. */
async function makeOne(path: string): Promise<void> {
  await mkdir(path).catch(async (error: unknown) => {
    if (!(await stat(path).catch(() => null))?.isDirectory()) throw error;
  });
}

/** What another wrote to `aside` is durable, and then there under its own name; that is, once its directory is synced. */
export async function putInPlace(aside: string, path: string): Promise<void> {
  const handle = await open(aside, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, path);
}

/** Makes renames and new names in `directory` durable. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory for this; its renames are journalled by the file system.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes `path` so that a reader, or a crash at any moment, finds the old file or the new one whole. */
export async function writeAside(path: string, ...chunks: readonly (string | Uint8Array)[]): Promise<void> {
  await writeWhole(path, ...chunks);
  await writing(path, () => syncDirectory(dirname(path)));
}

/** As `writeAside`, but the new name lasts only from when the directory is made durable. */
export function writeWhole(path: string, ...chunks: readonly (string | Uint8Array)[]): Promise<void> {
  return writing(path, async () => {
    const aside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
    try {
      const handle = await open(aside, 'wx');
      try {
        for (const chunk of chunks) await handle.writeFile(chunk);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(aside, path);
    } catch (error) {
      await unlink(aside).catch(() => undefined);
      throw error;
    }
  });
}

/** SHA-256 of a file's bytes, lower-case hex. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
