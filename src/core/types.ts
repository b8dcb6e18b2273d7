/**
 * SQL types and how their values look in kernels, columns and constants ("physical values"):
 *
 * | type | physical value | column |
 * |---|---|---|
 * | BOOLEAN | number 0 or 1 in columns, boolean in expressions | Float64Array |
 * | TINYINT, SMALLINT, INT, DATE (days since 1970) | number | Float64Array |
 * | FLOAT (rounded to single), DOUBLE | number | Float64Array |
 * | BIGINT | Int64: number when a safe integer, else bigint | Float64Array, or array of Int64 |
 * | DECIMAL(p, s) | Int64-like unscaled integer (value · 10^s) | Float64Array, or array of Int64 |
 * | TIMESTAMP(p), TIMESTAMP_LTZ(p) | Int64 count of ms (p ≤ 3), µs (p ≤ 6) or ns since 1970 | as BIGINT |
 * | INTERVAL_DAY (ms), INTERVAL_MONTH (months) | number | Float64Array |
 * | STRING | string | dictionary codes, or array of string or null |
 * | BYTES (dead letters only) | string, one code unit a byte (latin1) | as STRING |
 * | NULL (the type of a bare NULL) | - | - |
 */
export type TypeKind =
  | 'BOOLEAN' | 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'DECIMAL'
  | 'STRING' | 'DATE' | 'TIMESTAMP' | 'TIMESTAMP_LTZ' | 'INTERVAL_DAY' | 'INTERVAL_MONTH' | 'BYTES' | 'NULL';

export interface SqlType {
  readonly kind: TypeKind;
  readonly nullable: boolean;
  /** DECIMAL: digits in all, 1 to 38. TIMESTAMP: digits of a second's fraction, 0 to 9. */
  readonly precision?: number;
  /** DECIMAL only: digits after the point. */
  readonly scale?: number;
}

/** A 64-bit (or, for DECIMAL, up to 127-bit) integer: a number iff it is a safe integer, else a bigint. Canonical, so `===` compares. */
export type Int64 = number | bigint;

/** A value as constants and generic code hold it. */
export type Physical = number | bigint | string | boolean | null;

export interface Field {
  readonly name: string;
  readonly type: SqlType;
}

export type Schema = readonly Field[];

export const sqlType = (kind: TypeKind, nullable = true): SqlType => ({ kind, nullable });
export const decimalType = (precision: number, scale: number, nullable = true): SqlType => ({ kind: 'DECIMAL', nullable, precision, scale });
export const timestampType = (precision: number, nullable = true): SqlType => ({ kind: 'TIMESTAMP', nullable, precision });
export const withNullable = (type: SqlType, nullable: boolean): SqlType => (type.nullable === nullable ? type : { ...type, nullable });

/** How a type's columns are held: see the table above. */
export type Storage = 'real' | 'int64' | 'text';

export function storageOf(type: SqlType): Storage {
  switch (type.kind) {
    case 'STRING': case 'BYTES': return 'text';
    case 'BIGINT': case 'DECIMAL': return 'int64';
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return (type.precision ?? 6) > 3 ? 'int64' : 'real';
    default: return 'real';
  }
}

/** Units per second of a timestamp's physical value: 1e3, 1e6 or 1e9. */
export function timestampUnits(precision: number): 1e3 | 1e6 | 1e9 {
  return precision <= 3 ? 1e3 : precision <= 6 ? 1e6 : 1e9;
}

/** As Flink prints it: `DECIMAL(10, 2) NOT NULL`. */
export function typeName(type: SqlType, withNull = true): string {
  const base = type.kind === 'DECIMAL' ? `DECIMAL(${type.precision}, ${type.scale})`
    : type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ' ? `${type.kind}(${type.precision ?? 6})`
    : type.kind === 'INTERVAL_DAY' ? 'INTERVAL SECOND' : type.kind === 'INTERVAL_MONTH' ? 'INTERVAL MONTH' : type.kind;
  return withNull && !type.nullable ? `${base} NOT NULL` : base;
}
