/** A table as the database has it, at one moment. */
import { TapewrightError } from '../core/errors.js';
import type { Database } from '../database/postgres.js';
import type { RowValues } from '../sources/row-columns.js';
import { rowReader } from './read-values.js';
import type { TableShape, TableState } from './table-state.js';

/** Rows that are fetched in one go. */
const fetched = 10_000;

export interface Moment {
  /** Where the log stood. */
  readonly lsn: number;
  /** Epoch ms. */
  readonly time: number;
}

/** Within `atOnce`: after this everything is of the moment given back, or of one a little earlier. */
export async function momentOf(database: Database): Promise<Moment> {
  const [row] = await database.rows("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text");
  return { lsn: Number(row![0]), time: Number(row![1]) };
}

/** Its rows are to be read within the same `atOnce`. `table`: `schema.table`. Throws USAGE for a table or columns that there are not. */
export async function databaseState(database: Database, table: string, shape: TableShape): Promise<TableState> {
  const columns = await database.rows(
    `SELECT a.attname, t.typcategory::text, t.typname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`, [nameOf(table)],
  );
  if (columns.length === 0) throw new TapewrightError('USAGE', `the database has no table ${table}: name it with --table ${shape.name}=SCHEMA.TABLE`, { table });
  const known = new Map(columns.map(([name, category, type]) => [name!, { category: category!, type: type! }]));
  const missing = shape.columns.filter(({ name }) => !known.has(name));
  if (missing.length > 0) throw new TapewrightError('USAGE', `${table} has no column ${missing.map(({ name }) => name).join(', ')}: choose with --columns what is compared`, { table, columns: missing.map(({ name }) => name) });
  const asked = shape.columns.map(({ name }) => {
    const { category, type } = known.get(name)!;
    // As a connector writes them into JSON.
    return category === 'A' ? `to_json(${identifier(name)})` : type === 'bytea' ? `translate(encode(${identifier(name)}, 'base64'), E'\\n', '')` : identifier(name);
  });
  const from = `${database.name} ${table}`;
  const read = rowReader(from, shape.columns);
  async function* rows(): AsyncGenerator<readonly RowValues[], void, undefined> {
    await database.rows(`DECLARE tapewright_rows NO SCROLL CURSOR FOR SELECT ${asked.join(', ')} FROM ${nameOf(table)}`);
    for (;;) {
      const piece = await database.rows(`FETCH ${fetched} FROM tapewright_rows`);
      yield piece.map(read);
      if (piece.length < fetched) break;
    }
    await database.rows('CLOSE tapewright_rows');
  }
  return { from, rows };
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const nameOf = (table: string): string => table.split('.').map(identifier).join('.');
