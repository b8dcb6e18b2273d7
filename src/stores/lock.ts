/**
 * One writer a bundle. The lock is a file that names its process; a process that is dead holds nothing,
 * even if its number has been given to another one since.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Who a lock file names; null when it is not there. */
async function readOwner(path: string): Promise<LockOwner | 'unreadable' | null> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Partial<LockOwner> | null;
    if (typeof owner?.pid !== 'number' || typeof owner.host !== 'string') return 'unreadable';
    return { pid: owner.pid, host: owner.host, boot: owner.boot ?? null, start: owner.start ?? null, nonce: owner.nonce ?? '' };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : 'unreadable';
  }
}

/** The live process that holds the lock at `path`; null when nobody does. */
export async function lockHolder(path: string): Promise<LockOwner | null> {
  const owner = await readOwner(path);
  return owner !== null && owner !== 'unreadable' && isAlive(owner) ? owner : null;
}

/** Names what is left of a process: its nonce, or one name for all that cannot be read. */
const graveName = (owner: LockOwner | 'unreadable'): string =>
  owner !== 'unreadable' && /^[0-9a-f]{16}$/.test(owner.nonce) ? owner.nonce : 'unreadable';

const attemptsMax = 100;
const attemptMillis = 10;

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
        for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
          if (await linked(aside, path)) return new Lock(path, mine.nonce);
          const owner = await readOwner(path);
          if (owner === null) continue;
          if (owner !== 'unreadable' && isAlive(owner)) throw lockedBy(directory, owner);
          const name = graveName(owner);
          const remove = async (): Promise<void> => {
            const found = await readOwner(path);
            if (found !== null && graveName(found) === name) await removeIfThere(path);
          };
          if (!(await bury(directory, aside, name, remove))) await new Promise((resolve) => setTimeout(resolve, attemptMillis));
        }
        throw new TapewrightError('BUNDLE_LOCKED', `${directory} is being taken by several runs at once; try again`, { directory });
      } finally {
        await removeIfThere(aside);
      }
    });
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

/** Whether `path` could be made a link of `aside`: false when there is one already. */
async function linked(aside: string, path: string): Promise<boolean> {
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const removeIfThere = (path: string): Promise<void> => rm(path, { force: true });

/**
 * Removes what the dead process `name` has left. Only who holds its grave may: else the second of two that saw the
 * dead lock would remove the lock that the first has taken since. False: another is at it.
 */
async function bury(directory: string, aside: string, name: string, remove: () => Promise<void>): Promise<boolean> {
  const grave = join(directory, `.lock.${name}.dead`);
  if (await linked(aside, grave)) {
    await remove();
    await removeIfThere(grave);
    return true;
  }
  const digger = await readOwner(grave);
  if (digger === null || (digger !== 'unreadable' && isAlive(digger))) return false;
  // The digger died at it, and left a grave to be buried in its turn.
  const next = graveName(digger);
  return next !== name && bury(directory, aside, next, async () => {
    await remove();
    await removeIfThere(grave);
  });
}

function lockedBy(directory: string, owner: LockOwner): TapewrightError {
  const elsewhere = owner.host === hostname() ? '' : ` on host ${owner.host}; if that process is dead, delete the file ${join(directory, 'lock')}`;
  return new TapewrightError(
    'BUNDLE_LOCKED',
    `${directory} is being written by process ${owner.pid}${elsewhere || '; wait for it, or stop it, or choose another directory with --out'}`,
    { directory, pid: owner.pid, host: owner.host },
  );
}
