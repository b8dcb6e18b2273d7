/** Values that stand in no data file, as DuckDB's SQL: partition values and defaults. */
import { quoteText } from '../quote.js';
import { decimalOf, duckType, type IcebergType } from './types.js';

/** NULL, of the type. */
export const nullOf = (type: IcebergType): string => `CAST(NULL AS ${duckType(type)})`;

/** A default as metadata write it in JSON; null when it is none of the type. */
export function defaultLiteral(type: IcebergType, value: unknown): string | null {
  if (type.kind !== 'primitive' || (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')) return null;
  if (duckType(type) === 'BLOB') return typeof value === 'string' && /^([0-9a-f]{2})*$/i.test(value) ? `unhex('${value}')` : null;
  return cast(String(value), type);
}

/** A partition value as a manifest's Avro holds it: days, microseconds and unscaled digits as integers; null when it is none of the type. */
export function partitionLiteral(type: IcebergType, value: unknown): string | null {
  if (value === null) return nullOf(type);
  if (type.kind !== 'primitive') return null;
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : null;
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : null;
  const decimal = decimalOf(type.name);
  if (decimal !== null) return bytes === null ? null : cast(scaled(bytes, decimal.scale), type);
  switch (type.name) {
    case 'boolean': return typeof value === 'boolean' ? cast(String(value), type) : null;
    case 'int': case 'long': return whole === null ? null : cast(whole, type);
    case 'float': case 'double': return typeof value === 'number' ? cast(String(value), type) : null;
    case 'date': return whole === null ? null : `CAST(DATE '1970-01-01' + CAST(${whole} AS INTEGER) AS DATE)`;
    case 'time': return whole === null ? null : `CAST(make_timestamp(CAST(${whole} AS BIGINT)) AS TIME)`;
    case 'timestamp': return whole === null ? null : `make_timestamp(CAST(${whole} AS BIGINT))`;
    case 'timestamptz': return whole === null ? null : `(make_timestamp(CAST(${whole} AS BIGINT)) AT TIME ZONE 'UTC')`;
    case 'string': return typeof value === 'string' ? cast(value, type) : null;
    case 'uuid': return bytes?.length === 16 ? cast(bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), type) : null;
    default: return bytes === null ? null : `unhex('${bytes.toString('hex')}')`;
  }
}

const cast = (text: string, type: IcebergType): string | null => (text.includes('\0') ? null : `CAST(${quoteText(text)} AS ${duckType(type)})`);

/** Big-endian two's complement, as a decimal's text. */
function scaled(bytes: Buffer, scale: number): string {
  const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}
