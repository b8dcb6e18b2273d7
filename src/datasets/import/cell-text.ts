/** Values of typed columns as text, with all their digits: as DuckDB writes them. */
import { cell, type Column } from '../../core/batch.js';
import { timestampUnits, type Int64, type SqlType } from '../../core/types.js';

/** Null for NULL. Times are `2026-03-02 14:30:00.123456`, UTC; bytes in hexadecimal. */
export function cellText(column: Column, row: number, type: SqlType): string | null {
  const value = cell(column, row);
  if (value === null) return null;
  switch (type.kind) {
    case 'BOOLEAN': return value === 1 ? 'true' : 'false';
    case 'BYTES': return Buffer.from(value as string, 'latin1').toString('hex').toUpperCase();
    case 'DATE': return new Date(Number(value) * 86_400_000).toISOString().slice(0, -14);
    case 'DECIMAL': return decimalText(value as Int64, type.scale!);
    case 'FLOAT': case 'DOUBLE': return Number.isFinite(value) ? numberText(value as number) : String(value).toLowerCase().replace('infinity', 'inf');
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return timeText(value as Int64, type.precision ?? 6);
    default: return String(value);
  }
}

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function decimalText(unscaled: Int64, scale: number): string {
  const sign = unscaled < 0 ? '-' : '';
  const digits = String(unscaled).replace('-', '').padStart(scale + 1, '0');
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function timeText(value: Int64, precision: number): string {
  const units = BigInt(timestampUnits(precision)), big = BigInt(value);
  const rest = ((big % units) + units) % units;
  const date = new Date(Number((big - rest) / units) * 1000);
  // Beyond the calendar it is a number, which no reader of times takes for one.
  if (Number.isNaN(date.getTime())) return String(value);
  const second = date.toISOString().replace('T', ' ').slice(0, -5);
  return rest === 0n ? second : `${second}.${String(rest).padStart(units === 1000n ? 3 : units === 1_000_000n ? 6 : 9, '0')}`;
}
