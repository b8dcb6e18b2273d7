/**
 * Changes read from the bytes of recorded lines without a look at all of JSON: a line that is as another of its topic was,
 * but for the values in it, is compared with that one and only its values are read. Whatever does not match is left to a reader
 * that knows all of JSON, and learned from it. In images that nobody asks for nothing but their end is looked for.
 */
import type { SourceColumn } from '../sources/source.js';
import { ByteCodes } from './byte-codes.js';
import { ChangeValues } from './change-values.js';
import {
  COLUMN, IMAGE, LAST_COMMIT, LSN, NUMBER, OFFSET, OPERATION, PASS, SEQUENCE, XID, isScannable, learnShape, unsaid, type Learned, type Meaning,
} from './debezium-shape.js';
import { textEnd } from './json-tree.js';
import type { Cells, NumberCells, TextCells } from './message-cells.js';

const quote = 34, backslash = 92, lineFeed = 10, zero = 48, nine = 57;

/** Shapes of one topic: what has more of them is not worth comparing. */
const shapesMax = 24;
const droppedMax = 1024;
/** Longer literals are compared by native code. */
const longLiteral = 512;

/** A topic whose records are read, and where the cells of the row that is next are: of each of its tables. */
export interface ScannedTopic {
  readonly name: string;
  readonly tables: readonly (readonly SourceColumn[])[];
  readonly cells: readonly (readonly Cells[])[];
  readonly rows: number[];
}

/** A shape, ready for use. */
export interface Shape {
  readonly topic: ScannedTopic;
  readonly meaning: Meaning;
  readonly slots: Learned['slots'];
  /** What stands before each slot, and after the last one, with the line feed. */
  readonly literals: readonly Buffer[];
  /** The literals' bytes, eight at a time, as numbers of which none is NaN in JSON: those of literal i are words[first[i]..first[i + 1]), the last one overlapping. */
  readonly words: Float64Array;
  readonly first: Int32Array;
  readonly sizes: Int32Array;
  readonly kinds: Uint8Array;
  /** The shape that came after this one last, and the other one that came before that. */
  next: Shape | null;
  other: Shape | null;
}

interface Known {
  readonly bytes: Buffer;
  readonly escaped: boolean;
  readonly counts: readonly (readonly [table: string, count: number])[];
}

/** Counts of transactions that are remembered. */
const knownMax = 24;

export class DebeziumScanner {
  /** Of the last record: by the registers of debezium-shape.ts. */
  readonly numbers = Float64Array.from(unsaid);
  /** Of the last record: the code of its transaction's id in `xids`; and of the end of a transaction its changes by table. */
  xid = 0;
  counts: readonly (readonly [table: string, count: number])[] = [];
  readonly xids = new ByteCodes();
  /** Where the last line ended, behind its line feed. */
  end = 0;
  readonly #values = new ChangeValues();
  readonly #topics: ReadonlyMap<ScannedTopic, Shape[]>;
  #last: Shape | null = null;
  /** Whether cells of the row have been written, and whether a value of a column was all that was not as usual. */
  #wrote = false;
  #isKnown = false;
  /** The counts that were there last, by their bytes. */
  readonly #known: Known[] = [];
  /** Shapes that gave their place to others. */
  #dropped = 0;
  #line = 0;

  constructor(topics: readonly ScannedTopic[]) {
    this.#topics = new Map(topics.filter(({ tables }) => tables.every(isScannable)).map((topic) => [topic, []]));
  }

  /** Learns from a line that was read by who knows all of JSON. */
  learn(bytes: Buffer, start: number, end: number, topic: ScannedTopic): void {
    const known = this.#topics.get(topic);
    // What never matches costs each time that it is tried and learned.
    if (known === undefined || this.#isKnown || this.#dropped > droppedMax) return;
    const learned = learnShape(bytes, start, end, topic.tables);
    if (learned === null) return;
    if (known.length === shapesMax) {
      known.pop();
      this.#dropped += 1;
    }
    known.unshift(compiled(learned, topic, bytes, start, end));
  }

  /** As `read`, where the line is as the one that came after such a line as the last one before. */
  readLikely(bytes: Buffer, view: DataView, start: number, last: number, line: number): Shape | null {
    this.#isKnown = false;
    this.#line = line;
    this.#values.view = view;
    const before = this.#last;
    if (before === null) return null;
    const { next, other } = before;
    if (next !== null && this.#matches(next, bytes, view, start, last)) return this.#found(next);
    return other !== null && this.#matches(other, bytes, view, start, last) ? this.#found(other) : null;
  }

  /** The line at `start`, where it is as one of the topic before it; null: it is not. Its values are in the cells then. `line`: its number. */
  read(bytes: Buffer, view: DataView, start: number, last: number, line: number, topic: ScannedTopic): Shape | null {
    this.#line = line;
    this.#values.view = view;
    for (const shape of this.#topics.get(topic) ?? []) if (this.#matches(shape, bytes, view, start, last)) return this.#found(shape);
    return null;
  }

  #found(shape: Shape): Shape {
    const before = this.#last;
    if (before !== null && before.next !== shape) {
      before.other = before.next;
      before.next = shape;
    }
    this.#last = shape;
    return shape;
  }

  #matches(shape: Shape, bytes: Buffer, view: DataView, start: number, last: number): boolean {
    const { cells, rows } = shape.topic;
    this.#wrote = false;
    if (this.#walk(shape, bytes, view, start, last)) {
      if (shape.meaning.kind === 'change') this.#fill(shape.meaning, cells, rows);
      return true;
    }
    if (this.#wrote) cells.forEach((own, table) => { for (const each of own) each.clear(rows[table]!); });
    return false;
  }

  #walk(shape: Shape, bytes: Buffer, view: DataView, start: number, last: number): boolean {
    const { slots, kinds, topic: { cells, rows } } = shape;
    for (let index = 0; index < unsaid.length; index += 1) this.numbers[index] = unsaid[index]!;
    this.numbers[OFFSET] = this.#line;
    this.xid = 0;
    let at = start;
    for (let index = 0; index < kinds.length; index += 1) {
      if (!isLiteral(shape, index, bytes, view, at, last)) return false;
      at += shape.sizes[index]!;
      const slot = slots[index]!;
      const { escaped } = slot;
      switch (kinds[index]) {
        case PASS: at = this.#pass(bytes, at, last, escaped); break;
        case NUMBER: at = this.#number(bytes, at, escaped, slot.register); break;
        case COLUMN: {
          const from = at;
          this.#wrote = true;
          for (const { table, column, form } of slot.targets) if (at >= 0) at = this.#values.read(bytes, from, last, escaped, form, cells[table]![column]!, rows[table]!);
          if (at < 0) this.#isKnown = true;
          break;
        }
        case IMAGE: {
          // Texts cannot hold what follows the image: their quotes have escapes.
          do {
            // Four bytes at a time, as long as none of them is a brace or a line feed.
            for (; at + 4 <= last; at += 4) {
              const word = view.getInt32(at, true), brace = word ^ 0x7d7d7d7d, feed = word ^ 0x0a0a0a0a;
              if ((((brace - 0x01010101) & ~brace) | ((feed - 0x01010101) & ~feed)) & 0x80808080) break;
            }
            let byte = bytes[at]!;
            while (byte !== 125 && byte !== lineFeed) byte = bytes[++at]!;
            if (byte === lineFeed) return false;
            at += 1;
          } while (!isLiteral(shape, index + 1, bytes, view, at, last));
          break;
        }
        case SEQUENCE: at = this.#sequence(bytes, at, last, escaped); break;
        case XID: at = this.#id(bytes, at, last, escaped, slot.register === LSN); break;
        case OPERATION: {
          if (bytes[at] !== 99 && bytes[at] !== 117) return false;
          at += 1;
          break;
        }
        default: at = this.#collections(bytes, at, last, escaped);
      }
      if (at < 0) return false;
    }
    if (!isLiteral(shape, kinds.length, bytes, view, at, last)) return false;
    this.end = at + shape.sizes[kinds.length]!;
    return true;
  }

  /** What does not stand in the line's images. */
  #fill({ nulls, texts, constants, numbers }: Extract<Meaning, { kind: 'change' }>, cells: readonly (readonly Cells[])[], rows: readonly number[]): void {
    for (const { table, column } of nulls) cells[table]![column]!.setNull(rows[table]!);
    for (const { table, column, value } of texts) (cells[table]![column] as TextCells).set(rows[table]!, value);
    for (const { table, column, value } of constants) (cells[table]![column] as NumberCells).values[rows[table]!] = value;
    for (const { table, column, register } of numbers) {
      const value = this.numbers[register]!, own = cells[table]![column] as NumberCells;
      if (Number.isFinite(value)) own.values[rows[table]!] = value;
      else own.setNull(rows[table]!);
    }
  }

  /** Behind a value that nobody wants. */
  #pass(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const first = bytes[start]!;
    let at = start;
    if (first === (escaped ? backslash : quote)) {
      at = this.#values.textEnd(bytes, start + (escaped ? 2 : 1), last, escaped);
      return at < 0 ? -1 : at + (escaped ? 2 : 1);
    }
    if (first !== 123 && first !== 91) {
      // A number, or a word: what follows tells whether it was one.
      while (inWord[bytes[at]!] !== 0) at += 1;
      return at === start ? -1 : at;
    }
    for (let depth = 0; at < last; at += 1) {
      const byte = bytes[at]!;
      if (byte === lineFeed) return -1;
      if (byte === 123 || byte === 91) depth += 1;
      else if (byte === 125 || byte === 93) {
        depth -= 1;
        if (depth === 0) return at + 1;
      } else if (byte === (escaped ? backslash : quote)) {
        const end = textEnd(bytes, at + (escaped ? 2 : 1), last, escaped);
        if (end < 0) return -1;
        at = end + (escaped ? 1 : 0);
      }
    }
    return -1;
  }

  /** An integer, in quotes or not. */
  #number(bytes: Buffer, start: number, escaped: boolean, register: number): number {
    const isText = bytes[start] === (escaped ? backslash : quote);
    const end = this.#values.numberEnd(bytes, isText ? start + (escaped ? 2 : 1) : start);
    if (end < 0 || this.#values.places !== 0) return -1;
    this.numbers[register] = this.#values.number;
    if (!isText) return end;
    return bytes[end] === bytes[start] && (!escaped || bytes[end + 1] === quote) ? end + (escaped ? 2 : 1) : -1;
  }

  /** `["26870192","26880096"]` as a text: where the last commit ended, and where this change stands. */
  #sequence(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const width = escaped ? 2 : 1;
    let at = start + width;
    if (bytes[start] !== (escaped ? backslash : quote) || bytes[at] !== 91) return -1;
    at += 1;
    // A quote within the text: `\"`, or `\\\"`.
    if (bytes[at] === backslash) {
      at += width * 2;
      if (bytes[at - 1] !== quote) return -1;
      const end = this.#values.numberEnd(bytes, at);
      if (end < 0 || this.#values.places !== 0 || bytes[at] === 45 || bytes[end] !== backslash) return -1;
      this.numbers[LAST_COMMIT] = this.#values.number;
      at = end;
    } else if (bytes[at] !== 110) return -1;
    const close = textEnd(bytes, at, last, escaped);
    return close < 0 ? -1 : close + width;
  }

  /** `790:26880096`: the transaction is what stands before the colon. `isEnd`: the position after it counts. */
  #id(bytes: Buffer, start: number, last: number, escaped: boolean, isEnd: boolean): number {
    if (bytes[start] !== (escaped ? backslash : quote)) return -1;
    const from = start + (escaped ? 2 : 1);
    let to = from;
    while (to < last && bytes[to] !== 58 && bytes[to] !== backslash && bytes[to] !== quote) to += 1;
    if (to === from) return -1;
    this.xid = this.xids.codeAt(bytes, from, to - from);
    let at = bytes[to] === 58 ? to + 1 : to;
    if (isEnd) {
      if (bytes[to] !== 58 || !areDigits(bytes, from, to) || !areDigits(bytes, at, at + 1)) return -1;
      at = this.#values.numberEnd(bytes, at);
      if (at < 0 || this.#values.places !== 0) return -1;
      this.numbers[LSN] = this.#values.number;
    }
    while (inWord[bytes[at]!] !== 0) at += 1;
    if (this.xid === 0 || bytes[at] !== bytes[start] || (escaped && bytes[at + 1] !== quote)) return -1;
    return at + (escaped ? 2 : 1);
  }

  /** `[{"data_collection":"public.orders","event_count":2}]`. Transactions of one kind have the same. */
  #collections(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const known = this.#known;
    for (let index = 0; index < known.length; index += 1) {
      const found = known[index]!;
      if (found.escaped !== escaped || start + found.bytes.length > last || !startsWith(bytes, start, found.bytes)) continue;
      this.counts = found.counts;
      known[index] = known[0]!;
      known[0] = found;
      return start + found.bytes.length;
    }
    const end = this.#newCollections(bytes, start, last, escaped);
    if (end >= 0) {
      if (known.length === knownMax) known.pop();
      known.unshift({ bytes: Buffer.from(bytes.subarray(start, end)), escaped, counts: this.counts });
    }
    return end;
  }

  #newCollections(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const [named, counted, next] = escaped ? collectionsEscaped : collectionsPlain;
    const counts: [string, number][] = [];
    if (bytes[start] !== 91) return -1;
    let at = start + 1;
    for (; bytes[at] !== 93; at += bytes[at] === 44 ? 1 : 0) {
      if (!startsWith(bytes, at, named!)) return -1;
      const from = at + named!.length;
      const to = this.#values.textEnd(bytes, from, last, escaped);
      const name = to < 0 ? '\\' : bytes.toString('utf8', from, to);
      if (name.includes('\\') || !startsWith(bytes, to, counted!)) return -1;
      at = this.#values.numberEnd(bytes, to + counted!.length);
      if (at < 0 || this.#values.places !== 0 || !startsWith(bytes, at, next!)) return -1;
      counts.push([name, this.#values.number]);
      at += next!.length;
      if (bytes[at] !== 44 && bytes[at] !== 93) return -1;
    }
    this.counts = counts;
    return at + 1;
  }
}

/** Bytes that numbers and words are made of. */
const inWord = Uint8Array.from({ length: 256 }, (_, byte) => (/[-+.\w:]/.test(String.fromCharCode(byte)) ? 1 : 0));

function areDigits(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (!(bytes[at]! >= zero && bytes[at]! <= nine)) return false;
  return true;
}

const collectionsPlain = ['{"data_collection":"', '","event_count":', '}'].map((text) => Buffer.from(text, 'latin1'));
const collectionsEscaped = collectionsPlain.map((text) => Buffer.from(text.toString('latin1').replaceAll('"', '\\"'), 'latin1'));

function startsWith(bytes: Buffer, at: number, literal: Buffer): boolean {
  for (let index = 0; index < literal.length; index += 1) if (bytes[at + index] !== literal[index]) return false;
  return true;
}

function isLiteral({ literals, words, first, sizes }: Shape, index: number, bytes: Buffer, view: DataView, at: number, last: number): boolean {
  const size = sizes[index]!;
  if (at + size > last) return false;
  if (size < 8 || size > longLiteral) {
    const literal = literals[index]!;
    if (size > longLiteral) return bytes.compare(literal, 0, size, at, at + size) === 0;
    for (let byte = 0; byte < size; byte += 1) if (bytes[at + byte] !== literal[byte]) return false;
    return true;
  }
  const from = first[index]!, to = first[index + 1]! - 1;
  let place = at;
  for (let word = from; word < to; word += 1, place += 8) if (view.getFloat64(place, true) !== words[word]!) return false;
  return view.getFloat64(at + size - 8, true) === words[to]!;
}

function compiled({ slots, meaning }: Learned, topic: ScannedTopic, bytes: Buffer, start: number, end: number): Shape {
  const literals = [...slots, null].map((slot, index) => Buffer.concat([bytes.subarray(index === 0 ? start : slots[index - 1]!.end, slot?.start ?? end), slot === null ? Buffer.from('\n') : Buffer.alloc(0)]));
  const words: number[] = [], first = [0];
  for (const literal of literals) {
    for (let at = 0; at + 8 < literal.length; at += 8) words.push(literal.readDoubleLE(at));
    words.push(literal.length < 8 ? 0 : literal.readDoubleLE(literal.length - 8));
    first.push(words.length);
  }
  return {
    topic, meaning, slots, literals, words: Float64Array.from(words), first: Int32Array.from(first), sizes: Int32Array.from(literals, (literal) => literal.length),
    kinds: Uint8Array.from(slots, ({ kind }) => kind), next: null, other: null,
  };
}
