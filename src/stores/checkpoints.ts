/**
 * The checkpoints of a run: `LANE/SEQ-DIGEST8`, each written aside, made durable and renamed, so that a name
 * means a whole file; a trailing SHA-256 tells damage that came later. State that is kept in pages is in files beside
 * (`LANE/pages`), written before and shared by all checkpoints that name them. The last two of a lane are kept:
 * when the newest cannot be used, the one before is.
 *
 * Format: magic "TWCP", version (u32), number of pages (u64), length of the body (u64), SHA-256 of each page, the body,
 * SHA-256 of all before. Little-endian.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { makeDirectory, writeAside } from './files.js';
import { PageFiles, type PageName } from './pages.js';

const magic = 'TWCP';
const version = 2;
const headerBytes = 24;
const sumBytes = 32;
const keptMax = 2;
/** Bytes that are hashed in about a millisecond. */
const sumAtOnce = 1 << 20;

export interface Checkpoint {
  readonly lane: number;
  /** The step after which it was taken. */
  readonly seq: number;
  /** First eight hex digits of that step's digest. */
  readonly digest8: string;
  readonly bytes: Uint8Array;
  /** Not to be changed. */
  readonly pages: readonly Uint8Array[];
}

/** What a checkpoint file holds: the pages by name. */
interface CheckpointFile {
  readonly names: readonly PageName[];
  readonly body: Uint8Array;
}

interface Name {
  readonly file: string;
  readonly seq: number;
  readonly digest8: string;
}

export class CheckpointStore {
  /** By lane. */
  readonly #pages = new Map<number, PageFiles>();
  /** Of checkpoints that were written or read, by path: the pages that they name. */
  readonly #named = new Map<string, readonly PageName[]>();

  constructor(private readonly directory: string) {}

  #pagesOf(lane: number): PageFiles {
    let pages = this.#pages.get(lane);
    if (pages === undefined) this.#pages.set(lane, pages = new PageFiles(join(this.#folder(lane), 'pages')));
    return pages;
  }

  #folder(lane: number): string {
    return join(this.directory, String(lane));
  }

  /** Names of a lane's checkpoints, newest first. */
  async #names(lane: number): Promise<Name[]> {
    let files: string[];
    try {
      files = await readdir(this.#folder(lane));
    } catch {
      return [];
    }
    const names: Name[] = [];
    for (const file of files) {
      const match = /^(\d{1,15})-([0-9a-f]{8})$/.exec(file);
      if (match !== null) names.push({ file, seq: Number(match[1]), digest8: match[2]! });
    }
    return names.sort((a, b) => b.seq - a.seq || (a.file < b.file ? -1 : 1));
  }

  /** How many bytes of pages `write` has to write. */
  unwritten(lane: number, pages: readonly Uint8Array[]): number {
    return this.#pagesOf(lane).unwritten(pages);
  }

  /**
   * Makes a checkpoint durable, then drops those it replaces, and pages that none needs any more. `digest` is the step's,
   * hex. The flow may go on meanwhile: `bytes` and `pages` do not change. One at a time for each lane. Returns the bytes written.
   */
  async write(lane: number, seq: number, digest: string, bytes: Uint8Array, pages: readonly Uint8Array[] = []): Promise<number> {
    const folder = this.#folder(lane);
    await makeDirectory(folder);
    const written = await this.#pagesOf(lane).write(pages);
    const header = Buffer.alloc(headerBytes);
    header.write(magic, 0, 'latin1');
    header.writeUInt32LE(version, 4);
    header.writeBigUInt64LE(BigInt(pages.length), 8);
    header.writeBigUInt64LE(BigInt(bytes.length), 16);
    const names = Buffer.from(written.names.join(''), 'hex');
    const file = `${seq}-${digest.slice(0, 8)}`;
    const path = join(folder, file);
    await writeAside(path, header, names, bytes, await sumOf(header, names, bytes));
    this.#named.set(path, written.names);
    // Later ones are left from a future that a resume has given up.
    const all = await this.#names(lane);
    const older = all.filter((name) => name.seq < seq).slice(keptMax - 1);
    const abandoned = all.filter((name) => name.seq > seq || (name.seq === seq && name.file !== file));
    for (const name of [...older, ...abandoned]) {
      await unlink(join(folder, name.file)).catch(() => undefined);
      this.#named.delete(join(folder, name.file));
    }
    await this.#dropPages(lane);
    return headerBytes + names.length + bytes.length + sumBytes + written.bytes;
  }

  /** Deletes pages that no checkpoint names. */
  async #dropPages(lane: number): Promise<void> {
    const needed = new Set<PageName>();
    for (const { file } of await this.#names(lane)) for (const name of await this.#pagesNamedBy(join(this.#folder(lane), file))) needed.add(name);
    await this.#pagesOf(lane).keepOnly(needed);
  }

  /** What was read or written is not read once more: it may be large, and the flow goes on beside. */
  async #pagesNamedBy(path: string): Promise<readonly PageName[]> {
    const known = this.#named.get(path);
    if (known !== undefined) return known;
    const names = (await readChecked(path))?.names ?? [];
    this.#named.set(path, names);
    return names;
  }

  /** The newest checkpoint that is whole and that `accept` takes; null when there is none. `onDamaged` hears of those that are not whole. */
  async newestUsable(lane: number, accept: (checkpoint: Checkpoint) => boolean = () => true, onDamaged: (file: string) => void = () => undefined): Promise<Checkpoint | null> {
    // Most pages of one are those of the one before.
    const read = new Map<PageName, Uint8Array>();
    for (const { file, seq, digest8 } of await this.#names(lane)) {
      const found = await readChecked(join(this.#folder(lane), file));
      const pages = found === null ? null : await this.#readPages(lane, found.names, read);
      if (found === null || pages === null) {
        onDamaged(`${lane}/${file}`);
        continue;
      }
      const checkpoint = { lane, seq, digest8, bytes: found.body, pages };
      if (accept(checkpoint)) return checkpoint;
    }
    return null;
  }

  /** Null when one is not there or damaged. */
  async #readPages(lane: number, names: readonly PageName[], read: Map<PageName, Uint8Array>): Promise<Uint8Array[] | null> {
    const pages: Uint8Array[] = [];
    for (const name of names) {
      const page = read.get(name) ?? await this.#pagesOf(lane).read(name);
      if (page === null) return null;
      read.set(name, page);
      pages.push(page);
    }
    return pages;
  }

  /** Steps that a lane has checkpoints of, newest first, with the first eight hex digits of their digests. */
  async steps(lane: number): Promise<readonly Pick<Checkpoint, 'seq' | 'digest8'>[]> {
    return (await this.#names(lane)).map(({ seq, digest8 }) => ({ seq, digest8 }));
  }

  /** Deletes a lane's checkpoints after step `seq`: what they stand on is about to be written again. */
  async dropAfter(lane: number, seq: number): Promise<void> {
    for (const name of await this.#names(lane)) if (name.seq > seq) await unlink(join(this.#folder(lane), name.file)).catch(() => undefined);
  }

  /** Deletes all checkpoints, of every lane: the run starts over, or is complete. */
  async clear(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** SHA-256 of all parts one after the other; others get their turn while it is made. */
async function sumOf(...parts: readonly Uint8Array[]): Promise<Buffer> {
  const hash = createHash('sha256');
  for (const part of parts) {
    for (let from = 0; from < part.length; from += sumAtOnce) {
      if (from > 0) await setImmediate();
      hash.update(part.subarray(from, from + sumAtOnce));
    }
  }
  return hash.digest();
}

/** What a checkpoint file holds, or null when it cannot be read or is damaged. */
async function readChecked(path: string): Promise<CheckpointFile | null> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch {
    return null;
  }
  if (file.length < headerBytes + sumBytes || file.toString('latin1', 0, 4) !== magic || file.readUInt32LE(4) !== version) return null;
  const pages = file.readBigUInt64LE(8);
  const bodyBytes = file.readBigUInt64LE(16);
  if (BigInt(headerBytes + sumBytes) + pages * BigInt(sumBytes) + bodyBytes !== BigInt(file.length)) return null;
  const end = file.length - sumBytes;
  if (!createHash('sha256').update(file.subarray(0, end)).digest().equals(file.subarray(end))) return null;
  const bodyAt = headerBytes + Number(pages) * sumBytes;
  const names = Array.from({ length: Number(pages) }, (_, page) => file.toString('hex', headerBytes + page * sumBytes, headerBytes + (page + 1) * sumBytes));
  // A plain array: a Buffer's `slice` is a view, where readers of bytes count on a copy.
  return { names, body: new Uint8Array(file.buffer, file.byteOffset + bodyAt, Number(bodyBytes)) };
}
