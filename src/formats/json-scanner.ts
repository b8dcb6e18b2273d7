/**
 * JSON objects of the usual form, read from their bytes: flat, each member once, texts without escapes, numbers of up to
 * fifteen digits. Whatever is not of that form is left to a reader that knows all of JSON, so nothing is read in two ways;
 * but members that no column wants may hold bytes that are no UTF-8.
 */
import { timestampUnits, type SqlType } from '../core/types.js';
import { ByteTimes } from './byte-times.js';
import type { SourceColumn } from '../sources/source.js';
import type { Cells, NumberCells, TextCells } from './message-cells.js';

/** How a column's values look, where they are of the usual form. */
type Form = 'text' | 'boolean' | 'real' | 'single' | 'integer' | 'decimal' | 'date' | 'time' | 'other';

interface Member {
  /** Of its name. */
  readonly bytes: Uint8Array;
  /** -1: no column. */
  readonly column: number;
}

interface ScannedColumn {
  readonly form: Form;
  /** Of integers: values lie in [-limit, limit). Of decimals: unscaled values lie within ±limit. */
  readonly limit: number;
  readonly scale: number;
}

const quote = 34, backslash = 92, comma = 44, colon = 58, open = 123, close = 125, minus = 45, point = 46, zero = 48, nine = 57, space = 32;

/** More digits than these are not exact as a number. */
const digitsMax = 15;

/** Exact: each is an integer below 2^53. */
const powers = Array.from({ length: digitsMax + 1 }, (_, exponent) => Number(`1e${exponent}`));


export class JsonScanner {
  readonly #columns: readonly ScannedColumn[];
  readonly #members = new Map<string, number>();
  /** What stood at each place in the objects before: they have mostly the same members. */
  readonly #shape: Member[] = [];
  /** By column: the number of the last object that had it. */
  readonly #seen: Float64Array;
  /** By column: whether it is NULL where its member is not there. Not so if that might have another column's name. */
  readonly #fillable: readonly boolean[];
  #object = 0;
  #at = 0;
  /** Where the object ends. */
  #last = 0;
  #number = 0;
  /** Of the last number: digits after the point. */
  #places = 0;
  readonly #times = new ByteTimes();

  /** `aliases`: other names of columns. Missing members are NULL where `nullable` says so. */
  constructor(columns: readonly SourceColumn[], aliases: readonly (string | null)[], private readonly nullable: readonly boolean[]) {
    this.#columns = columns.map(({ type }) => scanned(type));
    aliases.forEach((alias, column) => {
      if (alias !== null) this.#members.set(alias, column);
    });
    // A column's own name goes before another's alias.
    columns.forEach(({ name }, column) => this.#members.set(name, column));
    this.#seen = new Float64Array(columns.length);
    this.#fillable = nullable.map((isNullable, column) => isNullable && !columns.some(({ name }) => name === aliases[column]));
  }

  /** The object at bytes[first..last). False: it is not of the usual form, or has something wrong; cells of the row may have been written. */
  read(bytes: Uint8Array, first: number, last: number, row: number, cells: readonly Cells[]): boolean {
    this.#object += 1;
    this.#at = first;
    this.#last = last;
    if (this.#next(bytes) !== open) return false;
    for (let place = 0; ; place += 1) {
      if (this.#next(bytes) !== quote) return false;
      const column = this.#member(bytes, place);
      if (column === -2 || this.#next(bytes) !== colon) return false;
      if (column >= 0) {
        if (this.#seen[column] === this.#object) return false;
        this.#seen[column] = this.#object;
      }
      if (!(column < 0 ? this.#pass(bytes) : this.#value(bytes, column, row, cells[column]!))) return false;
      const after = this.#next(bytes);
      if (after === close) break;
      if (after !== comma) return false;
    }
    return this.#next(bytes) === -1 && this.#fill(row, cells);
  }

  /** The next byte that is no white space, and behind it; -1 at the end. */
  #next(bytes: Uint8Array): number {
    while (this.#at < this.#last) {
      const byte = bytes[this.#at++]!;
      if (byte > space || (byte !== space && byte !== 10 && byte !== 13 && byte !== 9)) return byte;
    }
    return -1;
  }

  /** Members that are not there. */
  #fill(row: number, cells: readonly Cells[]): boolean {
    for (let column = 0; column < cells.length; column += 1) {
      if (this.#seen[column] === this.#object) continue;
      if (!this.#fillable[column]!) return false;
      cells[column]!.setNull(row);
    }
    return true;
  }

  /** The column of the member whose name begins at `#at`; -1: of none; -2: not of the usual form. */
  #member(bytes: Uint8Array, place: number): number {
    const known = this.#shape[place];
    if (known !== undefined) {
      const { bytes: name, column } = known;
      let same = 0;
      while (same < name.length && name[same] === bytes[this.#at + same]) same += 1;
      if (same === name.length && this.#at + same < this.#last && bytes[this.#at + same] === quote) {
        this.#at += same + 1;
        return column;
      }
    }
    const start = this.#at;
    const end = this.#textEnd(bytes);
    if (end < 0) return -2;
    const name = Uint8Array.from(bytes.subarray(start, end));
    const column = this.#members.get(Buffer.from(name.buffer).toString('utf8')) ?? -1;
    // Objects with endlessly many members are not worth remembering.
    if (place < 256) this.#shape[place] = { bytes: name, column };
    return column;
  }

  /** The end of a text whose first byte is at `#at`, which goes behind its quote; -1: it has escapes, or does not end. */
  #textEnd(bytes: Uint8Array): number {
    for (let at = this.#at; at < this.#last; at += 1) {
      const byte = bytes[at]!;
      if (byte === quote) {
        this.#at = at + 1;
        return at;
      }
      if (byte === backslash || byte < space) return -1;
    }
    return -1;
  }

  #pass(bytes: Uint8Array): boolean {
    const first = this.#next(bytes);
    if (first === quote) return this.#textEnd(bytes) >= 0;
    if (first === minus || (first >= zero && first <= nine)) return this.#isNumber(bytes, first);
    return this.#literal(bytes, first) !== null;
  }

  /** `true`, `false` and `null` as 1, 0 and -1. */
  #literal(bytes: Uint8Array, first: number): number | null {
    const word = first === 116 ? 'true' : first === 102 ? 'false' : first === 110 ? 'null' : null;
    if (word === null || this.#at + word.length - 1 > this.#last) return null;
    for (let index = 1; index < word.length; index += 1) if (bytes[this.#at++] !== word.charCodeAt(index)) return null;
    return first === 116 ? 1 : first === 102 ? 0 : -1;
  }

  #value(bytes: Uint8Array, column: number, row: number, cells: Cells): boolean {
    const first = this.#next(bytes);
    const { form, limit, scale } = this.#columns[column]!;
    if (first === quote) {
      const start = this.#at, end = this.#textEnd(bytes);
      if (end < 0) return false;
      if (form === 'text') return this.#text(bytes, start, end, row, cells as TextCells);
      if (form === 'time') {
        // Finer times are left to who says that they are floored.
        const millis = this.#times.time(bytes, start, end, 1000, 3);
        return !Number.isNaN(millis) && this.#put(cells, row, millis);
      }
      return form === 'date' && end - start === 10 && this.#times.day(bytes, start) && this.#put(cells, row, this.#times.days);
    }
    if (first === minus || (first >= zero && first <= nine)) {
      if (form === 'text' || !this.#isNumber(bytes, first)) return false;
      const number = this.#number, places = this.#places;
      switch (form) {
        case 'real': return this.#put(cells, row, number / powers[places]!);
        case 'single': return this.#put(cells, row, Math.fround(number / powers[places]!));
        case 'integer': return places === 0 && number >= -limit && number < limit && this.#put(cells, row, number);
        case 'decimal': {
          const unscaled = places <= scale && scale - places <= digitsMax ? number * powers[scale - places]! : Infinity;
          return unscaled < limit && unscaled > -limit && this.#put(cells, row, unscaled);
        }
        case 'time': return places === 0 && this.#put(cells, row, number);
        default: return false;
      }
    }
    const literal = this.#literal(bytes, first);
    if (literal === null) return false;
    if (literal >= 0) return form === 'boolean' && this.#put(cells, row, literal);
    if (!this.nullable[column]!) return false;
    cells.setNull(row);
    return true;
  }

  #put(cells: Cells, row: number, value: number): true {
    (cells as NumberCells).values[row] = value;
    return true;
  }

  #text(bytes: Uint8Array, start: number, end: number, row: number, cells: TextCells): boolean {
    const code = cells.strings.codeAt(bytes, start, end - start);
    cells.codes[row] = code;
    return code !== 0;
  }

  /** To `#number`, without its point, and `#places`. False: it has an exponent, too many digits, or is -0. */
  #isNumber(bytes: Uint8Array, first: number): boolean {
    let value = first === minus ? 0 : first - zero, at = this.#at;
    const start = first === minus ? at : at - 1;
    let byte = bytes[at];
    while (byte !== undefined && byte >= zero && byte <= nine) {
      value = value * 10 + (byte - zero);
      byte = bytes[++at];
    }
    let digits = at - start;
    // No leading zeros, and a digit at least.
    if (digits === 0 || (digits > 1 && bytes[start] === zero)) return false;
    this.#places = 0;
    if (byte === point) {
      const fraction = at + 1;
      byte = bytes[++at];
      while (byte !== undefined && byte >= zero && byte <= nine) {
        value = value * 10 + (byte - zero);
        byte = bytes[++at];
      }
      this.#places = at - fraction;
      if (this.#places === 0) return false;
      digits += this.#places;
    }
    if (digits > digitsMax || byte === 101 || byte === 69 || (value === 0 && first === minus)) return false;
    this.#at = at;
    this.#number = first === minus ? -value : value;
    return true;
  }
}

function scanned({ kind, precision, scale }: SqlType): ScannedColumn {
  const of = (form: Form, limit = 0): ScannedColumn => ({ form, limit, scale: scale ?? 0 });
  switch (kind) {
    case 'STRING': return of('text');
    case 'BOOLEAN': return of('boolean');
    case 'DOUBLE': return of('real');
    case 'FLOAT': return of('single');
    case 'TINYINT': return of('integer', 2 ** 7);
    case 'SMALLINT': return of('integer', 2 ** 15);
    case 'INT': return of('integer', 2 ** 31);
    case 'BIGINT': return of('integer', Infinity);
    case 'DECIMAL': return of('decimal', powers[Math.min(precision!, digitsMax)]!);
    case 'DATE': return of('date');
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return of(timestampUnits(precision ?? 6) === 1e3 ? 'time' : 'other');
    default: return of('other');
  }
}
