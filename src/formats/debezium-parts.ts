/** Parts of recorded changes besides their values, read from their bytes where they are of the usual form. Everything here runs for each record. */
import { ByteCodes } from './byte-codes.js';
import { firstByte, nonDigits, type ChangeValues } from './change-values.js';
import { LAST_COMMIT, LSN, unsaid } from './debezium-shape.js';
import { textEnd } from './json-tree.js';

const quote = 34, backslash = 92, lineFeed = 10, zero = 48, nine = 57;

export type Counts = readonly (readonly [table: string, count: number])[];

export const noCounts: Counts = [];

interface Known {
  readonly bytes: Buffer;
  /** The bytes, four at a time, of which the last ones overlap. */
  readonly words: Int32Array;
  readonly escaped: boolean;
  readonly counts: Counts;
}

/** Counts of transactions that are remembered. */
const knownMax = 24;

/** The parts of the record that is read; positions that are returned are behind what was read, -1: it is not of the usual form. */
export class DebeziumParts {
  /** By the registers of debezium-shape.ts. */
  readonly numbers = Float64Array.from(unsaid);
  /** The code of its transaction's id in `xids`; and of the end of a transaction its changes by table. */
  xid = 0;
  counts: Counts = noCounts;
  readonly xids = new ByteCodes();
  /** Its number among the lines. */
  line = 0;
  /** Whether cells of its row have been written, and whether a value of a column was all that was not as usual. */
  wrote = false;
  isKnown = false;
  /** The counts that were there last, by their bytes. */
  readonly #known: Known[] = [];
  /** The id that was read last, where it is a number: how many digits, and its code. */
  #xidNumber = -1;
  #xidDigits = 0;
  #xidCode = 0;
  #xidGeneration = -1;

  constructor(readonly values: ChangeValues) {}

  /** A value of a column is not of the usual form. */
  unusual(): number {
    this.isKnown = true;
    return -1;
  }

  /** Behind a value that nobody wants. */
  pass(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const first = bytes[start]!;
    if (first === (escaped ? backslash : quote)) {
      const end = this.values.textEnd(bytes, start + (escaped ? 2 : 1), last, escaped);
      return end < 0 ? -1 : end + (escaped ? 2 : 1);
    }
    return first === 123 || first === 91 ? this.#nested(bytes, start, last, escaped) : this.word(bytes, start);
  }

  /** Behind a number that nobody wants, where it has no exponent; -1: it may be none. */
  digits(bytes: Buffer, start: number): number {
    const end = this.#digitsEnd(start), next = bytes[end];
    if (end === start) return -1;
    return next === 44 || next === 125 ? end : this.word(bytes, end);
  }

  /** Behind what are digits in a number, where no colon is. */
  #digitsEnd(start: number): number {
    const { view } = this.values;
    let at = start, none = (view.getInt32(at, true) & 0xf0f0f0f0) ^ 0x30303030;
    for (const most = start + 20; none === 0 && at < most; none = (view.getInt32(at, true) & 0xf0f0f0f0) ^ 0x30303030) at += 4;
    return none === 0 ? at : at + firstByte(none);
  }

  /** A number, or a word: what follows tells whether it was one. */
  word(bytes: Buffer, start: number): number {
    const { view } = this.values;
    let at = start, none = nonDigits(view.getInt32(at, true));
    for (const most = start + 20; none === 0 && at < most; none = nonDigits(view.getInt32(at, true))) at += 4;
    if (none !== 0) at += firstByte(none);
    while (inWord[bytes[at]!] !== 0) at += 1;
    return at === start ? -1 : at;
  }

  #nested(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    for (let at = start, depth = 0; at < last; at += 1) {
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

  /** Behind the next brace that closes; -1: the line, or the text, ends before it. */
  brace(bytes: Buffer, start: number, last: number): number {
    const { view } = this.values;
    let at = start;
    // Eight bytes at a time, as long as none of them is a brace or a line feed.
    for (; at < last; at += 8) {
      const one = view.getInt32(at, true), brace = one ^ 0x7d7d7d7d, feed = one ^ 0x0a0a0a0a;
      const found = (((brace - 0x01010101) & ~brace) | ((feed - 0x01010101) & ~feed)) & 0x80808080;
      const other = view.getInt32(at + 4, true), nextBrace = other ^ 0x7d7d7d7d, nextFeed = other ^ 0x0a0a0a0a;
      const next = (((nextBrace - 0x01010101) & ~nextBrace) | ((nextFeed - 0x01010101) & ~nextFeed)) & 0x80808080;
      if ((found | next) === 0) continue;
      at += found === 0 ? 4 + firstByte(next) : firstByte(found);
      return at < last && bytes[at] === 125 ? at + 1 : -1;
    }
    return -1;
  }

  /** An integer, in quotes or not, to a register. */
  number(bytes: Buffer, start: number, escaped: boolean, register: number): number {
    const { values } = this;
    const isText = bytes[start] === (escaped ? backslash : quote);
    const end = values.numberEnd(bytes, isText ? start + (escaped ? 2 : 1) : start);
    if (end < 0 || values.places !== 0) return -1;
    this.numbers[register] = values.number;
    if (!isText) return end;
    return bytes[end] === bytes[start] && (!escaped || bytes[end + 1] === quote) ? end + (escaped ? 2 : 1) : -1;
  }

  /** `["26870192","26880096"]` as a text: where the last commit ended, and where this change stands. */
  sequence(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const width = escaped ? 2 : 1;
    let at = start + width;
    if (bytes[start] !== (escaped ? backslash : quote) || bytes[at] !== 91) return -1;
    at += 1;
    // A quote within the text: `\"`, or `\\\"`.
    if (bytes[at] === backslash) {
      const { values } = this;
      at += width * 2;
      if (bytes[at - 1] !== quote) return -1;
      const end = values.numberEnd(bytes, at);
      if (end < 0 || values.places !== 0 || bytes[at] === 45 || bytes[end] !== backslash) return -1;
      this.numbers[LAST_COMMIT] = values.number;
      at = end;
      // The usual end, or else any.
      const next = end + width * 4 + 1;
      if (bytes[next - 1] === quote && bytes[next - width * 2 - 1] === 44) {
        const behind = this.word(bytes, next), bracket = behind + width * 2;
        if (behind > 0 && bytes[bracket] === 93 && bytes[bracket - 1] === quote && bytes[bracket + width] === quote) return bracket + width + 1;
      }
    } else if (bytes[at] !== 110) return -1;
    const close = textEnd(bytes, at, last, escaped);
    return close < 0 ? -1 : close + width;
  }

  /** `790:26880096`: the transaction is what stands before the colon. `isEnd`: the position after it counts. */
  id(bytes: Buffer, start: number, last: number, escaped: boolean, isEnd: boolean): number {
    if (bytes[start] !== (escaped ? backslash : quote)) return -1;
    const from = start + (escaped ? 2 : 1);
    const to = this.#xid(bytes, from, last);
    if (to < 0) return -1;
    let at = bytes[to] === 58 ? to + 1 : to;
    if (isEnd) {
      if (bytes[to] !== 58 || !isDigit(bytes[from]!) || !isDigit(bytes[at]!)) return -1;
      for (let digit = from; digit < to; digit += 1) if (!isDigit(bytes[digit]!)) return -1;
      at = this.values.numberEnd(bytes, at);
      if (at < 0 || this.values.places !== 0) return -1;
      this.numbers[LSN] = this.values.number;
    } else if (isDigit(bytes[at]!)) at = this.word(bytes, at);
    while (inWord[bytes[at]!] !== 0) at += 1;
    if (this.xid === 0 || bytes[at] !== bytes[start] || (escaped && bytes[at + 1] !== quote)) return -1;
    return at + (escaped ? 2 : 1);
  }

  /** To `xid`, and where the id ends. Most records are of the transaction of the one before. */
  #xid(bytes: Buffer, from: number, last: number): number {
    const { values, xids } = this;
    let to = values.numberEnd(bytes, from);
    const isNumber = to > from && bytes[to] === 58 && values.places === 0;
    if (isNumber && values.number === this.#xidNumber && to - from === this.#xidDigits && this.#xidGeneration === xids.generation) {
      this.xid = this.#xidCode;
      return to;
    }
    for (to = from; to < last && bytes[to] !== 58 && bytes[to] !== backslash && bytes[to] !== quote;) to += 1;
    if (to === from) return -1;
    this.xid = xids.codeAt(bytes, from, to - from);
    this.#xidNumber = isNumber ? values.number : -1;
    this.#xidDigits = to - from;
    this.#xidCode = this.xid;
    this.#xidGeneration = xids.generation;
    return to;
  }

  /** `[{"data_collection":"public.orders","event_count":2}]`. Transactions of one kind have the same. */
  collections(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    const known = this.#known;
    for (let index = 0; index < known.length; index += 1) {
      const found = known[index]!;
      if (found.escaped !== escaped || start + found.bytes.length > last || !isAt(this.values.view, start, found)) continue;
      this.counts = found.counts;
      known[index] = known[0]!;
      known[0] = found;
      return start + found.bytes.length;
    }
    const end = this.#newCollections(bytes, start, last, escaped);
    if (end >= start + 4) {
      if (known.length === knownMax) known.pop();
      const own = Buffer.from(bytes.subarray(start, end)), words = Int32Array.from({ length: Math.ceil(own.length / 4) }, (_, word) => own.readInt32LE(Math.min(4 * word, own.length - 4)));
      known.unshift({ bytes: own, words, escaped, counts: this.counts });
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
      const to = this.values.textEnd(bytes, from, last, escaped);
      const name = to < 0 ? '\\' : bytes.toString('utf8', from, to);
      if (name.includes('\\') || !startsWith(bytes, to, counted!)) return -1;
      at = this.values.numberEnd(bytes, to + counted!.length);
      if (at < 0 || this.values.places !== 0 || !startsWith(bytes, at, next!)) return -1;
      counts.push([name, this.values.number]);
      at += next!.length;
      if (bytes[at] !== 44 && bytes[at] !== 93) return -1;
    }
    this.counts = counts;
    return at + 1;
  }
}

/** Bytes that numbers and words are made of. */
const inWord = Uint8Array.from({ length: 256 }, (_, byte) => (/[-+.\w:]/.test(String.fromCharCode(byte)) ? 1 : 0));

const isDigit = (byte: number): boolean => byte >= zero && byte <= nine;

const collectionsPlain = ['{"data_collection":"', '","event_count":', '}'].map((text) => Buffer.from(text, 'latin1'));
const collectionsEscaped = collectionsPlain.map((text) => Buffer.from(text.toString('latin1').replaceAll('"', '\\"'), 'latin1'));

function startsWith(bytes: Buffer, at: number, literal: Buffer): boolean {
  for (let index = 0; index < literal.length; index += 1) if (bytes[at + index] !== literal[index]) return false;
  return true;
}

function isAt(view: DataView, at: number, { bytes: { length }, words }: Known): boolean {
  const last = words.length - 1;
  for (let word = 0; word < last; word += 1) if (view.getInt32(at + 4 * word, true) !== words[word]!) return false;
  return view.getInt32(at + length - 4, true) === words[last]!;
}
