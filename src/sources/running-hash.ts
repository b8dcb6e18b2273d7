/** The fingerprint of files while they are read: each byte is hashed once, by whoever comes to it first. */
import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { fingerprintOfHashes } from './files.js';

const pieceBytes = 1 << 20;

interface FileHash {
  readonly hash: Hash;
  /** Bytes that are in it, and those that were read; Infinity: it is done. */
  hashed: number;
  seen: number;
}

export class RunningHash {
  readonly #files: readonly FileHash[];
  #fingerprint: Promise<string> | null = null;

  constructor(private readonly paths: readonly string[]) {
    this.#files = paths.map(() => ({ hash: createHash('sha256'), hashed: 0, seen: 0 }));
  }

  /** The next bytes of a file, in their order. */
  add(bytes: Buffer, file: number): void {
    const own = this.#files[file]!, from = own.seen;
    own.seen += bytes.length;
    if (own.seen <= own.hashed) return;
    own.hash.update(bytes.subarray(Math.max(0, own.hashed - from)));
    own.hashed = own.seen;
  }

  /** As `fingerprintOf` says it. What was not read until now is read for it, piece by piece, beside who goes on reading. */
  fingerprint(): Promise<string> {
    return (this.#fingerprint ??= this.#finish());
  }

  async #finish(): Promise<string> {
    const hashes: string[] = [];
    for (const [file, path] of this.paths.entries()) hashes.push(await this.#rest(this.#files[file]!, path));
    return fingerprintOfHashes(this.paths, hashes);
  }

  async #rest(own: FileHash, path: string): Promise<string> {
    const handle = await open(path);
    try {
      const bytes = Buffer.allocUnsafeSlow(pieceBytes);
      for (;;) {
        const from = own.hashed;
        const { bytesRead } = await handle.read(bytes, 0, pieceBytes, from);
        if (bytesRead === 0) break;
        // The reader may have come by meanwhile.
        if (own.hashed >= from + bytesRead) continue;
        own.hash.update(bytes.subarray(own.hashed - from, bytesRead));
        own.hashed = from + bytesRead;
      }
    } finally {
      await handle.close();
    }
    own.hashed = Infinity;
    return own.hash.digest('hex');
  }
}
