/**
 * A page of records one after the other. While it is open it grows at its end; once closed its bytes never change, so
 * that a checkpoint may write them while the flow goes on. Which of its records are dead stands beside.
 */
import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './bytes.js';

/** Records begin at multiples of so many bytes: a unit. */
export const UNIT = 8;
/** The number of a unit as a varint, at the most. */
const BYTES_A_UNIT = 5;

export class Page {
  #bytes: Uint8Array;
  #reader: ByteReader;
  /** A bit for each unit at which a record begins that is dead. */
  #dead: Int32Array = new Int32Array(0);
  /** A bit for each of those words that is not 0, so that looking through them costs what is dead. */
  #deadWords: Int32Array = new Int32Array(0);
  #deadCount = 0;
  /** Bytes of records, and of those that live. */
  used = 0;
  live = 0;
  isOpen = true;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#reader = new ByteReader(this.#bytes);
  }

  /** A closed page of a checkpoint. */
  static of(bytes: Uint8Array): Page {
    const page = new Page(0);
    page.#bytes = bytes;
    page.#reader = new ByteReader(bytes);
    page.used = page.live = bytes.length;
    page.isOpen = false;
    return page;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Of those bytes. */
  get view(): DataView {
    return this.#reader.view;
  }

  /** Reads at byte `at`; one reader for all, so it is to be used at once. */
  readerAt(at: number): ByteReader {
    this.#reader.moveTo(at);
    return this.#reader;
  }

  /** Makes room at the end, up to `most` bytes in all; returns where it begins. */
  reserve(size: number, most: number): number {
    const at = this.used;
    const end = at + size;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, Math.min(most, 2 * this.#bytes.length)));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#reader = new ByteReader(grown);
    }
    this.used = end;
    this.live += size;
    return at;
  }

  /** The record of `size` bytes at byte `at` is one of the dead. */
  kill(at: number, size: number): void {
    this.live -= size;
    this.#deadCount += 1;
    const unit = at / UNIT;
    if (unit >> 5 >= this.#dead.length) {
      const words = Math.ceil(this.#bytes.length / UNIT / 32);
      this.#dead = longer(this.#dead, words);
      this.#deadWords = longer(this.#deadWords, Math.ceil(words / 32));
    }
    this.#dead[unit >> 5]! |= 1 << (unit & 31);
    this.#deadWords[unit >> 10]! |= 1 << ((unit >> 5) & 31);
  }

  isDead(at: number): boolean {
    const unit = at / UNIT;
    return ((this.#dead[unit >> 5] ?? 0) & (1 << (unit & 31))) !== 0;
  }

  /** An open page whose records are all dead begins anew. */
  empty(): void {
    this.used = 0;
    this.#deadCount = 0;
    this.#dead.fill(0);
    this.#deadWords.fill(0);
  }

  /** From here on the bytes stay as they are, and are no longer than the records. */
  close(): void {
    this.isOpen = false;
    const { used } = this;
    if (used === this.#bytes.length) return;
    // What is almost full is not worth a copy.
    this.#bytes = used > this.#bytes.length - this.#bytes.length / 16 ? this.#bytes.subarray(0, used) : this.#bytes.slice(0, used);
    this.#reader = new ByteReader(this.#bytes);
  }

  /** The units at which dead records begin: each as what it is after the one before. */
  writeDead(writer: ByteWriter): void {
    writer.varint(this.#deadCount);
    // Most of them are one byte each. Of many pages there are millions.
    const most = BYTES_A_UNIT * this.#deadCount;
    const from = writer.reserve(most);
    const { buffer } = writer;
    let at = from;
    let before = 0;
    for (let first = 0; first < this.#deadWords.length; first += 1) {
      // The lowest bit that is set, then without it.
      for (let words = this.#deadWords[first]!; words !== 0; words &= words - 1) {
        const word = 32 * first + lowestBit(words);
        for (let bits = this.#dead[word]!; bits !== 0; bits &= bits - 1) {
          const unit = 32 * word + lowestBit(bits);
          let gap = unit - before;
          before = unit;
          for (; gap >= 128; gap >>>= 7) buffer[at++] = (gap & 127) | 128;
          buffer[at++] = gap;
        }
      }
    }
    writer.giveBack(from + most - at);
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

function longer(words: Int32Array, length: number): Int32Array {
  const all = new Int32Array(length);
  all.set(words);
  return all;
}
