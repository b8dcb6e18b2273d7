/** How declared types are written: DuckDB's type, which decides Parquet's, and the layout of its vector. */
import { TapewrightError } from '../core/errors.js';
import { typeName, type Field, type SqlType } from '../core/types.js';

/** Bytes of a value in a DuckDB vector. */
export type Layout = 'u8' | 'i8' | 'i16' | 'i32' | 'i64' | 'i128' | 'f32' | 'f64' | 'text' | 'blob';

export interface DuckType {
  /** As DuckDB's SQL names it. */
  readonly name: string;
  readonly layout: Layout;
  /** The vector holds the physical value times this: times of fewer digits than DuckDB's type has. */
  readonly scale: 1 | 1000;
}

const plain: Readonly<Partial<Record<SqlType['kind'], readonly [string, Layout]>>> = {
  BOOLEAN: ['BOOLEAN', 'u8'], TINYINT: ['TINYINT', 'i8'], SMALLINT: ['SMALLINT', 'i16'], INT: ['INTEGER', 'i32'],
  BIGINT: ['BIGINT', 'i64'], FLOAT: ['FLOAT', 'f32'], DOUBLE: ['DOUBLE', 'f64'], DATE: ['DATE', 'i32'],
  STRING: ['VARCHAR', 'text'], BYTES: ['BLOB', 'blob'], INTERVAL_DAY: ['BIGINT', 'i64'], INTERVAL_MONTH: ['INTEGER', 'i32'],
  NULL: ['INTEGER', 'i32'],
};

/**
 * TIMESTAMP becomes a Parquet timestamp not adjusted to UTC, in ms, µs or ns; TIMESTAMP_LTZ one that is, in µs.
 * Throws SQL_UNSUPPORTED for TIMESTAMP_LTZ(7) and finer, which DuckDB cannot write.
 */
export function duckType({ name, type }: Field): DuckType {
  const digits = type.precision ?? 6;
  if (type.kind === 'TIMESTAMP') {
    return { name: digits <= 3 ? 'TIMESTAMP_MS' : digits <= 6 ? 'TIMESTAMP' : 'TIMESTAMP_NS', layout: 'i64', scale: 1 };
  }
  if (type.kind === 'TIMESTAMP_LTZ') {
    if (digits > 6) throw new TapewrightError('SQL_UNSUPPORTED', `column ${name}: ${typeName(type, false)} cannot be written to Parquet; CAST it to TIMESTAMP_LTZ(6)`, { column: name });
    return { name: 'TIMESTAMPTZ', layout: 'i64', scale: digits <= 3 ? 1000 : 1 };
  }
  if (type.kind === 'DECIMAL') {
    const precision = type.precision!;
    const layout = precision <= 4 ? 'i16' : precision <= 9 ? 'i32' : precision <= 18 ? 'i64' : 'i128';
    return { name: `DECIMAL(${precision}, ${type.scale})`, layout, scale: 1 };
  }
  const [duckName, layout] = plain[type.kind]!;
  return { name: duckName, layout, scale: 1 };
}
