/** Columns of DuckDB's vectors as Arrow's: which type each becomes, and the buffers of a record batch. */
import { Binary, Bool, DateDay, Decimal, Float32, Float64, Int16, Int32, Int64, Int8, Timestamp, Uint16, Uint32, Uint64, Uint8, Utf8, type DataType } from 'apache-arrow/type';
import { TimeUnit } from 'apache-arrow/enum';
import { TapewrightError } from '../core/errors.js';
import { bytesAt, isValid } from '../sources/duck.js';

export interface ArrowKind {
  readonly type: DataType;
  /** Bytes of a value in DuckDB's vector. */
  readonly width: number;
  readonly layout: 'same' | 'bits' | 'decimal' | 'text';
}

const same = (type: DataType, width: number): ArrowKind => ({ type, width, layout: 'same' });

const kinds: Readonly<Record<string, ArrowKind>> = {
  BOOLEAN: { type: new Bool(), width: 1, layout: 'bits' },
  TINYINT: same(new Int8(), 1), SMALLINT: same(new Int16(), 2), INTEGER: same(new Int32(), 4), BIGINT: same(new Int64(), 8),
  UTINYINT: same(new Uint8(), 1), USMALLINT: same(new Uint16(), 2), UINTEGER: same(new Uint32(), 4), UBIGINT: same(new Uint64(), 8),
  HUGEINT: { type: new Decimal(0, 38, 128), width: 16, layout: 'decimal' },
  FLOAT: same(new Float32(), 4), DOUBLE: same(new Float64(), 8), DATE: same(new DateDay(), 4),
  TIMESTAMP_S: same(new Timestamp(TimeUnit.SECOND), 8), TIMESTAMP_MS: same(new Timestamp(TimeUnit.MILLISECOND), 8),
  TIMESTAMP: same(new Timestamp(TimeUnit.MICROSECOND), 8), TIMESTAMP_NS: same(new Timestamp(TimeUnit.NANOSECOND), 8),
  'TIMESTAMP WITH TIME ZONE': same(new Timestamp(TimeUnit.MICROSECOND, 'UTC'), 8),
  VARCHAR: { type: new Utf8(), width: 16, layout: 'text' }, BLOB: { type: new Binary(), width: 16, layout: 'text' },
  '"NULL"': same(new Int32(), 4),
};

/** `type` as DuckDB's DESCRIBE says it. Throws SQL_UNSUPPORTED for one that is not written. */
export function arrowKind(name: string, type: string): ArrowKind {
  if (kinds[type] !== undefined) return kinds[type];
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal === null) throw new TapewrightError('SQL_UNSUPPORTED', `column ${name}: ${type} is not written to Arrow; CAST it, for instance to VARCHAR`, { column: name, type });
  const precision = Number(decimal[1]);
  return { type: new Decimal(Number(decimal[2]), precision, 128), width: precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16, layout: 'decimal' };
}

/** Gathers the vectors of one column until a record batch is full. */
export class ArrowColumnWriter {
  #rows = 0;
  #nulls = 0;
  #validity: Uint8Array;
  readonly #pieces: Uint8Array[] = [];
  #bits: Uint8Array;
  readonly #offsets: Int32Array;
  #bytes = 0;

  constructor(private readonly name: string, private readonly kind: ArrowKind, capacity: number) {
    this.#validity = new Uint8Array((capacity + 7) >> 3).fill(255);
    this.#bits = new Uint8Array(kind.layout === 'bits' ? (capacity + 7) >> 3 : 0);
    this.#offsets = new Int32Array(kind.layout === 'text' ? capacity + 1 : 0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(data: Uint8Array, validity: Uint8Array | null, count: number): void {
    const first = this.#rows;
    this.#rows += count;
    if (validity !== null) {
      for (let row = 0; row < count; row += 1) {
        if (isValid(validity, row)) continue;
        this.#validity[(first + row) >> 3]! &= ~(1 << ((first + row) & 7));
        this.#nulls += 1;
      }
    }
    switch (this.kind.layout) {
      case 'bits':
        for (let row = 0; row < count; row += 1) if (data[row] === 1) this.#bits[(first + row) >> 3]! |= 1 << ((first + row) & 7);
        break;
      case 'text': return this.#appendTexts(data, validity, first, count);
      default: {
        const piece = this.kind.layout === 'decimal' && this.kind.width < 16 ? widened(data, this.kind.width, count) : data.slice(0, count * this.kind.width);
        if (this.kind.width === 16) this.#checkDigits(piece, validity, count);
        // The slot of a NULL holds what was there before, which nobody shall see.
        if (validity !== null) clear(piece, validity, count);
        this.#pieces.push(piece);
        this.#bytes += piece.length;
      }
    }
  }

  /** What the record batch holds of the column, and starts on the next one. */
  take(): { readonly nulls: number; readonly buffers: readonly Uint8Array[] } {
    const rows = this.#rows, nulls = this.#nulls, bits = (rows + 7) >> 3;
    const validity = nulls === 0 ? new Uint8Array(0) : this.#validity.slice(0, bits);
    if (nulls > 0 && (rows & 7) !== 0) validity[bits - 1]! &= (1 << (rows & 7)) - 1;
    const values = this.kind.layout === 'bits' ? this.#bits.slice(0, bits) : Buffer.concat(this.#pieces);
    const offsets = this.kind.layout === 'text' ? [new Uint8Array(this.#offsets.slice(0, rows + 1).buffer)] : [];
    this.#rows = this.#nulls = this.#bytes = 0;
    this.#validity.fill(255);
    this.#bits.fill(0);
    this.#pieces.length = 0;
    return { nulls, buffers: [validity, ...offsets, values] };
  }

  #appendTexts(data: Uint8Array, validity: Uint8Array | null, first: number, count: number): void {
    const texts = Array.from({ length: count }, (_, row) => (validity === null || isValid(validity, row) ? bytesAt(data, row) : null));
    const size = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
    const piece = new Uint8Array(size);
    let at = 0;
    texts.forEach((text, row) => {
      if (text !== null) {
        piece.set(text, at);
        at += text.length;
      }
      this.#offsets[first + row + 1] = this.#bytes + at;
    });
    this.#pieces.push(piece);
    this.#bytes += size;
  }

  /** HUGEINT has values of 39 digits, which no decimal has. */
  #checkDigits(piece: Uint8Array, validity: Uint8Array | null, count: number): void {
    const halves = new BigInt64Array(piece.buffer, piece.byteOffset, count * 2);
    for (let row = 0; row < count; row += 1) {
      if (validity !== null && !isValid(validity, row)) continue;
      const value = (halves[row * 2 + 1]! << 64n) | BigInt.asUintN(64, halves[row * 2]!);
      if (value < 10n ** 38n && value > -(10n ** 38n)) continue;
      throw new TapewrightError('SQL_UNSUPPORTED', `column ${this.name}: ${value} has more than 38 digits, and Arrow's decimals have no more; CAST it to VARCHAR`, { column: this.name });
    }
  }
}

/** Integers of 2, 4 or 8 bytes as integers of 16. */
function widened(data: Uint8Array, width: number, count: number): Uint8Array {
  const of = [data.buffer as ArrayBuffer, data.byteOffset, count] as const;
  const source = width === 2 ? new Int16Array(...of) : width === 4 ? new Int32Array(...of) : new BigInt64Array(...of);
  const target = new BigInt64Array(count * 2);
  for (let row = 0; row < count; row += 1) {
    const value = BigInt(source[row]!);
    target[row * 2] = value;
    target[row * 2 + 1] = value >> 63n;
  }
  return new Uint8Array(target.buffer);
}

function clear(piece: Uint8Array, validity: Uint8Array, count: number): void {
  const width = piece.length / count;
  for (let row = 0; row < count; row += 1) if (!isValid(validity, row)) piece.fill(0, row * width, (row + 1) * width);
}
