/** Codes for the distinct strings of a column, found by their UTF-8 bytes: no JavaScript string is made for a known one. */
import { distinctMax } from '../sources/reader.js';
import type { AsciiTexts } from '../core/batch.js';
import { copyBytes } from '../core/record-bytes.js';
import type { AddedTexts } from '../sources/text-codes.js';

/** Longer strings are rarely the same twice. */
const keyBytesMax = 64;

/** Fewer texts cross to another thread as strings. */
const asciiLeast = 8;

/** Of the strings of one dictionary, in code units: then it begins anew, however few they are. */
const unitsMax = 16 * 1024 * 1024;

/** Replaced characters would make different texts one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Codes from 1 on, in order of first appearance. */
export class ByteCodes {
  /** Goes up when codes begin anew: those that were given out before mean nothing then. */
  generation = 0;
  #restart = true;
  #count = 0;
  /** Codes up to it were taken. */
  #taken = 0;
  /** By code: the texts of which no bytes are kept, and those that are not ASCII; of the others none is made. */
  #strings = new Map<number, string>();
  #units = 0;
  /** Of texts that came as such, and of long ones. */
  #codes = new Map<string, number>();
  /** Open addressing; 0: the slot is free. */
  #slots = new Int32Array(256);
  #used = 0;
  /** Of each code that has a slot: where its bytes begin in `#bytes`, and how many they are. */
  #starts = new Int32Array(256);
  #sizes = new Int32Array(256);
  #bytes = Buffer.allocUnsafeSlow(4096);
  #view = viewOf(this.#bytes);
  #end = 0;
  /** The code that was found last: rows that follow each other often have one text. */
  #last = 0;
  /** The bytes that were looked at last, and of those. */
  #source: Uint8Array = this.#bytes;
  #sourceView = this.#view;

  /** Strings that are new since the last call, and whether codes began anew before them. */
  takeAdded(): AddedTexts {
    const added: string[] = [];
    for (let code = this.#taken + 1; code <= this.#count; code += 1) added.push(this.#strings.get(code) ?? this.#bytes.toString('latin1', this.#starts[code], this.#starts[code]! + this.#sizes[code]!));
    return this.#next({ added, restart: this.#restart });
  }

  /** As `takeAdded`: as bytes, where all of them are ASCII and they are more than a few. */
  takeBytes(): AddedTexts & { readonly ascii: AsciiTexts | null } {
    const first = this.#taken + 1, count = this.#count - this.#taken;
    if (count < asciiLeast || this.#strings.size > 0) return { ...this.takeAdded(), ascii: null };
    // One buffer: each that moves to another thread costs both.
    const start = this.#starts[first]!, buffer = new ArrayBuffer(4 * count + this.#end - start);
    const ends = new Int32Array(buffer, 0, count), bytes = new Uint8Array(buffer, 4 * count);
    bytes.set(this.#bytes.subarray(start, this.#end));
    for (let index = 0; index < count; index += 1) ends[index] = this.#starts[first + index]! + this.#sizes[first + index]! - start;
    return this.#next({ added: [], ascii: { bytes, ends }, restart: this.#restart });
  }

  #next<Taken>(taken: Taken): Taken {
    this.#taken = this.#count;
    this.#strings.clear();
    this.#restart = this.#count > distinctMax || this.#units > unitsMax;
    if (this.#restart) {
      this.generation += 1;
      this.#codes = new Map();
      // As many will likely come again.
      this.#slots.fill(0);
      this.#last = this.#count = this.#taken = this.#units = this.#used = this.#end = 0;
    }
    return taken;
  }

  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#codeByBytes(text) ?? this.#add(text);
    this.#codes.set(text, code);
    return code;
  }

  /** Short texts are found by their bytes, whichever way they came. Half a surrogate has none of its own. */
  #codeByBytes(text: string): number | null {
    if (text.length > keyBytesMax) return null;
    const bytes = Buffer.from(text, 'utf8');
    return bytes.length > keyBytesMax || bytes.toString('utf8') !== text ? null : this.codeAt(bytes, 0, bytes.length);
  }

  #add(text: string): number {
    this.#count += 1;
    this.#strings.set(this.#count, text);
    this.#units += text.length;
    return this.#count;
  }

  /** The code of the text at bytes[at..at + size); 0 when that is no UTF-8. */
  codeAt(bytes: Uint8Array, at: number, size: number): number {
    const last = this.#last, view = bytes === this.#source ? this.#sourceView : this.#viewOf(bytes);
    if (last !== 0 && this.#sizes[last] === size && areEqual(this.#view, this.#starts[last]!, view, at, size)) return last;
    if (size > keyBytesMax) return this.#long(bytes, at, size);
    const hash = hashOf(view, at, size);
    const slots = this.#slots, mask = slots.length - 1;
    let slot = hash & mask;
    for (let code = slots[slot]!; code !== 0; code = slots[slot]!) {
      if (this.#sizes[code] === size && areEqual(this.#view, this.#starts[code]!, view, at, size)) return (this.#last = code);
      slot = (slot + 1) & mask;
    }
    return this.#enter(slot, view, at, size);
  }

  #viewOf(bytes: Uint8Array): DataView {
    this.#source = bytes;
    return (this.#sourceView = viewOf(bytes));
  }

  #long(bytes: Uint8Array, at: number, size: number): number {
    const text = decoded(bytes.subarray(at, at + size));
    return text === null ? 0 : this.codeOf(text);
  }

  #enter(slot: number, view: DataView, at: number, size: number): number {
    const start = this.#end;
    if (start + size > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length);
      this.#view = viewOf(this.#bytes);
    }
    copyBytes(view, at, at + size, this.#view, start);
    // Most texts are.
    const isAscii = areAscii(view, at, size);
    const text = isAscii ? null : decoded(this.#bytes.subarray(start, start + size));
    if (!isAscii && text === null) return 0;
    const code = text === null ? (this.#count += 1) : this.#add(text);
    if (text === null) this.#units += size;
    while (code >= this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#sizes = doubled(this.#sizes);
    }
    this.#starts[code] = start;
    this.#sizes[code] = size;
    this.#end = start + size;
    this.#slots[slot] = code;
    this.#used += 1;
    if (this.#used * 2 > this.#slots.length) this.#grow();
    return (this.#last = code);
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2), mask = slots.length - 1;
    for (const code of old) {
      if (code === 0) continue;
      let slot = hashOf(this.#view, this.#starts[code]!, this.#sizes[code]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.#slots = slots;
  }
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);

// Four bytes at a time; the last four are looked at whole, and some of them twice.

function hashOf(bytes: DataView, at: number, size: number): number {
  const last = at + size - 4;
  let hash = size;
  if (size < 4) for (let index = at; index < at + size; index += 1) hash = Math.imul(hash ^ bytes.getUint8(index), 0x9e3779b1);
  else {
    for (let index = at; index < last; index += 4) {
      hash = Math.imul(hash ^ bytes.getInt32(index, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ bytes.getInt32(last, true), 0x9e3779b1);
  }
  return hash ^ (hash >>> 15);
}

/** The end first: texts that are another in each row mostly differ there. */
function areEqual(one: DataView, from: number, other: DataView, at: number, size: number): boolean {
  if (size < 4) {
    for (let index = 0; index < size; index += 1) if (one.getUint8(from + index) !== other.getUint8(at + index)) return false;
    return true;
  }
  if (one.getInt32(from + size - 4, true) !== other.getInt32(at + size - 4, true)) return false;
  for (let index = 0; index < size - 4; index += 4) if (one.getInt32(from + index, true) !== other.getInt32(at + index, true)) return false;
  return true;
}

function areAscii(bytes: DataView, at: number, size: number): boolean {
  const last = at + size - 4;
  let all = 0;
  if (size < 4) for (let index = at; index < at + size; index += 1) all |= bytes.getUint8(index);
  else {
    for (let index = at; index < last; index += 4) all |= bytes.getInt32(index, true);
    all |= bytes.getInt32(last, true);
  }
  return (all & 0x80808080) === 0;
}

/** Null: it is no UTF-8. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2);
  larger.set(words);
  return larger;
}
