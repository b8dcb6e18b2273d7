/** Query results as Parquet or Arrow, with their types as they are. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { createReadStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import duckdb from '@duckdb/node-bindings';
import { TapewrightError } from '../core/errors.js';
import { textRows, type Duck } from '../sources/duck.js';
import { quoteName, quoteText } from '../sources/quote.js';
import { syncDirectory, writing } from '../stores/files.js';
import { ArrowWriter, type Write } from './arrow.js';
import { asUnwritable } from './duck-unwritable.js';
import { prepareSelect, queryRefused, withBundleDuck } from './query.js';

export type FileFormat = 'arrow' | 'parquet';

export interface Written {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
}

/** MiB. */
const memoryMax = 1024;
const viewName = 'tapewright_query';

/**
 * Writes the rows of one SELECT to a file, which is there whole or not at all. Throws what `queryBundle` throws,
 * SQL_UNSUPPORTED for a type that the format does not have, USAGE for a file within the bundle, OUTPUT_UNWRITABLE.
 */
export async function queryToFile(directory: string, sql: string, format: FileFormat, path: string): Promise<Written> {
  const target = await outsideBundle(directory, path);
  const aside = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.part`);
  try {
    const written = await write(directory, sql, format, aside);
    await writing(path, async () => {
      await rename(aside, target);
      await syncDirectory(dirname(target));
    });
    return written;
  } finally {
    await rm(aside, { force: true });
  }
}

/** As `queryToFile`, into a stream: Arrow as a stream of record batches, Parquet once it is whole. */
export async function queryToStream(directory: string, sql: string, format: FileFormat, stream: Writable): Promise<Written> {
  if (format === 'arrow') {
    return withView(directory, sql, [], (duck, columns) => writeArrow(duck, columns, 'stream', (bytes) => put(stream, bytes)));
  }
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-query-'));
  try {
    const path = join(folder, 'result.parquet');
    const written = await write(directory, sql, format, path);
    for await (const piece of createReadStream(path)) await put(stream, piece as Uint8Array);
    return written;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The path, made absolute, of a file to write: a query changes nothing of the bundle that it asks. Throws USAGE. */
export async function outsideBundle(directory: string, path: string): Promise<string> {
  const target = resolve(path);
  const bundle = await realpath(directory).catch(() => resolve(directory));
  const folder = await realpath(dirname(target)).catch(() => dirname(target));
  if (folder !== bundle && !folder.startsWith(bundle + sep)) return target;
  throw new TapewrightError('USAGE', `--out ${path} lies within the bundle, which a query does not change; choose another folder`, { path, bundle });
}

async function write(directory: string, sql: string, format: FileFormat, path: string): Promise<Written> {
  const handle = await writing(path, () => open(path, 'wx'));
  try {
    const written = await withView(directory, sql, [path], async (duck, columns) => (format === 'arrow'
      ? writeArrow(duck, columns, 'file', (bytes) => putFile(handle, path, bytes))
      : { columns, rows: await writeParquet(duck, columns, path) }));
    await writing(path, () => handle.sync());
    return written;
  } finally {
    await handle.close();
  }
}

const putFile = (handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> => writing(path, () => handle.writeFile(bytes));

async function put(stream: Writable, bytes: Uint8Array): Promise<void> {
  if (stream.destroyed) return;
  if (!stream.write(bytes)) await Promise.race([new Promise<void>((done) => { stream.once('drain', done); }), finished(stream)]);
}

async function withView(directory: string, sql: string, files: readonly string[], act: (duck: Duck, columns: Written['columns']) => Promise<Written>): Promise<Written> {
  return withBundleDuck(directory, memoryMax, files, async (duck, views) => {
    try {
      const { statementType } = await prepareSelect(duck, sql);
      if (statementType === duckdb.StatementType.EXPLAIN) throw new TapewrightError('USAGE', 'EXPLAIN has no rows to write to a file; leave out --format', {});
      // With its line ends: the text may end in a comment.
      await duckdb.query(duck.connection, `CREATE TEMPORARY VIEW ${viewName} AS\n${sql}\n`);
      const columns = (await textRows(duck.connection, `SELECT column_name, column_type FROM (DESCRIBE ${viewName})`)).map(([name, type]) => ({ name: name!, type: type! }));
      return await act(duck, columns);
    } catch (cause) {
      throw queryRefused(cause, views);
    }
  });
}

async function writeArrow(duck: Duck, columns: Written['columns'], form: 'file' | 'stream', put: Write): Promise<Written> {
  const writer = new ArrowWriter(columns, form, put);
  const statement = await duckdb.prepare(duck.connection, `SELECT * FROM ${viewName}`);
  const result = await duckdb.execute_prepared_streaming(statement);
  let rows = 0;
  await writer.begin();
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result);
    const count = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
    if (count === 0) break;
    await writer.append(chunk!);
    rows += count;
  }
  await writer.end();
  return { columns, rows };
}

async function writeParquet(duck: Duck, columns: Written['columns'], path: string): Promise<number> {
  // Parquet has no integers of 128 bits, and DuckDB would round them to doubles: sums of BIGINT are such.
  const list = columns.map(({ name, type }) => (type === 'HUGEINT' ? `CAST(${quoteName(name)} AS DECIMAL(38, 0)) AS ${quoteName(name)}` : quoteName(name)));
  try {
    const result = await duckdb.query(duck.connection, `COPY (SELECT ${list.join(', ')} FROM ${viewName}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`);
    return duckdb.rows_changed(result);
  } catch (cause) {
    throw asUnwritable(path, cause);
  }
}
