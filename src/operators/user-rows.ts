/** Rows as the user's code sees them, and what it puts out, as columns. */
import type { Column } from '../core/batch.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { storageOf, typeName, type Physical, type Schema, type SqlType } from '../core/types.js';
import { fromUser, toUser, type UserValue } from '../functions/declared-types.js';
import { failure } from '../functions/kernel.js';

/** A row for the user's code. */
export type UserRow = Record<string, UserValue>;

export type Reader = (row: number) => UserValue;

export function readerOf(column: Column, type: SqlType): Reader {
  if (column.storage === 'text') {
    if (column.dictionary === null) return (row) => column.values[row]!;
    const { strings } = column.dictionary;
    return (row) => strings[column.values[row]!]!;
  }
  const { values, nulls } = column;
  const convert = toUser(type);
  if (convert === null) return nulls === null ? (row) => values[row]! : (row) => (nulls[row] !== 0 ? null : values[row]!);
  return (row) => (nulls !== null && nulls[row] !== 0 ? null : convert(values[row]!));
}

/** Makes a row of the batch an object; `columns` are those of the schema. */
export function rowReader(schema: Schema, columns: readonly Column[]): (row: number) => UserRow {
  const readers = schema.map(({ type }, index) => readerOf(columns[index]!, type));
  const names = schema.map(({ name }) => name);
  return (row) => {
    const made: UserRow = {};
    for (let index = 0; index < names.length; index += 1) made[names[index]!] = readers[index]!(row);
    return made;
  };
}

/** The values of one row of `schema`, from an object of the user's. It throws `failure` where that is none. */
export function rowChecker(schema: Schema, name: string): (row: unknown) => Physical[] {
  const names = schema.map((field) => field.name);
  const known = new Set(names);
  const convert = schema.map((field) => fromUser(field.type, `${name}: column ${field.name}`));
  return (row) => {
    if (typeof row !== 'object' || row === null) throw failure(`${name} put out ${row === null ? 'null' : `a ${typeof row}`}, which is no row`);
    for (const key in row) if (!known.has(key)) throw failure(`${name} put out a column ${key}, which it does not declare; it declares ${names.join(', ')}`);
    return schema.map((field, index) => {
      const value = (row as UserRow)[field.name];
      if (value !== null && value !== undefined) return convert[index]!(value);
      if (field.type.nullable) return null;
      throw failure(`${name} put out no ${field.name}, which is ${typeName(field.type)}`);
    });
  };
}

export const buildersOf = (types: readonly SqlType[]): ColumnBuilder[] => types.map((type) => new ColumnBuilder(storageOf(type)));
