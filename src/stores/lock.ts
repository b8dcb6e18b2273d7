/**
 * One writer a bundle. The lock is a file that names its process; a process that is dead holds nothing,
 * even if its number has been given to another one since.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { readFileSync, unlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { writing } from './files.js';

export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** The kernel's id of this boot; null where there is none. */
  readonly boot: string | null;
  /** Start of the process in the kernel's ticks since boot; null where it is not known. */
  readonly start: string | null;
  /** Tells this lock from any other. */
  readonly nonce: string;
}

/** State and start time of a process from Linux's /proc; null when it is not there. */
function processState(pid: number): { state: string; start: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold anything: fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '?', start: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return null;
  }
}

function thisProcess(): LockOwner {
  return {
    pid: process.pid, host: hostname(), boot: bootId(),
    start: processState(process.pid)?.start ?? null, nonce: randomBytes(8).toString('hex'),
  };
}

/** Whether the owner may still be writing. On another host that cannot be known: then yes. */
export function isAlive(owner: LockOwner): boolean {
  if (owner.host !== hostname()) return true;
  if (owner.boot !== null && owner.boot !== bootId()) return false;
  if (owner.start !== null) {
    const now = processState(owner.pid);
    return now !== null && now.start === owner.start && now.state !== 'Z' && now.state !== 'X';
  }
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Who holds the lock at `path`; null when nobody does, or when the file says nothing usable. */
export async function lockOwner(path: string): Promise<LockOwner | null> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Partial<LockOwner> | null;
    if (typeof owner?.pid !== 'number' || typeof owner.host !== 'string') return null;
    return { pid: owner.pid, host: owner.host, boot: owner.boot ?? null, start: owner.start ?? null, nonce: owner.nonce ?? '' };
  } catch {
    return null;
  }
}

export class Lock {
  #held = true;

  private constructor(private readonly path: string, private readonly nonce: string) {}

  /** Takes the lock of `directory`, or throws BUNDLE_LOCKED naming the process that has it. */
  static async take(directory: string): Promise<Lock> {
    const path = join(directory, 'lock');
    const mine = thisProcess();
    const aside = join(directory, `.lock.${mine.nonce}.part`);
    return writing(path, async () => {
      // A link appears with its content or not at all, and never replaces another process's.
      await writeFile(aside, JSON.stringify(mine), { flag: 'wx' });
      try {
        for (let attempt = 0; attempt < 8; attempt += 1) {
          try {
            await link(aside, path);
            return new Lock(path, mine.nonce);
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
          }
          await Lock.#removeDead(directory, path, mine.nonce);
        }
        throw new TapewrightError('BUNDLE_LOCKED', `${directory} is being taken by several runs at once; try again`, { directory });
      } finally {
        await unlink(aside).catch(() => undefined);
      }
    });
  }

  static async #removeDead(directory: string, path: string, nonce: string): Promise<void> {
    const owner = await lockOwner(path);
    if (owner !== null && isAlive(owner)) throw lockedBy(directory, owner);
    // Moved, then looked at again: another process may have put its own lock there meanwhile.
    const moved = join(directory, `.lock.${nonce}.dead`);
    try {
      await rename(path, moved);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const found = await lockOwner(moved);
    if (found !== null && isAlive(found)) {
      await link(moved, path).catch(() => undefined);
      await unlink(moved);
      throw lockedBy(directory, found);
    }
    await unlink(moved);
  }

  /** Gives the lock back. Synchronous, so that it also serves a process that is about to end. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    try {
      const owner = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<LockOwner>;
      if (owner.nonce === this.nonce) unlinkSync(this.path);
    } catch {
      // The bundle has been moved or deleted: nothing is held any more.
    }
  }
}

function lockedBy(directory: string, owner: LockOwner): TapewrightError {
  const elsewhere = owner.host === hostname() ? '' : ` on host ${owner.host}; if that process is dead, delete the file ${join(directory, 'lock')}`;
  return new TapewrightError(
    'BUNDLE_LOCKED',
    `${directory} is being written by process ${owner.pid}${elsewhere || '; wait for it, or stop it, or choose another directory with --out'}`,
    { directory, pid: owner.pid, host: owner.host },
  );
}
