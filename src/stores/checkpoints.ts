/**
 * The checkpoints of a run: `LANE/SEQ-DIGEST8`, each written aside, made durable and renamed, so that a name
 * means a whole file; a trailing SHA-256 tells damage that came later. The last two of a lane are kept:
 * when the newest cannot be used, the one before is.
 *
 * Format: magic "TWCP", version (u32), length of the body (u64), the body, SHA-256 of all before. Little-endian.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, writeAside } from './files.js';

const magic = 'TWCP';
const version = 1;
const headerBytes = 16;
const sumBytes = 32;
const keptMax = 2;

export interface Checkpoint {
  readonly lane: number;
  /** The step after which it was taken. */
  readonly seq: number;
  /** First eight hex digits of that step's digest. */
  readonly digest8: string;
  readonly bytes: Uint8Array;
}

interface Name {
  readonly file: string;
  readonly seq: number;
  readonly digest8: string;
}

export class CheckpointStore {
  constructor(private readonly directory: string) {}

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

  /** Makes a checkpoint durable, then drops those it replaces. `digest` is the step's, hex. */
  async write(lane: number, seq: number, digest: string, bytes: Uint8Array): Promise<void> {
    const folder = this.#folder(lane);
    await makeDirectory(folder);
    const header = Buffer.alloc(headerBytes);
    header.write(magic, 0, 'latin1');
    header.writeUInt32LE(version, 4);
    header.writeBigUInt64LE(BigInt(bytes.length), 8);
    const file = `${seq}-${digest.slice(0, 8)}`;
    await writeAside(join(folder, file), header, bytes, createHash('sha256').update(header).update(bytes).digest());
    // Later ones are left from a future that a resume has given up.
    const names = await this.#names(lane);
    const older = names.filter((name) => name.seq < seq).slice(keptMax - 1);
    const abandoned = names.filter((name) => name.seq > seq || (name.seq === seq && name.file !== file));
    for (const name of [...older, ...abandoned]) await unlink(join(folder, name.file)).catch(() => undefined);
  }

  /** The newest checkpoint that is whole and that `accept` takes; null when there is none. `onDamaged` hears of files that are not whole. */
  async newestUsable(lane: number, accept: (checkpoint: Checkpoint) => boolean = () => true, onDamaged: (file: string) => void = () => undefined): Promise<Checkpoint | null> {
    for (const { file, seq, digest8 } of await this.#names(lane)) {
      const bytes = await readChecked(join(this.#folder(lane), file));
      if (bytes === null) {
        onDamaged(`${lane}/${file}`);
        continue;
      }
      const checkpoint = { lane, seq, digest8, bytes };
      if (accept(checkpoint)) return checkpoint;
    }
    return null;
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

/** The body of a checkpoint file, or null when it cannot be read or is damaged. */
async function readChecked(path: string): Promise<Uint8Array | null> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch {
    return null;
  }
  const bodyBytes = file.length - headerBytes - sumBytes;
  if (bodyBytes < 0 || file.toString('latin1', 0, 4) !== magic || file.readUInt32LE(4) !== version) return null;
  if (file.readBigUInt64LE(8) !== BigInt(bodyBytes)) return null;
  const sum = createHash('sha256').update(file.subarray(0, headerBytes + bodyBytes)).digest();
  if (!sum.equals(file.subarray(headerBytes + bodyBytes))) return null;
  // A plain array: a Buffer's `slice` is a view, where readers of bytes count on a copy.
  return new Uint8Array(file.buffer, file.byteOffset + headerBytes, bodyBytes);
}
