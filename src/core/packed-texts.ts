/** The texts of a dictionary as bytes of state, by code and back again: no text is packed twice, and none made to be compared. */
import type { Dictionary } from './batch.js';
import { ByteWriter, type ByteReader } from './bytes.js';
import { readPacked, writePacked, writePackedAscii, writePackedText } from './packed.js';
import { areSameBytes, copyBytes } from './record-bytes.js';

/** Longer texts are packed each time: those are rarely the same twice. */
const keptUnits = 64;

/** Codes that were found by their bytes are kept, one for each place. */
const places = 1024;

/** A text that is not kept, on its way. */
const long = new ByteWriter(256);

/** Bytes that a text takes at the most: tag, length, and two for each unit. */
export const packedTextBytes = (text: string): number => packedUnits(text.length);
const packedUnits = (units: number): number => 6 + 2 * units;

/** Packs a text at byte `at`, where there is room for it; returns where it ends. */
export function writeTextAt(text: string | null, into: DataView, at: number): number {
  long.reset();
  if (text === null) writePacked(long, null);
  else writePackedText(long, text);
  return copyBytes(long.view, 0, long.length, into, at);
}

export class PackedTexts {
  /** Where the text read by `codeAt` ends. */
  end = 0;
  /** By code: where its bytes begin, and how many they are; 0: they are not kept. */
  #starts = new Int32Array(64);
  #sizes = new Int32Array(64);
  readonly #kept = new ByteWriter(256);
  /** Texts of the dictionary that `mostBytes` takes into account. NULL takes a byte. */
  #seen = 0;
  #mostBytes = 1;
  /** By a hash of its bytes: the code found last. */
  readonly #found = new Int32Array(places);

  constructor(readonly dictionary: Dictionary) {}

  /** Bytes that a text of the dictionary takes at the most; Infinity: some are long, so ask for each. */
  mostBytes(): number {
    const { size } = this.dictionary;
    for (; this.#seen < size; this.#seen += 1) {
      const units = this.dictionary.units(this.#seen);
      if (units >= 0) this.#mostBytes = Math.max(this.#mostBytes, units > keptUnits ? Infinity : packedUnits(units));
    }
    return this.#mostBytes;
  }

  /** Bytes that the text of `code` takes at the most. */
  bytesOf(code: number): number {
    const size = this.#sizeOf(code);
    return size > 0 ? size : packedTextBytes(this.dictionary.strings[code]!);
  }

  /** Writes the text of `code` at byte `at`; returns where it ends. */
  write(code: number, into: DataView, at: number): number {
    const size = this.#sizeOf(code);
    if (size === 0) return writeTextAt(this.dictionary.strings[code]!, into, at);
    const start = this.#starts[code]!, kept = this.#kept.view;
    return copyBytes(kept, start, start + size, into, at);
  }

  /** 0: it is not kept. */
  #sizeOf(code: number): number {
    const size = code < this.#sizes.length ? this.#sizes[code]! : 0;
    return size > 0 ? size : this.#keep(code);
  }

  #keep(code: number): number {
    if (this.dictionary.units(code) > keptUnits) return 0;
    if (code >= this.#sizes.length) {
      const [starts, sizes] = [this.#starts, this.#sizes];
      this.#starts = new Int32Array(Math.max(this.dictionary.size, 2 * sizes.length));
      this.#sizes = new Int32Array(this.#starts.length);
      this.#starts.set(starts);
      this.#sizes.set(sizes);
    }
    const start = this.#kept.length;
    const { ascii, asciiStarts, asciiEnds } = this.dictionary;
    if (code < asciiEnds.length && asciiEnds[code]! > 0) writePackedAscii(this.#kept, ascii, asciiStarts[code]!, asciiEnds[code]!);
    else writePacked(this.#kept, this.dictionary.strings[code]!);
    this.#starts[code] = start;
    return (this.#sizes[code] = this.#kept.length - start);
  }

  /** The code of what was packed at byte `at` of what is read, perhaps `guess`; -1: the dictionary does not have it. */
  codeAt(reader: ByteReader, at: number, guess: number): number {
    const bytes = reader.buffer, { view } = reader;
    if (this.#isAt(guess, view, at)) return guess;
    // Tag, length, the first unit and the last one or one near: short texts that differ mostly differ there.
    const length = bytes[at + 1]!;
    const place = ((bytes[at]! + Math.imul(length, 31) + Math.imul(bytes[at + 2]!, 37) + Math.imul(bytes[at + 1 + length]!, 41) + Math.imul(bytes[at + 1 + (length >> 1)]!, 43)) >>> 0) % places;
    const found = this.#found[place]!;
    return this.#isAt(found, view, at) ? found : this.#sought(reader, at, place);
  }

  #isAt(code: number, bytes: DataView, at: number): boolean {
    const size = code < this.#sizes.length ? this.#sizes[code]! : 0;
    const start = this.#starts[code]!;
    // Tag and length are among the bytes: what begins as a text does, ends with it.
    if (size === 0 || at + size > bytes.byteLength || !areSameBytes(this.#kept.view, start, start + size, bytes, at)) return false;
    this.end = at + size;
    return true;
  }

  #sought(reader: ByteReader, at: number, place: number): number {
    reader.moveTo(at);
    const text = readPacked(reader) as string | null;
    this.end = reader.position;
    const code = text === null ? 0 : this.dictionary.codeOf(text);
    if (code >= 0 && this.#sizeOf(code) > 0) this.#found[place] = code;
    return code;
  }
}
