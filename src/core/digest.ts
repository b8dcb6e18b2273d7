/** The digest of an output: what two runs compare. docs/digest.md gives the format, so that others can compute it. */
import type { Batch } from './batch.js';
import { BlockChain, type HashFunction } from './block-chain.js';
import { ByteReader, ByteWriter, bytesOfHex, hexOf } from './bytes.js';
import { TapewrightError } from './errors.js';
import { RowEncoder } from './row-encoder.js';
import { addRowHashes } from './row-hashes.js';
import { typeName, type Schema } from './types.js';

export type { HashFunction } from './block-chain.js';
export { encodeRows } from './row-encoder.js';

/** Version of the format in docs/digest.md. */
export const DIGEST_VERSION = 1;

const WORD = 4294967296;

/** The digest of one output of one lane: of its rows as a sequence, and as a set. */
export class OutputDigest {
  readonly #start: Uint8Array;
  readonly #chain: BlockChain;
  readonly #encoder: RowEncoder;
  /** Sum of the row hashes modulo 2^128, in words of 32 bits, highest first. */
  readonly #set = new Float64Array(4);

  constructor(table: string, schema: Schema, hash: HashFunction) {
    this.#start = startOf(table, schema, hash);
    this.#chain = new BlockChain(this.#start, hash);
    this.#encoder = new RowEncoder(schema);
  }

  get rows(): number {
    return this.#chain.rows;
  }

  /**
   * Appends all rows of `batch`; the bytes of each also to `step`, the chain of the current step's rows of this output.
   * `operations`: of a changelog's rows, each a kind + 1: the batch has them as a column behind those of the schema.
   */
  append(batch: Batch, step: BlockChain | null = null, operations: Int32Array | null = null): void {
    for (let from = 0; from < batch.length;) {
      const to = Math.min(batch.length, from + this.#chain.room);
      const block = this.#chain.block;
      const start = block.length;
      const ends = this.#encoder.encode(block, batch, from, to, operations);
      // At most 1,024 hashes are added to each word: still exact.
      addRowHashes(block.view, start, ends, to - from, this.#set);
      carryWords(this.#set);
      step?.append(block.buffer, start, ends, to - from);
      this.#chain.added(to - from);
      from = to;
    }
  }

  /** Lower-case hex. More rows may follow. */
  digest(): string {
    return hexOf(this.#chain.digest());
  }

  /** 32 lower-case hex digits: the sum of the rows' hashes, whatever their order. */
  setDigest(): string {
    return wordsToHex(this.#set);
  }

  snapshot(writer: ByteWriter): void {
    writer.bytes(this.#start);
    this.#chain.snapshot(writer);
    for (const word of this.#set) writer.u32(word);
  }

  /** A digest that goes on where `snapshot` was made. Another table, schema or format version raises CHECKPOINT_MISMATCH. */
  static restore(reader: ByteReader, table: string, schema: Schema, hash: HashFunction): OutputDigest {
    const digest = new OutputDigest(table, schema, hash);
    if (hexOf(reader.bytes()) !== hexOf(digest.#start)) {
      throw new TapewrightError('CHECKPOINT_MISMATCH',
        `the checkpoint's digest of output ${table} is for another schema or version: start the run again without this checkpoint`, { table });
    }
    digest.#chain.restore(reader);
    for (let i = 0; i < 4; i++) digest.#set[i] = reader.u32();
    return digest;
  }
}

/** What a chain begins with: the format version, the table and its columns. NOT NULL is left out, since it changes no value. */
function startOf(table: string, schema: Schema, hash: HashFunction): Uint8Array {
  const writer = new ByteWriter();
  writer.u32BE(DIGEST_VERSION);
  writer.stringBE(table);
  writer.u32BE(schema.length);
  for (const field of schema) {
    writer.stringBE(field.name);
    writer.stringBE(typeName(field.type, false));
  }
  return hash(writer.written());
}

/** Brings each word below 2^32; what passes 2^128 is dropped. */
function carryWords(words: Float64Array): void {
  for (let i = 3; i >= 0; i--) {
    const carried = Math.floor(words[i]! / WORD);
    words[i] = words[i]! - carried * WORD;
    if (i > 0) words[i - 1] = words[i - 1]! + carried;
  }
}

function wordsToHex(words: Float64Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** The digest of an output over all lanes, in lane order: of one lane its own, else the hash of all of them. */
export function combineLanes(digests: readonly string[], hash: HashFunction): string {
  if (digests.length === 1) return digests[0]!;
  return hexOf(hash(...digests.map(bytesOfHex)));
}

/** The set digest of an output over all lanes: their sum. */
export function combineSets(setDigests: readonly string[]): string {
  const words = new Float64Array(4);
  for (const digest of setDigests) {
    for (let i = 0; i < 4; i++) words[i] = words[i]! + parseInt(digest.slice(i * 8, i * 8 + 8), 16);
    carryWords(words);
  }
  return wordsToHex(words);
}
