/** Records of Parquet, every value as text: numbers with all their digits, bytes in hexadecimal. */
import duckdb from '@duckdb/node-bindings';
import { resolve } from 'node:path';
import { TapewrightError } from '../../core/errors.js';
import { chunkTexts, openDuck, textRows } from '../../sources/duck.js';
import { quoteName, quoteText } from '../../sources/quote.js';
import { shortened } from '../../sources/duck-error.js';
import type { Piece, Values } from './record.js';

export interface ParquetShape {
  readonly columns: readonly string[];
  /** DuckDB's types, by column. */
  readonly types: readonly string[];
  readonly sample: readonly Values[];
  /** Key-value metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly rows: number;
}

const sampleRows = 1000;
const pieceRows = 16_384;
const memoryMax = 512;

/** Throws DATASET_CORRUPT. */
export async function describeParquet(path: string): Promise<ParquetShape> {
  return withFile(path, async (query) => {
    const described = await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM FILE)`);
    const [columns, types] = [described.map(([name]) => name!), described.map(([, type]) => type!)];
    const sample = await query(`SELECT ${selection(columns, types)} FROM FILE LIMIT ${sampleRows}`);
    const pairs = await query(`SELECT decode(key), decode(value) FROM parquet_kv_metadata(${quoteText(resolve(path))}) WHERE octet_length(value) < 10000`);
    const [count] = await query(`SELECT CAST(count(*) AS VARCHAR) FROM FILE`);
    return { columns, types, sample, metadata: Object.fromEntries(pairs as [string, string][]), rows: Number(count![0]) };
  });
}

/** The records in the order of the file; `size` is that of the file. */
export async function* parquetRecords(path: string, { columns, types, rows }: ParquetShape, names: readonly string[], size: number): AsyncGenerator<Piece> {
  const wanted = names.map((name) => columns.indexOf(name));
  const duck = await openDuck({ files: [resolve(path)], memory: memoryMax });
  try {
    // Text of all columns, so that a rejected row can be kept as it was.
    const all = selection(columns, types);
    const result = await duckdb.query(duck.connection, `SELECT ${all} FROM read_parquet(${quoteText(resolve(path))})`).catch((cause: unknown) => damaged(path, cause));
    let read = 0;
    for (let pending: (string | null)[][] = [], isEnd = false; !isEnd;) {
      const chunk = await duckdb.fetch_chunk(result).catch((cause: unknown) => damaged(path, cause));
      const count = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
      isEnd = chunk === null || count === 0;
      if (!isEnd) pending.push(...chunkTexts(chunk!, columns.length));
      if (pending.length < pieceRows && !isEnd) continue;
      const records = pending;
      pending = [];
      read += records.length;
      if (records.length === 0) continue;
      yield {
        length: records.length,
        values: (record) => wanted.map((column) => records[record]![column]!),
        text: (record) => JSON.stringify(Object.fromEntries(columns.map((name, column) => [name, records[record]![column]]))),
        bytes: rows === 0 ? size : Math.round((size * read) / rows),
      };
    }
  } finally {
    duck.close();
  }
}

/** `query` has FILE for the file, and casts every column to VARCHAR. */
async function withFile<T>(path: string, act: (query: (sql: string) => Promise<(string | null)[][]>) => Promise<T>): Promise<T> {
  const duck = await openDuck({ files: [resolve(path)], memory: memoryMax });
  try {
    const file = `read_parquet(${quoteText(resolve(path))})`;
    return await act((sql) => textRows(duck.connection, sql.replaceAll('FILE', file)).catch((cause: unknown) => damaged(path, cause)));
  } finally {
    duck.close();
  }
}

function selection(columns: readonly string[], types: readonly string[]): string {
  return columns.map((name, index) => (types[index] === 'BLOB' ? `hex(${quoteName(name)})` : `CAST(${quoteName(name)} AS VARCHAR)`)).join(', ');
}

function damaged(path: string, cause: unknown): never {
  throw new TapewrightError('DATASET_CORRUPT', `${path} cannot be read as Parquet: ${shortened(cause)}`, { path }, { cause });
}
