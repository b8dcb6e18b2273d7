/** Rows as JSON objects, as Flink's `json` format has them. */
import { cell, type Batch } from '../core/batch.js';
import type { Int64, SqlType } from '../core/types.js';
import { decimalText } from '../functions/decimals.js';
import { formatDate, formatTimestamp } from '../functions/timestamps.js';

export interface JsonColumn {
  /** Of the member. */
  readonly name: string;
  /** Of the batch. */
  readonly column: number;
  readonly type: SqlType;
}

/** How rows are written as JSON. */
export interface JsonStyle {
  /** Times with a T, as ISO 8601 has them; else with a space, as SQL has. */
  readonly isIso: boolean;
  /** NULLs are left out. */
  readonly omitsNulls: boolean;
}

export const plainStyle: JsonStyle = { isIso: false, omitsNulls: false };

/** Numbers as numbers, however large; NaN and the infinities, which JSON lacks, as texts; times in SQL's form. */
export function jsonWriter(columns: readonly JsonColumn[], { isIso, omitsNulls }: JsonStyle = plainStyle): (batch: Batch, row: number) => string {
  const members = columns.map(({ name, column, type }) => ({ head: `${JSON.stringify(name)}:`, column, write: valueWriter(type, isIso) }));
  return ({ columns: values }, row) => {
    let text = '';
    for (const { head, column, write } of members) {
      const value = cell(values[column]!, row);
      if (value === null && omitsNulls) continue;
      text += `${text === '' ? '{' : ','}${head}${value === null ? 'null' : write(value)}`;
    }
    return text === '' ? '{}' : `${text}}`;
  };
}

/** The JSON of a value that is not NULL. */
function valueWriter(type: SqlType, isIso: boolean): (value: Int64 | string) => string {
  switch (type.kind) {
    case 'STRING': case 'BYTES': return JSON.stringify;
    case 'BOOLEAN': return (value) => (value === 0 ? 'false' : 'true');
    case 'FLOAT': case 'DOUBLE': return (value) => (Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`);
    case 'DECIMAL': return (value) => decimalText(value as Int64, type.scale!);
    case 'DATE': return (value) => `"${formatDate(value as number)}"`;
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': {
      const zone = type.kind === 'TIMESTAMP_LTZ' ? 'Z' : '';
      // Milliseconds are always written out.
      const precision = Math.max(3, type.precision ?? 6);
      return (value) => {
        const text = formatTimestamp(value as Int64, precision);
        return `"${isIso ? text.replace(' ', 'T') : text}${zone}"`;
      };
    }
    // -0 is 0.
    default: return (value) => (value === 0 ? '0' : String(value));
  }
}

/** The text that a message's key is, where it is no JSON. */
export function keyText(type: SqlType): (value: Int64 | string | null) => string {
  if (type.kind === 'STRING' || type.kind === 'BYTES') return String;
  const write = valueWriter(type, false);
  return (value) => (value === null ? 'null' : write(value).replace(/^"|"$/g, ''));
}
