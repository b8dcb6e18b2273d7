/** A hash over any number of rows in bounded memory: a chain over blocks of 1,024 rows, so cuts into batches do not show. */
import { ByteReader, ByteWriter } from './bytes.js';

/** SHA-256 over the chunks in order: handed in by the shell, since the pure layers have none. Keeps no chunk. */
export type HashFunction = (...chunks: Uint8Array[]) => Uint8Array;

export const BLOCK_ROWS = 1024;

/** Where what is hashed is put together. */
const whole = new ByteWriter(4096);

export class BlockChain {
  readonly #hash: HashFunction;
  #link: Uint8Array;
  /** Rows of the block not yet full. Whoever writes rows here then calls `added`. */
  readonly block = new ByteWriter(1024);
  #open = 0;
  #rows = 0;

  constructor(start: Uint8Array, hash: HashFunction) {
    this.#link = start;
    this.#hash = hash;
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
    if (this.#open === BLOCK_ROWS) {
      this.#link = this.#hash(this.#link, this.block.written());
      this.block.reset();
      this.#open = 0;
    }
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
    // In one piece: a call for each of three would cost more than to copy them.
    whole.reset();
    whole.raw(this.#link);
    whole.raw(this.block.written());
    whole.u32BE(Math.floor(this.#rows / 4_294_967_296));
    whole.u32BE(this.#rows % 4_294_967_296);
    return this.#hash(whole.written());
  }

  /** Starts again without rows. */
  restart(start: Uint8Array): void {
    this.#link = start;
    this.block.reset();
    this.#open = 0;
    this.#rows = 0;
  }

  snapshot(writer: ByteWriter): void {
    writer.bytes(this.#link);
    writer.varint(this.#rows);
    writer.bytes(this.block.written());
  }

  /** Takes up where the snapshot was made. */
  restore(reader: ByteReader): void {
    this.#link = reader.bytes().slice();
    this.#rows = reader.varint();
    this.#open = this.#rows % BLOCK_ROWS;
    this.block.reset();
    this.block.raw(reader.bytes());
  }
}
