/** Values of columns from the bytes of a change: of the usual form, or not at all. Everything here runs for each value. */
import { ByteTimes } from './byte-times.js';
import { BOOLEAN, DATE, DECIMAL, INTEGER, REAL, SINGLE, TEXT, TIME, UNSCALED, digitsMax, powers, type ChangeForm } from './change-forms.js';
import { leftOutTexts } from './debezium-values.js';
import { unescaped } from './escaped-text.js';
import { textEnd } from './json-tree.js';
import type { Cells, NumberCells, TextCells } from './message-cells.js';

const quote = 34, backslash = 92, minus = 45, point = 46, zero = 48, nine = 57, space = 32;

/** So many bytes behind a text may be looked at. */
export const spareBytes = 64;

/** 0 where each of four bytes is a digit, or else a number whose lowest bit that is set lies in the first byte that is none. */
export const nonDigits = (word: number): number => ((word & 0xf0f0f0f0) ^ 0x30303030) | (((word + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030);

/** The byte in which the lowest bit that is set lies: which of four it is. One is set. */
export const firstByte = (word: number): number => (31 - Math.clz32(word & -word)) >> 3;

const tens = Float64Array.of(1, 10, 100, 1000, 10_000);

/** The days that a DATE holds; PostgreSQL's infinities lie beyond, and are left to who knows them. */
export const firstDay = -719_162, lastDay = 2_932_896;

/** Debezium writes this where a value was left out as unchanged. */
const leftOut = leftOutTexts.map((text) => Buffer.from(text, 'latin1'));
const leftOutLeast = Math.min(...leftOut.map(({ length }) => length));

export function isLeftOut(bytes: Uint8Array, start: number, end: number): boolean {
  // Most texts are shorter.
  return end - start >= leftOutLeast && leftOut.some((text) => end - start === text.length && bytes[start] === text[0] && text.every((letter, at) => letter === bytes[start + at]));
}

export class ChangeValues {
  /** The last number, without its point, and its digits after that. */
  number = 0;
  places = 0;
  /** Of the digits that were read last. */
  #sum = 0;
  /** Of the bytes that are read, and `spareBytes` behind them. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Whether the last text stands there as it is. */
  #isPlain = true;
  readonly #times = new ByteTimes();

  /** Writes the value at `at` to its cell, and returns where it ends; -1: it is not of the usual form. A line feed stands behind the text. */
  read(bytes: Buffer, at: number, last: number, escaped: boolean, form: ChangeForm, cells: Cells, row: number): number {
    const first = bytes[at]!;
    if (first === (escaped ? backslash : quote)) {
      const start = at + (escaped ? 2 : 1);
      const end = this.textEnd(bytes, start, last, escaped);
      return end < 0 || !this.#text(bytes, start, end, escaped, form, cells, row) ? -1 : end + (escaped ? 2 : 1);
    }
    if (first === minus || (first >= zero && first <= nine)) {
      const end = this.numberEnd(bytes, at);
      return end >= 0 && this.#number(form, cells as NumberCells, row) ? end : -1;
    }
    if (first === 110) {
      if (bytes[at + 1] !== 117 || bytes[at + 2] !== 108 || bytes[at + 3] !== 108) return -1;
      cells.setNull(row);
      return at + 4;
    }
    if (form.form !== BOOLEAN) return -1;
    const isTrue = first === 116 && bytes[at + 1] === 114 && bytes[at + 2] === 117 && bytes[at + 3] === 101;
    if (!isTrue && !(first === 102 && bytes[at + 1] === 97 && bytes[at + 2] === 108 && bytes[at + 3] === 115 && bytes[at + 4] === 101)) return -1;
    (cells as NumberCells).values[row] = isTrue ? 1 : 0;
    return at + (isTrue ? 4 : 5);
  }

  /** The first byte behind a text that begins at `start`; -1: it does not end. */
  textEnd(bytes: Buffer, start: number, last: number, escaped: boolean): number {
    this.#isPlain = true;
    const { view } = this;
    let at = start;
    // Four bytes at a time, as long as none of them is a backslash, a quote or below a space.
    for (; at < last; at += 4) {
      const word = view.getInt32(at, true), slash = word ^ 0x5c5c5c5c, mark = word ^ 0x22222222;
      const found = (((slash - 0x01010101) & ~slash) | ((mark - 0x01010101) & ~mark) | ((word - 0x20202020) & ~word)) & 0x80808080;
      if (found === 0) continue;
      at += firstByte(found);
      break;
    }
    for (; at < last; at += 1) {
      const byte = bytes[at]!;
      if (byte === backslash) {
        if (escaped && bytes[at + 1] === quote) return at;
        this.#isPlain = false;
        return textEnd(bytes, at, last, escaped);
      }
      if (byte === quote) return escaped ? -1 : at;
      if (byte < space) return -1;
    }
    return -1;
  }

  /** Behind the number at `at`, which goes to `number` and `places`; -1: it has an exponent, more digits than are exact, leading zeros, or is -0. */
  numberEnd(bytes: Buffer, start: number): number {
    const first = bytes[start] === minus ? start + 1 : start;
    this.#sum = 0;
    let at = this.#digitsEnd(first);
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === zero)) return -1;
    this.places = 0;
    let byte = bytes[at]!;
    if (byte === point) {
      const fraction = at + 1;
      at = this.#digitsEnd(fraction);
      byte = bytes[at]!;
      this.places = at - fraction;
      if (this.places === 0) return -1;
      digits += this.places;
      if (digits > digitsMax || this.places > digitsMax) return -1;
    }
    const value = this.#sum;
    if (digits > 16 || value > Number.MAX_SAFE_INTEGER || byte === 101 || byte === 69 || (value === 0 && first !== start)) return -1;
    this.number = first !== start ? -value : value;
    return at;
  }

  /** As `numberEnd`, of an integer below 10^16 without a sign, which a comma, a brace or a quote follows. */
  integerEnd(bytes: Buffer, start: number): number {
    this.#sum = 0;
    const end = this.#digitsEnd(start), next = bytes[end]!;
    if (end === start || end - start > 15 || (bytes[start] === zero && end - start > 1) || (next !== 44 && next !== 125 && next !== quote && next !== backslash)) return -1;
    this.number = this.#sum;
    return end;
  }

  /** Behind the digits at `start`, of which no more than 20 are looked at; they go on behind those of `#sum`. */
  #digitsEnd(start: number): number {
    const { view } = this;
    let at = start, sum = this.#sum;
    for (const most = start + 20; at < most; at += 4) {
      const word = view.getInt32(at, true), none = ((word & 0xf0f0f0f0) ^ 0x30303030) | (((word + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030);
      const count = none === 0 ? 4 : (31 - Math.clz32(none & -none)) >> 3;
      // Those before the first byte that is none, with zeros before them. Two digits each to two numbers below 100, and these to one.
      const digits = (none === 0 ? word : word << 8 << (24 - 8 * count)) & 0x0f0f0f0f, pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff;
      sum = sum * tens[count]! + (pairs & 0xff) * 100 + (pairs >>> 16);
      if (none === 0) continue;
      at += count;
      break;
    }
    this.#sum = sum;
    return at;
  }

  #number({ form, limit, scale, units, counted }: ChangeForm, cells: NumberCells, row: number): boolean {
    const { number, places } = this;
    switch (form) {
      case INTEGER: return places === 0 && number >= -limit && number < limit && put(cells, row, number);
      case DECIMAL: return this.decimal(limit, scale, cells, row);
      case REAL: case SINGLE: {
        // Of more digits than these the division may round once too often.
        if (number > 1e15 || number < -1e15) return false;
        const real = number / powers[places]!;
        return put(cells, row, form === REAL ? real : Math.fround(real));
      }
      case DATE: return places === 0 && number >= firstDay && number <= lastDay && put(cells, row, number);
      case TIME: {
        if (places !== 0) return false;
        const count = counted <= units ? number * (units / counted) : Math.floor(number / (counted / units));
        return Number.isSafeInteger(count) && put(cells, row, count);
      }
      default: return false;
    }
  }

  /** Writes the last number. */
  decimal(limit: number, scale: number, cells: NumberCells, row: number): boolean {
    const { number, places } = this;
    const unscaled = places > scale ? halfUp(number, powers[places - scale]!) : scale - places <= digitsMax ? number * powers[scale - places]! : Infinity;
    return unscaled < limit && unscaled > -limit && put(cells, row, unscaled);
  }

  #text(bytes: Buffer, start: number, end: number, escaped: boolean, form: ChangeForm, cells: Cells, row: number): boolean {
    switch (form.form) {
      case TEXT: return this.#string(bytes, start, end, escaped, cells as TextCells, row);
      case DECIMAL: return this.#isPlain && start < end && this.numberEnd(bytes, start) === end && this.decimal(form.limit, form.scale, cells as NumberCells, row);
      case UNSCALED: return this.#isPlain && this.#unscaled(bytes, start, end, form, cells as NumberCells, row);
      case DATE: return this.#isPlain && end - start === 10 && this.#times.day(bytes, start) && put(cells as NumberCells, row, this.#times.days);
      case TIME: {
        if (!this.#isPlain || form.counted !== form.units) return false;
        const count = this.#times.time(bytes, start, end, form.units, 9);
        return Number.isSafeInteger(count) && put(cells as NumberCells, row, count);
      }
      default: return false;
    }
  }

  /** Writes the text at `at`, behind its quote, and returns where its closing quote is; -1: it is not of the usual form. */
  text(bytes: Buffer, at: number, last: number, escaped: boolean, cells: TextCells, row: number): number {
    const end = this.textEnd(bytes, at, last, escaped);
    return end < 0 || !this.#string(bytes, at, end, escaped, cells, row) ? -1 : end;
  }

  #string(bytes: Buffer, start: number, end: number, escaped: boolean, { strings, codes }: TextCells, row: number): boolean {
    let code: number;
    if (this.#isPlain) {
      if (isLeftOut(bytes, start, end)) return false;
      code = strings.codeAt(bytes, start, end - start);
    } else {
      const text = unescaped(bytes, start, end, escaped);
      if (text === null || isLeftOut(text, 0, text.length)) return false;
      code = strings.codeAt(text, 0, text.length);
    }
    codes[row] = code;
    return code !== 0;
  }

  /** The bytes of an integer in two's complement, the greatest first, as base64. */
  #unscaled(bytes: Buffer, start: number, end: number, { limit, factor }: ChangeForm, cells: NumberCells, row: number): boolean {
    const size = end - start;
    if (size === 0 || size > 8 || size % 4 !== 0) return false;
    let value = 0, bits = 0;
    for (let at = start; at < end; at += 1) {
      const digit = base64[bytes[at]!]!;
      if (digit < 0) {
        if (bytes[at] !== 61 || at < end - 2) return false;
        continue;
      }
      value = value * 64 + digit;
      bits += 6;
    }
    const whole = bits - (bits % 8);
    value = Math.floor(value / 2 ** (bits % 8));
    if (value >= 2 ** (whole - 1)) value -= 2 ** whole;
    const unscaled = value * factor;
    return unscaled < limit && unscaled > -limit && put(cells, row, unscaled);
  }
}

function put(cells: NumberCells, row: number, value: number): true {
  cells.values[row] = value;
  return true;
}

/** Halves go away from zero. */
function halfUp(value: number, divisor: number): number {
  const size = Math.abs(value), rest = size % divisor;
  const quotient = (size - rest) / divisor + (rest * 2 >= divisor ? 1 : 0);
  return value < 0 && quotient > 0 ? -quotient : quotient;
}

/** By byte: six bits; -1: none. */
const base64 = Int8Array.from({ length: 256 }, (_, byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(String.fromCharCode(byte)));
