/** The table that a changelog adds up to, as DuckDB's SQL. */
import { openDuck, textRows } from '../sources/duck.js';
import { quoteList, quoteName } from '../sources/quote.js';

/** By what a changelog's rows replace each other: columns of the primary key; null: each says what it takes back. */
export type ChangelogKey = readonly string[] | null;

/** What a changelog is called where `table` is what it adds up to. */
export const changesName = (table: string): string => `${table}__changes`;

const number = quoteName('tapewright row');
const count = quoteName('tapewright count');
const copy = quoteName('tapewright copy');
const isAdded = `_op IN ('+I', '+U')`;

/** Rows of `source`, a changelog with `_op` last, as they stand after the last of them; in the order of their last change. */
export function standingRows(source: string, key: ChangelogKey): string {
  const rows = `SELECT *, row_number() OVER () AS ${number} FROM ${source}`;
  if (key !== null) {
    const newest = `SELECT max(${number}) FROM (${rows}) GROUP BY ${key.map(quoteName).join(', ')}`;
    return `SELECT * EXCLUDE (_op, ${number}) FROM (${rows}) WHERE ${number} IN (${newest}) AND ${isAdded} ORDER BY ${number}`;
  }
  // Each row as often as it was added and not taken back.
  const counted = `SELECT * EXCLUDE (_op, ${number}), max(${number}) FILTER (${isAdded}) AS ${number}, sum(CASE WHEN ${isAdded} THEN 1 ELSE -1 END) AS ${count} FROM (${rows}) GROUP BY ALL`;
  return `SELECT * EXCLUDE (${number}, ${count}, ${copy}) FROM (SELECT *, unnest(range(CAST(${count} AS BIGINT))) AS ${copy} FROM (${counted}) WHERE ${count} > 0) ORDER BY ${number}`;
}

/** How many rows the changelog in a Parquet file adds up to. */
export async function standingCount(file: string, key: ChangelogKey, memory: number): Promise<number> {
  const duck = await openDuck({ files: [file], memory });
  try {
    const [row] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR) FROM (${standingRows(parquetRows([file]), key)})`);
    return Number(row![0]);
  } finally {
    duck.close();
  }
}

/** Rows of Parquet files, one after the other. */
export const parquetRows = (files: readonly string[]): string => `read_parquet(${quoteList(files)}, hive_partitioning = false)`;
