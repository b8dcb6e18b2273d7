/** Avro's decimals and times as values of a column's type; undefined: the value is none of it. */
import { toInt64 } from '../core/int64.js';
import type { Int64, SqlType } from '../core/types.js';
import { decimalFromText } from '../functions/decimals.js';
import type { Value } from '../sources/values.js';
import { unscaledAt } from './avro-bytes.js';

/** Longer ones are rubbish: 38 digits have 16 bytes. */
const decimalBytesMax = 64;

/** An integer counts `10^-scale`. Digits beyond the column's scale are rounded, as a CAST rounds. */
export const decimalOf = ({ precision, scale: to }: SqlType, scale: number) => (unscaled: Int64): Value =>
  decimalFromText(`${unscaled}e-${scale}`, precision!, to!) ?? undefined;

export function decimalAt(type: SqlType, scale: number): (bytes: Uint8Array, at: number, size: number) => Value {
  const read = decimalOf(type, scale);
  return (bytes, at, size) => (size > decimalBytesMax ? undefined : read(unscaledAt(bytes, at, size)));
}

/** A count of one unit of a second as one of another, floored. */
export function scaledTime(from: number, to: number): (value: Int64) => Value {
  if (from < to) {
    return (value) => {
      const finer = BigInt(value) * BigInt(to / from);
      return BigInt.asIntN(64, finer) === finer ? toInt64(finer) : undefined;
    };
  }
  const ratio = from / to;
  return (value) => {
    if (typeof value === 'bigint') {
      const divisor = BigInt(ratio), left = value % divisor;
      const coarser = toInt64((value - (left < 0n ? left + divisor : left)) / divisor);
      return typeof coarser === 'number' || to > 1e3 ? coarser : undefined;
    }
    const left = value % ratio;
    return (value - (left < 0 ? left + ratio : left)) / ratio;
  };
}
