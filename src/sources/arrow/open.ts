/** The reader for Arrow files. Expressions and orders are DuckDB's, which does not read Arrow: for them the rows are written as Parquet first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { TapewrightError } from '../../core/errors.js';
import { BlockBuilder } from '../../sinks/block.js';
import { Feed, feedName } from '../../sinks/feed.js';
import { Assembler } from '../assemble.js';
import { plainName } from '../columns.js';
import { openDuck } from '../duck.js';
import { quoteText } from '../quote.js';
import { openDuckReader } from '../duck-reader.js';
import { shortened } from '../duck-error.js';
import { typeOfFile } from '../file-type.js';
import type { RawBatch, Reader, ReaderRequest } from '../reader.js';
import type { SourceColumn } from '../source.js';
import { ArrowFile } from './file.js';
import { ArrowReader } from './reader.js';

const partRows = 65_536;
/** MiB. */
const memoryMax = 192;

export function openArrowReader(request: ReaderRequest): Promise<Reader> {
  const { order, select } = request.binding;
  const expressions = request.columns.some(({ name }) => select[name] !== undefined && plainName(select[name]!) === null);
  return order !== null || expressions ? openCopy(request) : ArrowReader.open(request);
}

async function openCopy(request: ReaderRequest): Promise<Reader> {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-arrow-'));
  const end = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const files = await copy(request, folder);
    const copied = { ...request, files, binding: { ...request.binding, format: 'parquet' as const } };
    return new CopyReader(await openDuckReader(copied).catch((cause: unknown) => renamed(cause, folder, request)), folder, request, end);
  } catch (cause) {
    await end();
    throw cause;
  }
}

/** All columns that Parquet can hold, in files of `partRows` rows, since an expression may ask for any of them. */
async function copy(request: ReaderRequest, folder: string): Promise<string[]> {
  const columns = await columnsIn(request.files[0]!);
  const schema = columns.map(({ name, type }) => ({ name, type }));
  const reader = await ArrowReader.open({ ...request, columns, from: 0, batchRows: partRows, binding: { ...request.binding, select: {}, order: null } });
  const assembler = new Assembler(columns);
  const duck = await openDuck({ directories: [folder], memory: memoryMax });
  const feed = new Feed(duck.connection);
  const files: string[] = [];
  try {
    for (let batch = await reader.next(); batch !== null || files.length === 0; batch = await reader.next()) {
      const builder = new BlockBuilder(schema);
      if (batch !== null) builder.append(assembler.assemble(batch).batch, 0, batch.length);
      feed.serve(schema, [builder.take()]);
      const path = join(folder, `${String(files.length).padStart(8, '0')}.parquet`);
      await duckdb.query(duck.connection, `COPY (SELECT * FROM ${feedName}()) TO ${quoteText(path)} (FORMAT parquet)`).catch((cause: unknown) => {
        throw new TapewrightError('OUTPUT_UNWRITABLE', `cannot write ${path}, where ${request.files[0]} is copied to be sorted or mapped: ${shortened(cause)}`, { path }, { cause });
      });
      files.push(path);
      if (batch === null) break;
    }
    return files;
  } finally {
    duck.close();
    await reader.close();
  }
}

async function columnsIn(path: string): Promise<SourceColumn[]> {
  const file = await ArrowFile.open(path);
  await file.close();
  return file.columns.flatMap(({ name, type }) => {
    const held = typeOfFile(type);
    return held === null ? [] : [{ name, type: held, eventTime: false }];
  });
}

/** Names the file that the user gave, not its copy. */
function renamed(cause: unknown, folder: string, { files }: ReaderRequest): never {
  if (!(cause instanceof TapewrightError)) throw cause;
  const copies = new RegExp(`${folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/\\d+\\.parquet`, 'g');
  throw new TapewrightError(cause.code, cause.message.replaceAll(copies, files.length === 1 ? files[0]! : `a file from ${files[0]} on`), cause.details, { cause });
}

/** Reads the copy, and takes it away at the end. */
class CopyReader implements Reader {
  constructor(private readonly inner: Reader, private readonly folder: string, private readonly request: ReaderRequest, private readonly end: () => Promise<void>) {}

  get rowsTotal(): number | null {
    return this.inner.rowsTotal;
  }

  get remarks(): readonly string[] {
    return this.inner.remarks;
  }

  next(): Promise<RawBatch | null> {
    return this.inner.next().catch((cause: unknown) => renamed(cause, this.folder, this.request));
  }

  interrupt(): void {
    this.inner.interrupt();
  }

  async close(): Promise<void> {
    await this.inner.close();
    await this.end();
  }
}
