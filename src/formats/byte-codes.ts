/** Codes for the distinct strings of a column, found by their UTF-8 bytes: no JavaScript string is made for a known one. */
import { distinctMax } from '../sources/reader.js';
import type { AddedTexts } from '../sources/text-codes.js';

/** Longer strings are rarely the same twice. */
const keyBytesMax = 64;

/** Of the strings of one dictionary, in code units: then it begins anew, however few they are. */
const unitsMax = 16 * 1024 * 1024;

/** Replaced characters would make different texts one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Codes from 1 on, in order of first appearance. */
export class ByteCodes {
  /** Goes up when codes begin anew: those that were given out before mean nothing then. */
  generation = 0;
  #added: string[] = [];
  #restart = true;
  #codes = new Map<string, number>();
  #units = 0;
  /** Open addressing; 0: the slot is free. */
  #slots = new Int32Array(256);
  #used = 0;
  /** Of each code that has a slot: where its bytes begin in `#bytes`, and how many they are. */
  #starts = new Int32Array(256);
  #sizes = new Int32Array(256);
  #bytes = new Uint8Array(4096);
  #end = 0;

  /** Strings that are new since the last call, and whether codes began anew before them. */
  takeAdded(): AddedTexts {
    const taken = { added: this.#added, restart: this.#restart };
    this.#added = [];
    this.#restart = this.#codes.size > distinctMax || this.#units > unitsMax;
    if (this.#restart) {
      this.generation += 1;
      this.#codes = new Map();
      this.#slots = new Int32Array(256);
      this.#units = this.#used = this.#end = 0;
    }
    return taken;
  }

  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#codes.size + 1;
    this.#codes.set(text, code);
    this.#added.push(text);
    this.#units += text.length;
    return code;
  }

  /** The code of the text at bytes[at..at + size); 0 when that is no UTF-8. */
  codeAt(bytes: Uint8Array, at: number, size: number): number {
    if (size > keyBytesMax) return this.#decoded(bytes, at, size);
    let hash = size;
    for (let index = at; index < at + size; index += 1) hash = Math.imul(hash ^ bytes[index]!, 0x9e3779b1);
    hash ^= hash >>> 15;
    const slots = this.#slots, mask = slots.length - 1;
    let slot = hash & mask;
    for (let code = slots[slot]!; code !== 0; code = slots[slot]!) {
      if (this.#sizes[code] === size && this.#equals(this.#starts[code]!, bytes, at, size)) return code;
      slot = (slot + 1) & mask;
    }
    return this.#enter(slot, bytes, at, size);
  }

  #equals(start: number, bytes: Uint8Array, at: number, size: number): boolean {
    const own = this.#bytes;
    for (let index = 0; index < size; index += 1) if (own[start + index] !== bytes[at + index]) return false;
    return true;
  }

  #decoded(bytes: Uint8Array, at: number, size: number): number {
    try {
      return this.codeOf(utf8.decode(bytes.subarray(at, at + size)));
    } catch {
      return 0;
    }
  }

  #enter(slot: number, bytes: Uint8Array, at: number, size: number): number {
    const code = this.#decoded(bytes, at, size);
    if (code === 0) return 0;
    while (code >= this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#sizes = doubled(this.#sizes);
    }
    while (this.#end + size > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(at, at + size), this.#end);
    this.#starts[code] = this.#end;
    this.#sizes[code] = size;
    this.#end += size;
    this.#slots[slot] = code;
    this.#used += 1;
    if (this.#used * 2 > this.#slots.length) this.#grow();
    return code;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2), mask = slots.length - 1;
    for (const code of old) {
      if (code === 0) continue;
      let hash = this.#sizes[code]!;
      const start = this.#starts[code]!, end = start + hash;
      for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ this.#bytes[index]!, 0x9e3779b1);
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.#slots = slots;
  }
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2);
  larger.set(words);
  return larger;
}
