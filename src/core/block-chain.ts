/** A hash over any number of rows in bounded memory: a chain over blocks of 1,024 rows, so cuts into batches do not show. */
import { ByteReader, ByteWriter } from './bytes.js';
import { assert } from './errors.js';

/** SHA-256 over the chunks in order: handed in by the shell, since the pure layers have none. Keeps no chunk. */
export type HashFunction = (...chunks: Uint8Array[]) => Uint8Array;

export const BLOCK_ROWS = 1024;

/** Bytes of a link, as SHA-256 gives them. */
const LINK_BYTES = 32;

export class BlockChain {
  readonly #hash: HashFunction;
  /**
   * The link before, and behind it the rows of the block not yet full: what is hashed lies in one piece, as a call for
   * each part would cost more than the hash. Whoever writes rows here then calls `added`.
   */
  readonly block = new ByteWriter(1024);
  #open = 0;
  #rows = 0;

  constructor(start: Uint8Array, hash: HashFunction) {
    this.#hash = hash;
    this.#begin(start);
  }

  #begin(link: Uint8Array): void {
    assert(link.length === LINK_BYTES, 'a link is a hash');
    this.block.reset();
    this.block.raw(link);
    this.#open = 0;
  }

  get rows(): number {
    return this.#rows;
  }

  /** How many rows may be written to `block` before `added` must be called: 1 to 1,024. */
  get room(): number {
    return BLOCK_ROWS - this.#open;
  }

  /** `count` rows, at most `room`, were written to `block`. */
  added(count: number): void {
    this.#rows += count;
    this.#open += count;
    if (this.#open === BLOCK_ROWS) this.#begin(this.#hash(this.block.written()));
  }

  /** Appends `count` rows that lie in `bytes` from `from` on; `ends` says where each ends. */
  append(bytes: Uint8Array, from: number, ends: Int32Array, count: number): void {
    let start = from;
    for (let row = 0; row < count;) {
      const taken = Math.min(this.room, count - row);
      const end = ends[row + taken - 1]!;
      this.block.raw(bytes.subarray(start, end));
      this.added(taken);
      start = end;
      row += taken;
    }
  }

  /** The hash of all rows so far; more may follow. */
  digest(): Uint8Array {
    const { block } = this;
    block.u32BE(Math.floor(this.#rows / 4_294_967_296));
    block.u32BE(this.#rows % 4_294_967_296);
    const digest = this.#hash(block.written());
    block.giveBack(8);
    return digest;
  }

  /** Starts again without rows. */
  restart(start: Uint8Array): void {
    this.#begin(start);
    this.#rows = 0;
  }

  snapshot(writer: ByteWriter): void {
    writer.bytes(this.block.written().subarray(0, LINK_BYTES));
    writer.varint(this.#rows);
    writer.bytes(this.block.written().subarray(LINK_BYTES));
  }

  /** Takes up where the snapshot was made. */
  restore(reader: ByteReader): void {
    this.#begin(reader.bytes());
    this.#rows = reader.varint();
    this.#open = this.#rows % BLOCK_ROWS;
    this.block.raw(reader.bytes());
  }
}
