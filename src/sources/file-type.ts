/** The declared type that holds a file's column without loss. */
import { decimalType, sqlType, timestampType, type SqlType, type TypeKind } from '../core/types.js';

const plain: Readonly<Record<string, TypeKind>> = {
  BOOLEAN: 'BOOLEAN', TINYINT: 'TINYINT', SMALLINT: 'SMALLINT', INTEGER: 'INT', BIGINT: 'BIGINT', UTINYINT: 'SMALLINT', USMALLINT: 'INT', UINTEGER: 'BIGINT',
  FLOAT: 'FLOAT', DOUBLE: 'DOUBLE', VARCHAR: 'STRING', UUID: 'STRING', BLOB: 'BYTES', DATE: 'DATE', '"NULL"': 'STRING',
};

const digits: Readonly<Record<string, number>> = { TIMESTAMP_S: 3, TIMESTAMP_MS: 3, TIMESTAMP: 6, 'TIMESTAMP WITH TIME ZONE': 6, TIMESTAMP_NS: 9 };

/** `type` as DuckDB's DESCRIBE says it; null: no declared type is like it. */
export function typeOfFile(type: string): SqlType | null {
  if (plain[type] !== undefined) return sqlType(plain[type]);
  if (digits[type] !== undefined) return timestampType(digits[type]);
  if (type === 'UBIGINT') return decimalType(20, 0);
  if (type === 'HUGEINT') return decimalType(38, 0);
  if (type.startsWith('ENUM(')) return sqlType('STRING');
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  return decimal === null ? null : decimalType(Number(decimal[1]), Number(decimal[2]));
}
