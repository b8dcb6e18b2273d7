/** Integers beyond ±2^53 in a column that is held as doubles. */
import { TapewrightError } from '../core/errors.js';
import type { WireColumn } from './columns.js';
import type { RawColumn } from './reader.js';

/** The column as it may be held: as it is, rounded, or refused with DATASET_INVALID. `position`: of its first row; `name`: with the table's. */
export function settled(column: RawColumn, beyond: WireColumn['beyond'], name: string, position: number): RawColumn {
  if (column.kind !== 'wide' || beyond === 'keep') return column;
  const values = Float64Array.from(column.values as BigInt64Array, Number);
  const row = beyond === 'round' ? -1 : values.findIndex((value) => !Number.isSafeInteger(value));
  if (row < 0) return { kind: 'number', values, nulls: column.nulls };
  throw new TapewrightError('DATASET_INVALID', `${name} is declared DOUBLE, but row ${position + row} holds the integer ${column.values[row]}, which no DOUBLE can; declare it BIGINT`, { column: name, row: position + row });
}
