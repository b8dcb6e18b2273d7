/** Values as the laws see them: one JavaScript value per SQL value, told apart to the bit. */
import { cell as readCell, type Batch, type Column, type Dictionary } from '../../../src/core/batch.js';
import { toInt64 } from '../../../src/core/int64.js';
import type { Field as EngineField, Schema } from '../../../src/core/types.js';

export type Kind = 'STRING' | 'DOUBLE' | 'BIGINT' | 'INT' | 'DECIMAL' | 'BOOLEAN' | 'TIMESTAMP';

export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** DECIMAL: digits in all and after the point; the cell is the unscaled value. */
  readonly precision?: number;
  readonly scale?: number;
}

/** DOUBLE and TIMESTAMP (epoch ms) are numbers; INT, BIGINT and unscaled DECIMAL are bigints. */
export type Cell = string | number | bigint | boolean | null;

export function typeText({ kind, precision, scale }: Field): string {
  return kind === 'DECIMAL' ? `DECIMAL(${precision}, ${scale})` : kind === 'TIMESTAMP' ? 'TIMESTAMP(3)' : kind;
}

/** Different texts for different values: NaN is one value, −0 is not 0. */
export function textOf(value: Cell): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `${value}n`;
  return value === null ? 'NULL' : JSON.stringify(value);
}

/** NULL first, numbers by value, strings by code unit, as keys are ordered. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A column of the engine out of cells. Strings go through `dictionary` where one is given. */
export function columnOf(kind: Kind, cells: readonly Cell[], dictionary: Dictionary | null): Column {
  if (kind === 'STRING') {
    const texts = cells as readonly (string | null)[];
    return dictionary === null
      ? { storage: 'text', values: texts, dictionary: null }
      : { storage: 'text', values: Int32Array.from(texts, (text) => dictionary.intern(text)), dictionary };
  }
  const nulls = cells.includes(null) ? Uint8Array.from(cells, (value) => (value === null ? 1 : 0)) : null;
  if (kind === 'BIGINT' || kind === 'DECIMAL') {
    const values = cells.map((value) => (value === null ? 0 : toInt64(value as bigint)));
    const fits = values.every((value) => typeof value === 'number');
    return { storage: 'int64', values: fits ? Float64Array.from(values as number[]) : values, nulls };
  }
  return { storage: 'real', values: Float64Array.from(cells, (value) => (value === null ? 0 : Number(value))), nulls };
}

/** The rows of a batch as cells. */
export function rowsOf(batch: Batch, schema: Schema): Cell[][] {
  return Array.from({ length: batch.length }, (_, row) => schema.map((field, column) => cellAt(batch.columns[column]!, row, field)));
}

function cellAt(column: Column, row: number, { type }: EngineField): Cell {
  const value = readCell(column, row);
  if (value === null || typeof value === 'string') return value;
  switch (type.kind) {
    case 'BOOLEAN': return value !== 0;
    case 'BIGINT': case 'INT': case 'DECIMAL': return BigInt(value);
    default: return Number(value);
  }
}
