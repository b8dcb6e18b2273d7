/** Worker thread: writes Parquet files, each aside and then renamed, so that a file with its own name is whole. */
import { rm } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { failureOf, type Failure } from '../core/failure.js';
import type { Schema } from '../core/types.js';
import { shortened } from '../sources/duck-error.js';
import { openDuck, type Duck } from '../sources/duck.js';
import { quoteList, quoteName, quoteText } from '../sources/quote.js';
import { putInPlace } from '../stores/files.js';
import duckdb from '@duckdb/node-bindings';
import { blockBuffers, type Block } from './block.js';
import { duckType } from './duck-type.js';
import { asUnwritable } from './duck-unwritable.js';
import { Feed, feedName } from './feed.js';
import { mergeFiles } from './merged-file.js';
import { refuseUnheldTimes } from './nanoseconds.js';
import { giveBothZeros, haveBothZeros, withoutDictionaries } from './zeros.js';

/** What a file is made of: blocks, or the rows of other files in order. */
export interface WriteRequest {
  readonly id: number;
  readonly path: string;
  readonly schema: Schema;
  readonly blocks: readonly Block[];
  readonly files: readonly string[];
}

/** Answered once the thread can write. */
export interface PrepareRequest {
  readonly id: number;
  readonly path: null;
}

export interface WriteReply {
  readonly id: number;
  readonly failure: Failure | null;
  /** Those of the blocks, to be used again. */
  readonly buffers: readonly ArrayBuffer[];
}

/** MiB. Row groups are written as they fill, so little is held. */
const memoryMax = 256;

/** Of a row group: DuckDB holds its rows several times while it writes it, some 20 MB for six times as many rows. */
const groupRows = 20_480;

/** The lowest level of all takes the least time and, of rows such as these, no more room. */
const format = `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${groupRows}`;

async function openWriter(): Promise<{ duck: Duck; feed: Feed }> {
  const duck = await openDuck({ directories: ['/'], memory: memoryMax });
  return { duck, feed: new Feed(duck.connection) };
}

// At once, while there is nothing to write yet. Whoever writes first meets a failure.
const opened = openWriter();
opened.catch(() => undefined);

/** The file's content is durable when this returns; its name is once the caller has synced the directory. */
async function write({ path, schema, blocks, files }: WriteRequest): Promise<void> {
  const { duck, feed } = await opened;
  const aside = `${path}.part`;
  feed.serve(schema, blocks);
  try {
    refuseUnheldTimes(schema, blocks);
    if (files.length === 0) await copyRows(duck, `SELECT * FROM ${feedName}()`, aside, haveBothZeros(schema, blocks));
    else if (!(await mergeFiles(files, aside))) await joinRows(duck, schema, files, aside);
    await putInPlace(aside, path);
  } catch (cause) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw asUnwritable(path, cause);
  } finally {
    feed.serve([], []);
  }
}

async function copyRows(duck: Duck, rows: string, path: string, haveBoth: boolean): Promise<void> {
  await duckdb.query(duck.connection, `COPY (${rows}) TO ${quoteText(path)} (${format}${haveBoth ? `, ${withoutDictionaries}` : ''})`);
}

/** In row groups made anew; where so many rows of long texts do not fit into memory, in those that the files have. */
async function joinRows(duck: Duck, schema: Schema, files: readonly string[], path: string): Promise<void> {
  const rows = joined(schema, files);
  const haveBoth = await giveBothZeros(duck, schema, rows);
  await copyRows(duck, rows, path, haveBoth).catch(async (cause: unknown) => {
    if (!/Out of Memory Error/.test(shortened(cause)) || !(await mergeFiles(files, path, true))) throw cause;
  });
}

/** Reading gives every timestamp as microseconds; the casts bring back what the schema says. */
function joined(schema: Schema, files: readonly string[]): string {
  const columns = schema.map((field) => `CAST(${quoteName(field.name)} AS ${duckType(field).name}) AS ${quoteName(field.name)}`);
  return `SELECT ${columns.join(', ')} FROM read_parquet(${quoteList(files)}, hive_partitioning = false)`;
}

// One after the other: they share a connection, and the disk.
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (request: WriteRequest | PrepareRequest) => {
  const work = async (): Promise<void> => {
    if (request.path === null) await opened;
    else await write(request);
  };
  const reply = (failure: Failure | null): void => {
    const buffers = request.path === null ? [] : request.blocks.flatMap(blockBuffers);
    parentPort!.postMessage({ id: request.id, failure, buffers } satisfies WriteReply, buffers);
  };
  last = last.then(work).then(() => reply(null), (cause: unknown) => reply(failureOf(cause)));
});
