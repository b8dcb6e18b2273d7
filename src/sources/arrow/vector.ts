/** Values of an Arrow column in the layout of a wire: what the builders of `decode.ts` take, as if DuckDB had read them. */
import { TapewrightError } from '../../core/errors.js';
import type { Wire } from '../decode.js';
import type { ColumnBuffers } from './file.js';
import type { Layout } from './schema.js';

/** Rows from..to, by their number in the batch; the result's row 0 is `from`. Throws RangeError where values are missing, DATASET_INVALID for one that does not fit. */
export type Convert = (from: number, to: number) => Uint8Array;

/** How a declared type wants the values: digits after the point of a decimal, and in all; units a second of a time. */
export interface Wanted {
  readonly scale: number;
  readonly precision: number;
  readonly unitsPerSecond: number;
  /** For messages. */
  readonly name: string;
}

/** What a column's values become: those of `wire`. `rows` is the batch's. */
export function converter(wire: Wire, layout: Layout, column: ColumnBuffers, wanted: Wanted): Convert {
  if (layout.kind === 'null') return (from, to) => new Uint8Array((to - from) * 16);
  const values = readable(layout, column);
  switch (wire.kind) {
    case 'double': return doubles(layout, values);
    case 'days': return days(layout, values);
    case 'int128': return decimals(layout, values, wanted, column.validity, true);
    default: return wanted.precision > 0 ? decimals(layout, values, wanted, column.validity, false) : longs(layout, values, wanted, column.validity);
  }
}

type Values = Exclude<ReturnType<typeof readable>, null>;

/** The data buffer as numbers, checked to hold as many as there are rows. */
function readable(layout: Layout, { buffers, length }: ColumnBuffers): { readonly at: (row: number) => number | bigint; readonly array: ArrayBufferView } {
  const data = buffers[0]!;
  const bytes = layout.kind === 'bits' ? 0 : layout.kind === 'days' ? 4 : 'bytes' in layout ? layout.bytes : 8;
  if (layout.kind === 'bits' ? data.length * 8 < length : data.length < length * bytes) throw new RangeError('values are missing');
  const over = <T extends ArrayLike<number | bigint> & ArrayBufferView>(array: T) => ({ at: (row: number) => array[row]!, array });
  const of = [data.buffer as ArrayBuffer, data.byteOffset] as const;
  switch (layout.kind) {
    case 'bits': return { at: (row) => (data[row >> 3]! >> (row & 7)) & 1, array: data };
    case 'days': return over(new Int32Array(...of, length));
    case 'float': return layout.bytes === 8 ? over(new Float64Array(...of, length)) : layout.bytes === 4 ? over(new Float32Array(...of, length)) : { at: (row) => half(data, row), array: data };
    case 'decimal': return layout.bytes <= 8 ? over(layout.bytes === 4 ? new Int32Array(...of, length) : new BigInt64Array(...of, length)) : { at: wideInteger(data, layout.bytes / 8), array: data };
    case 'integer': return over(integerArray(layout, of, length));
    default: return over(new BigInt64Array(...of, length));
  }
}

function integerArray({ bytes, signed }: Extract<Layout, { kind: 'integer' }>, of: readonly [ArrayBuffer, number], length: number) {
  switch (bytes) {
    case 1: return signed ? new Int8Array(...of, length) : new Uint8Array(...of, length);
    case 2: return signed ? new Int16Array(...of, length) : new Uint16Array(...of, length);
    case 4: return signed ? new Int32Array(...of, length) : new Uint32Array(...of, length);
    default: return signed ? new BigInt64Array(...of, length) : new BigUint64Array(...of, length);
  }
}

/** Little-endian, signed, of several 64-bit words. */
function wideInteger(data: Uint8Array, words: number): (row: number) => bigint {
  const low = new BigUint64Array(data.buffer, data.byteOffset, data.length >> 3);
  const high = new BigInt64Array(data.buffer, data.byteOffset, data.length >> 3);
  return (row) => {
    let value = high[row * words + words - 1]!;
    for (let word = words - 2; word >= 0; word -= 1) value = (value << 64n) | low[row * words + word]!;
    return value;
  };
}

/** A number of 16 bits: sign, 5 bits of exponent, 10 of fraction. */
function half(data: Uint8Array, row: number): number {
  const bits = data[row * 2]! | (data[row * 2 + 1]! << 8);
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent === 31 ? (fraction === 0 ? Infinity : NaN) : exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return (bits & 0x8000) === 0 ? size : -size;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

function doubles(layout: Layout, { at, array }: Values): Convert {
  if (array instanceof Float64Array) return (from, to) => bytesOf(array.subarray(from, to));
  const value = layout.kind === 'decimal' && layout.scale >= 0 ? (row: number) => decimalToDouble(at(row), layout.scale) : (row: number) => Number(at(row));
  return (from, to) => {
    const target = new Float64Array(to - from);
    for (let row = from; row < to; row += 1) target[row - from] = value(row);
    return bytesOf(target);
  };
}

/** As DuckDB does it, so that the same rows are the same in any file: exact parts are divided, and then added. */
function decimalToDouble(unscaled: number | bigint, scale: number): number {
  const value = BigInt(unscaled);
  const power = 10n ** BigInt(scale);
  const isExact = value <= 9_007_199_254_740_992n && value >= -9_007_199_254_740_992n;
  return isExact || scale === 0 ? Number(value) / Number(power) : Number(value / power) + Number(value % power) / Number(power);
}

function days(layout: Layout, { at, array }: Values): Convert {
  if (layout.kind === 'days' && array instanceof Int32Array) return (from, to) => bytesOf(array.subarray(from, to));
  return (from, to) => {
    const target = new Int32Array(to - from);
    for (let row = from; row < to; row += 1) target[row - from] = Math.floor(Number(at(row)) / 86_400_000);
    return bytesOf(target);
  };
}

/** Coarser times, and epoch milliseconds, are multiplied here; finer ones are floored by the builder. */
function factorOf(layout: Layout, { unitsPerSecond }: Wanted): bigint {
  const own = layout.kind === 'time' ? layout.unitsPerSecond : 1e3;
  return unitsPerSecond > own ? BigInt(unitsPerSecond / own) : 1n;
}

/** 64-bit values, multiplied. The slot of a NULL holds anything, which must not stop the run. */
function longs(layout: Layout, { at, array }: Values, wanted: Wanted, validity: Uint8Array | null): Convert {
  const factor = factorOf(layout, wanted);
  if (array instanceof BigInt64Array && factor === 1n) return (from, to) => bytesOf(array.subarray(from, to));
  return (from, to) => {
    const target = new BigInt64Array(to - from);
    for (let row = from; row < to; row += 1) {
      if (isValidAt(validity, row)) {
        const value = BigInt(at(row)) * factor;
        target[row - from] = BigInt.asIntN(64, value) === value ? value : outside(value, wanted);
      }
    }
    return bytesOf(target);
  };
}

function decimals(layout: Layout, { at }: Values, wanted: Wanted, validity: Uint8Array | null, wide: boolean): Convert {
  const { scale, precision } = wanted;
  const factor = 10n ** BigInt(scale - (layout.kind === 'decimal' ? layout.scale : 0));
  const limit = 10n ** BigInt(precision);
  return (from, to) => {
    const target = new BigInt64Array((to - from) * (wide ? 2 : 1));
    for (let row = from; row < to; row += 1) {
      if (!isValidAt(validity, row)) continue;
      const value = BigInt(at(row)) * factor;
      if (value >= limit || value <= -limit) outside(value, wanted);
      if (wide) {
        target[(row - from) * 2] = BigInt.asIntN(64, value);
        target[(row - from) * 2 + 1] = value >> 64n;
      } else target[row - from] = value;
    }
    return bytesOf(target);
  };
}

function outside(value: bigint, { name }: Wanted): never {
  throw new TapewrightError('DATASET_INVALID', `${name}: a value (${value}) is beyond the declared type; declare a wider one, or convert it with --map TABLE.COLUMN=EXPRESSION`, { value: String(value) });
}

const isValidAt = (validity: Uint8Array | null, row: number): boolean => validity === null || (validity[row >> 3]! & (1 << (row & 7))) !== 0;
