/** The folder of an imported dataset: written aside, and there only once it is whole. */
import duckdb from '@duckdb/node-bindings';
import { randomBytes } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { basename, dirname, join, resolve } from 'node:path';
import { batchOf } from '../../core/batch.js';
import { ColumnBuilder } from '../../core/column-builder.js';
import { TapewrightError } from '../../core/errors.js';
import { sqlType, timestampType, storageOf, type Schema } from '../../core/types.js';
import { duckType } from '../../sinks/duck-type.js';
import { ParquetOutput, removeSegments } from '../../sinks/parquet.js';
import { openDuck } from '../../sources/duck.js';
import { quoteList, quoteName, quoteText } from '../../sources/quote.js';
import { shortened } from '../../sources/duck-error.js';
import { makeDirectory, syncDirectory, unwritable, writeAside, writing } from '../../stores/files.js';
import type { Tick } from './layout.js';

export const importedSchema: Schema = [
  { name: 'symbol', type: sqlType('STRING', false) }, { name: 'price', type: sqlType('DOUBLE') }, { name: 'volume', type: sqlType('BIGINT', false) },
  { name: 'bid', type: sqlType('DOUBLE') }, { name: 'ask', type: sqlType('DOUBLE') }, { name: 'event_time', type: timestampType(3, false) },
  { name: 'exchange', type: sqlType('STRING') }, { name: 'event_type', type: sqlType('STRING', false) },
];

/** Where a row stood: only for sorting. */
const positioned: Schema = [...importedSchema, { name: 'row', type: sqlType('BIGINT', false) }];

const batchRows = 16_384;
/** MiB for sorting; beyond it DuckDB spills into the folder. */
const sortMemory = 512;

export interface RejectedRecord {
  readonly file: string;
  /** From 1, a header counted. */
  readonly row: number;
  readonly reason: string;
  readonly text: string;
}

/** Rows go in one by one; `finish` or `discard` ends it. */
export class ImportOutput {
  rows = 0;
  rejected = 0;
  /** Rows that are earlier than one before them. */
  unsorted = 0;
  first = Infinity;
  last = -Infinity;
  #columns = builders();
  #rejects: WriteStream | null = null;
  #rejectsFailure: unknown = null;

  private constructor(readonly target: string, private readonly folder: string, private readonly parquet: ParquetOutput) {}

  /** `target`: new or empty. Throws OUTPUT_UNWRITABLE, or USAGE for a folder in use. */
  static async open(target: string): Promise<ImportOutput> {
    const path = resolve(target);
    await checkTarget(path, target);
    await makeDirectory(dirname(path));
    const folder = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
    await makeDirectory(folder);
    try {
      return new ImportOutput(path, folder, await ParquetOutput.open(folder, 'data', positioned));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Whether `drain` has something to do. */
  get full(): boolean {
    return this.parquet.full || this.#rejects?.writableNeedDrain === true;
  }

  append(tick: Tick): void {
    const [symbol, price, volume, bid, ask, time, exchange, type, row] = this.#columns as [ColumnBuilder, ColumnBuilder, ColumnBuilder, ColumnBuilder, ColumnBuilder, ColumnBuilder, ColumnBuilder, ColumnBuilder, ColumnBuilder];
    symbol.append(tick.symbol);
    price.append(tick.price);
    volume.append(tick.volume);
    bid.append(tick.bid);
    ask.append(tick.ask);
    time.appendNumber(tick.time);
    exchange.append(tick.exchange);
    type.append(tick.type);
    row.appendNumber(this.rows);
    this.rows += 1;
    if (tick.time < this.last) this.unsorted += 1;
    else this.last = tick.time;
    if (tick.time < this.first) this.first = tick.time;
    if (row.length === batchRows) this.#flush();
  }

  reject(record: RejectedRecord): void {
    this.rejected += 1;
    if (this.#rejects === null) {
      this.#rejects = createWriteStream(join(this.folder, 'rejects.jsonl'));
      this.#rejects.on('error', (error) => (this.#rejectsFailure ??= error));
    }
    this.#rejects.write(`${JSON.stringify(record)}\n`);
  }

  /** Waits until the disk has caught up. Throws OUTPUT_UNWRITABLE. */
  async drain(): Promise<void> {
    await this.parquet.drain();
    if (this.#rejects?.writableNeedDrain === true && this.#rejectsFailure === null) await once(this.#rejects, 'drain');
    if (this.#rejectsFailure !== null) throw unwritable(join(this.folder, 'rejects.jsonl'), this.#rejectsFailure);
  }

  /**
   * Writes data.parquet, ordered by event time if `sort` (rows of one instant stay as they came), then what `describe`
   * makes of the path of the data as dataset.yaml, and gives the folder its name. Throws OUTPUT_UNWRITABLE.
   */
  async finish(sort: boolean, describe: (data: string) => Promise<string>): Promise<void> {
    this.#flush();
    const segment = await this.parquet.closeSegment();
    await this.#endRejects();
    const data = join(this.folder, 'data.parquet');
    await this.#write(data, segment?.files ?? [], sort && this.unsorted > 0);
    await removeSegments(this.folder);
    await writeAside(join(this.folder, 'dataset.yaml'), await describe(data));
    await writing(this.target, async () => {
      // Only an empty folder lets itself be removed.
      await rmdir(this.target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      await rename(this.folder, this.target);
      await syncDirectory(dirname(this.target));
    });
  }

  /** Leaves nothing behind; after `finish` it does nothing. */
  async discard(): Promise<void> {
    this.#rejects?.destroy();
    await this.parquet.drain().catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }

  #flush(): void {
    const { length } = this.#columns[0]!;
    if (length === 0) return;
    this.parquet.append(batchOf(length, this.#columns.map((column) => column.finish())));
    this.#columns = builders();
  }

  async #endRejects(): Promise<void> {
    if (this.#rejects === null) return;
    this.#rejects.end();
    if (!this.#rejects.closed && this.#rejectsFailure === null) await once(this.#rejects, 'close');
    if (this.#rejectsFailure !== null) throw unwritable(join(this.folder, 'rejects.jsonl'), this.#rejectsFailure);
  }

  async #write(data: string, files: readonly string[], sort: boolean): Promise<void> {
    const segments = files.map((file) => join(this.folder, '.segments', file));
    const duck = await openDuck({ directories: [this.folder], spill: join(this.folder, '.spill'), memory: sortMemory });
    const columns = importedSchema.map((field) => `CAST(${quoteName(field.name)} AS ${duckType(field).name}) AS ${quoteName(field.name)}`);
    const rows = `SELECT ${columns.join(', ')} FROM read_parquet(${quoteList(segments)})${sort ? ' ORDER BY event_time, "row"' : ''}`;
    try {
      await duckdb.query(duck.connection, `COPY (${rows}) TO ${quoteText(data)} (FORMAT parquet, COMPRESSION zstd)`).catch((cause: unknown) => {
        throw new TapewrightError('OUTPUT_UNWRITABLE', `cannot write ${this.target}: ${shortened(cause)}; free some space or choose another directory with --out`, { path: this.target }, { cause });
      });
    } finally {
      duck.close();
      await rm(join(this.folder, '.spill'), { recursive: true, force: true });
    }
  }
}

const builders = (): ColumnBuilder[] => positioned.map(({ type }) => new ColumnBuilder(storageOf(type), batchRows));

async function checkTarget(path: string, named: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  const entries = found.isDirectory() ? (await readdir(path)).sort() : null;
  if (entries?.length === 0) return;
  const why = entries === null ? 'is a file' : `is not empty (it holds ${entries[0]})`;
  throw new TapewrightError('USAGE', `${named} ${why}: an import needs a new or an empty folder; choose another name, or another folder with --out`, { path });
}
