/** Values of columns from the bytes of a change: of the usual form, or not at all. Everything here runs for each value. */
import { ByteTimes } from './byte-times.js';
import { BOOLEAN, DATE, DECIMAL, INTEGER, REAL, SINGLE, TEXT, TIME, UNSCALED, digitsMax, powers, type ChangeForm } from './change-forms.js';
import { leftOutTexts } from './debezium-values.js';
import { unescaped } from './escaped-text.js';
import { textEnd } from './json-tree.js';
import type { Cells, NumberCells, TextCells } from './message-cells.js';

const quote = 34, backslash = 92, minus = 45, point = 46, zero = 48, nine = 57, space = 32;

/** The days that a DATE holds; PostgreSQL's infinities lie beyond, and are left to who knows them. */
const firstDay = -719_162, lastDay = 2_932_896;

/** Debezium writes this where a value was left out as unchanged. */
const leftOut = leftOutTexts.map((text) => Buffer.from(text, 'latin1'));
const leftOutLeast = Math.min(...leftOut.map(({ length }) => length));

function isLeftOut(bytes: Uint8Array, start: number, end: number): boolean {
  // Most texts are shorter.
  return end - start >= leftOutLeast && leftOut.some((text) => end - start === text.length && bytes[start] === text[0] && text.every((letter, at) => letter === bytes[start + at]));
}

export class ChangeValues {
  /** The last number, without its point, and its digits after that. */
  number = 0;
  places = 0;
  /** Of the bytes that are read. */
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
      if (end < 0 || !this.#text(bytes, start, end, escaped, form, cells, row)) return -1;
      return end + (escaped ? 2 : 1);
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
    for (; at + 4 <= last; at += 4) {
      const word = view.getInt32(at, true), slash = word ^ 0x5c5c5c5c, mark = word ^ 0x22222222;
      if ((((slash - 0x01010101) & ~slash) | ((mark - 0x01010101) & ~mark) | ((word - 0x20202020) & ~word)) & 0x80808080) break;
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
    let at = bytes[start] === minus ? start + 1 : start;
    const first = at;
    let value = 0;
    let byte = bytes[at]!;
    while (byte >= zero && byte <= nine) {
      value = value * 10 + (byte - zero);
      byte = bytes[++at]!;
    }
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === zero)) return -1;
    this.places = 0;
    if (byte === point) {
      const fraction = at + 1;
      byte = bytes[++at]!;
      while (byte >= zero && byte <= nine) {
        value = value * 10 + (byte - zero);
        byte = bytes[++at]!;
      }
      this.places = at - fraction;
      if (this.places === 0) return -1;
      digits += this.places;
      if (digits > digitsMax || this.places > digitsMax) return -1;
    }
    if (digits > 16 || value > Number.MAX_SAFE_INTEGER || byte === 101 || byte === 69 || (value === 0 && first !== start)) return -1;
    this.number = first !== start ? -value : value;
    return at;
  }

  #number({ form, limit, scale, units, counted }: ChangeForm, cells: NumberCells, row: number): boolean {
    const { number, places } = this;
    switch (form) {
      case INTEGER: return places === 0 && number >= -limit && number < limit && put(cells, row, number);
      case DECIMAL: return this.#decimal(limit, scale, cells, row);
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

  #decimal(limit: number, scale: number, cells: NumberCells, row: number): boolean {
    const { number, places } = this;
    const unscaled = places > scale ? halfUp(number, powers[places - scale]!) : scale - places <= digitsMax ? number * powers[scale - places]! : Infinity;
    return unscaled < limit && unscaled > -limit && put(cells, row, unscaled);
  }

  #text(bytes: Buffer, start: number, end: number, escaped: boolean, form: ChangeForm, cells: Cells, row: number): boolean {
    switch (form.form) {
      case TEXT: {
        const { strings, codes } = cells as TextCells;
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
      case DECIMAL: return this.#isPlain && start < end && this.numberEnd(bytes, start) === end && this.#decimal(form.limit, form.scale, cells as NumberCells, row);
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
