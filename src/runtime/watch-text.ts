/** Values in as few characters as tell them apart on a screen. */
import type { Int64, SqlType } from '../core/types.js';
import { timestampUnits } from '../core/types.js';

/** `14:31:07.250`; '' for no time. */
export function clockText(millis: number): string {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(11, 23);
}

/** Epoch ms of a physical value of a time. */
export function timeMillis(type: SqlType, value: Int64): number {
  if (type.kind === 'DATE') return Number(value) * 86_400_000;
  return Math.floor(Number(value) / (timestampUnits(type.precision ?? 6) / 1_000));
}

/** A physical value, NULL as a dash. Doubles have seven digits. */
export function cellText(type: SqlType, value: Int64 | string | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  switch (type.kind) {
    case 'BOOLEAN': return value === 0 ? 'false' : 'true';
    case 'DOUBLE': case 'FLOAT': return realText(Number(value));
    case 'DECIMAL': return realText(Number(value) / Number(10n ** BigInt(type.scale!)));
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return clockText(timeMillis(type, value));
    case 'DATE': return new Date(timeMillis(type, value)).toISOString().slice(0, 10);
    default: return String(value);
  }
}

/** Seven digits. */
export const realText = (value: number): string => String(Number(value.toPrecision(7)));
