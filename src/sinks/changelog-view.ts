/** The table that a changelog adds up to, as DuckDB's SQL. */
import { openDuck, textRows, type Duck } from '../sources/duck.js';
import { quoteList, quoteName } from '../sources/quote.js';

/** By what a changelog's rows replace each other: columns of the primary key; null: each says what it takes back. */
export type ChangelogKey = readonly string[] | null;

/** What a changelog is called where `table` is what it adds up to. */
export const changesName = (table: string): string => `${table}__changes`;

const number = quoteName('tapewright row');
const count = quoteName('tapewright count');
const copy = quoteName('tapewright copy');
const isAdded = `_op IN ('+I', '+U')`;

/** What rows of one key share. DuckDB groups −0 with 0, which is another key: in `reals` the sign counts as well. */
const keyTerms = (key: readonly string[], reals: ReadonlySet<string>): string =>
  key.map((name) => (reals.has(name) ? `${quoteName(name)}, ${quoteName(name)} = 0 AND signbit(${quoteName(name)})` : quoteName(name))).join(', ');

/** Columns of `source` that are DOUBLE or FLOAT. */
export async function realColumns({ connection }: Duck, source: string): Promise<ReadonlySet<string>> {
  const columns = await textRows(connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${source})`);
  return new Set(columns.flatMap(([name, type]) => (type === 'DOUBLE' || type === 'FLOAT' ? [name!] : [])));
}

/** Rows of `source`, a changelog with `_op` last, as they stand after the last of them; in the order of their last change. `reals`: see `realColumns`. */
export function standingRows(source: string, key: ChangelogKey, reals: ReadonlySet<string>): string {
  const rows = `SELECT *, row_number() OVER () AS ${number} FROM ${source}`;
  if (key !== null) {
    const newest = `SELECT max(${number}) FROM (${rows}) GROUP BY ${keyTerms(key, reals)}`;
    return `SELECT * EXCLUDE (_op, ${number}) FROM (${rows}) WHERE ${number} IN (${newest}) AND ${isAdded} ORDER BY ${number}`;
  }
  // Each row as often as it was added and not taken back.
  const counted = `SELECT * EXCLUDE (_op, ${number}), max(${number}) FILTER (${isAdded}) AS ${number}, sum(CASE WHEN ${isAdded} THEN 1 ELSE -1 END) AS ${count} FROM (${rows}) GROUP BY ALL`;
  return `SELECT * EXCLUDE (${number}, ${count}, ${copy}) FROM (SELECT *, unnest(range(CAST(${count} AS BIGINT))) AS ${copy} FROM (${counted}) WHERE ${count} > 0) ORDER BY ${number}`;
}

/** A changelog in a Parquet file. */
export interface ChangelogFile {
  readonly path: string;
  readonly key: ChangelogKey;
}

/** How many rows each of the changelogs adds up to; within `memory` MiB. */
export async function standingCounts(files: readonly ChangelogFile[], memory: number): Promise<number[]> {
  if (files.length === 0) return [];
  const duck = await openDuck({ files: files.map(({ path }) => path), memory });
  try {
    const counts: number[] = [];
    for (const { path, key } of files) {
      const source = parquetRows([path]);
      const reals = await realColumns(duck, source);
      const [row] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR) FROM (${key === null ? standingRows(source, null, reals) : newestAdded(source, key, reals)})`);
      counts.push(Number(row![0]));
    }
    return counts;
  } finally {
    duck.close();
  }
}

/** As many rows as `standingRows` has: to count them it is enough to know how the last of each key ended. */
function newestAdded(source: string, key: readonly string[], reals: ReadonlySet<string>): string {
  const rows = `SELECT *, row_number() OVER () AS ${number} FROM ${source}`;
  // Odd: the row that came last was added.
  return `SELECT max(${number} * 2 + CASE WHEN ${isAdded} THEN 1 ELSE 0 END) AS ${copy} FROM (${rows}) GROUP BY ${keyTerms(key, reals)} HAVING ${copy} % 2 = 1`;
}

/** Rows of Parquet files, one after the other. */
export const parquetRows = (files: readonly string[]): string => `read_parquet(${quoteList(files)}, hive_partitioning = false)`;
