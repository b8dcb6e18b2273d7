/** Codes for the strings of DuckDB's vectors, without making a JavaScript string a row. */
import { bytesAt, isValid } from './duck.js';
import { TextCodes, type AddedTexts } from './text-codes.js';

/** Throws for what is not UTF-8: replaced characters would make different texts one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Maps 16-byte string descriptors (length, then up to 12 bytes inline; else length, 4-byte prefix and pointer) to
 * codes from 1 on, in order of first appearance. Inline descriptors identify their string for ever, pointers only
 * within one chunk, whose memory stands still: so the pointer table is emptied for every chunk.
 */
export class StringTable extends TextCodes {
  #short = new DescriptorTable(1024);
  readonly #pointers = new DescriptorTable(4096);
  readonly #decode: (bytes: Uint8Array) => string;

  constructor(latin1: boolean) {
    super();
    this.#decode = latin1 ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') : (bytes) => utf8.decode(bytes);
  }

  override takeAdded(): AddedTexts {
    const taken = super.takeAdded();
    if (this.restarts) this.#short = new DescriptorTable(1024);
    return taken;
  }

  /** Writes the codes of rows from..to of a vector into `codes` (zeros before) at `at`; NULL is 0. */
  encode(data: Uint8Array, validity: Uint8Array | null, from: number, to: number, codes: Int32Array, at: number): void {
    const words = new Int32Array(data.buffer, data.byteOffset, to * 4);
    const short = this.#short;
    this.#pointers.clear();
    for (let row = from; row < to; row += 1) {
      // A NULL's slot in a vector holds whatever was there before.
      if (validity !== null && !isValid(validity, row)) continue;
      const base = row * 4;
      const table = words[base]! <= 12 ? short : this.#pointers;
      const slot = table.find(words, base);
      codes[at + row - from] = table.codes[slot] !== 0 ? table.codes[slot]! : this.#enter(table, slot, words, base, data, row);
    }
  }

  #enter(table: DescriptorTable, slot: number, words: Int32Array, base: number, data: Uint8Array, row: number): number {
    const code = this.codeOf(this.#decode(bytesAt(data, row)));
    table.enter(slot, words, base, code);
    return code;
  }
}

/** Open addressing over four 32-bit words a key. Code 0: the slot is free. */
class DescriptorTable {
  codes: Int32Array;
  #keys: Int32Array;
  #mask: number;
  #used = 0;

  constructor(slots: number) {
    this.codes = new Int32Array(slots);
    this.#keys = new Int32Array(slots * 4);
    this.#mask = slots - 1;
  }

  clear(): void {
    if (this.#used > 0) this.codes.fill(0);
    this.#used = 0;
  }

  /** The slot that holds the key at words[base..base + 3], or the free one where it belongs. */
  find(words: Int32Array, base: number): number {
    const a = words[base]!, b = words[base + 1]!, c = words[base + 2]!, d = words[base + 3]!;
    const keys = this.#keys, codes = this.codes, mask = this.#mask;
    let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (codes[slot] !== 0) {
      const at = slot * 4;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  enter(slot: number, words: Int32Array, base: number, code: number): void {
    this.codes[slot] = code;
    for (let word = 0; word < 4; word += 1) this.#keys[slot * 4 + word] = words[base + word]!;
    this.#used += 1;
    if (this.#used * 2 > this.codes.length) this.#grow();
  }

  #grow(): void {
    const codes = this.codes, keys = this.#keys;
    this.codes = new Int32Array(codes.length * 2);
    this.#keys = new Int32Array(keys.length * 2);
    this.#mask = this.codes.length - 1;
    for (let slot = 0; slot < codes.length; slot += 1) {
      if (codes[slot] === 0) continue;
      const free = this.find(keys, slot * 4);
      this.codes[free] = codes[slot]!;
      this.#keys.set(keys.subarray(slot * 4, slot * 4 + 4), free * 4);
    }
  }
}
