/** Types as a dataset's schema writes them: `DOUBLE`, `TIMESTAMP(3) NOT NULL`. */
import { decimalType, sqlType, type SqlType, type TypeKind } from '../core/types.js';

const plainKinds: readonly TypeKind[] = ['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'STRING', 'DATE'];

/** The type, or null when the text names none. */
export function parseType(text: string): SqlType | null {
  const match = /^([A-Z_]+)(?:\((\d+)(?:,\s*(\d+))?\))?(\s+NOT\s+NULL)?$/i.exec(text.trim());
  if (match === null) return null;
  const name = match[1]!.toUpperCase();
  const nullable = match[4] === undefined;
  const first = match[2] === undefined ? null : Number(match[2]);
  const second = match[3] === undefined ? null : Number(match[3]);
  const plain = plainKinds.find((kind) => kind === name);
  if (plain !== undefined) return first === null ? sqlType(plain, nullable) : null;
  if (name === 'DECIMAL') {
    const precision = first ?? 10;
    const scale = second ?? 0;
    return precision >= 1 && precision <= 38 && scale <= precision ? decimalType(precision, scale, nullable) : null;
  }
  if (name === 'TIMESTAMP' || name === 'TIMESTAMP_LTZ') {
    const precision = first ?? 6;
    return second === null && precision <= 9 ? { kind: name, nullable, precision } : null;
  }
  return null;
}
