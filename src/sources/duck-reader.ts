/**
 * Reads Parquet through DuckDB, and text that needs its expressions or its sort: chunks of 2,048 rows, one fetch
 * ahead, decoded into columns of a whole batch.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { TapewrightError } from '../core/errors.js';
import { openDuck, textRows, type Duck } from './duck.js';
import { quoteName } from './quote.js';
import { shortened } from './duck-error.js';
import { settled } from './beyond.js';
import { columnBuilder, type ColumnBuilder } from './decode.js';
import { matchColumn, plainName, textWire, wireColumn, type FileColumn, type WireColumn } from './columns.js';
import type { RawBatch, RawColumn, Reader, ReaderRequest } from './reader.js';
import { corrupt } from './corrupt.js';
import { FileScans, type Part, type Scans } from './scans.js';
import { volatileIn } from './volatile.js';

/** Rows of the first batch, each after it having twice as many: whoever waits can begin sooner. */
const firstRows = 4096;

/** MiB. Sorts spill beyond it; what is read in its own order holds a row group's pages of all columns at the most, and has nowhere to spill. */
const sortMemory = 192, readMemory = 2048;

/** `scans`: the binding's files as tables, as they lie there by default; `remark`: what to say of them. */
export async function openDuckReader(request: ReaderRequest, scans: Scans = new FileScans(request), remark: string | null = null): Promise<Reader> {
  const { order } = request.binding;
  const spill = order === null ? undefined : await mkdtemp(join(tmpdir(), 'tapewright-sort-'));
  const duck = await openDuck({ files: request.files, memory: order === null ? readMemory : sortMemory, ...(spill === undefined ? {} : { spill }) });
  const close = async (): Promise<void> => {
    duck.close();
    if (spill !== undefined) await rm(spill, { recursive: true, force: true });
  };
  try {
    const reader = new DuckReader(request, duck, scans, await scans.parts(duck), close, remark === null ? [] : [remark]);
    await reader.start();
    return reader;
  } catch (cause) {
    await close();
    throw cause;
  }
}

class DuckReader implements Reader {
  readonly rowsTotal: number | null;
  #part = 0;
  #position: number;
  #columns: WireColumn[] = [];
  #builders: ColumnBuilder[] = [];
  #pending: Promise<duckdb.DataChunk | null> | null = null;
  /** The chunk whose memory is being read: held, lest it be collected meanwhile. */
  #chunk: duckdb.DataChunk | null = null;
  #chunkAt = 0;
  #nextRows: number;
  #result: duckdb.Result | null = null;
  readonly #floored = new Set<number>();

  constructor(
    private readonly request: ReaderRequest,
    private readonly duck: Duck,
    private readonly scans: Scans,
    private readonly parts: readonly Part[],
    private readonly release: () => Promise<void>,
    readonly remarks: string[],
  ) {
    this.rowsTotal = parts.reduce<number | null>((sum, part) => (sum === null || part.rows === null ? null : sum + part.rows), 0);
    this.#position = Math.min(request.from, this.rowsTotal ?? request.from);
    this.#nextRows = Math.min(request.batchRows, firstRows);
  }

  /** Binds the first part, so that a missing column shows before a row is read. */
  async start(): Promise<void> {
    while (this.#part < this.parts.length - 1 && this.#position >= this.#end()) this.#part += 1;
    await this.#open();
  }

  async next(): Promise<RawBatch | null> {
    const position = this.#position;
    let length = 0;
    const wanted = this.#nextRows;
    this.#nextRows = Math.min(this.request.batchRows, wanted * 2);
    while (length < wanted) {
      if (this.#chunk === null && !(await this.#fetch())) break;
      const chunk = this.#chunk!;
      const size = duckdb.data_chunk_get_size(chunk);
      const take = Math.min(size - this.#chunkAt, wanted - length);
      this.#decode(chunk, this.#chunkAt, this.#chunkAt + take, length);
      length += take;
      this.#position += take;
      this.#chunkAt += take;
      if (this.#chunkAt === size) this.#chunk = null;
    }
    if (length === 0) return null;
    return { length, position, positions: null, watermarks: null, columns: this.#take(position), rejected: [] };
  }

  interrupt(): void {
    duckdb.interrupt(this.duck.connection);
  }

  async close(): Promise<void> {
    if (this.#pending !== null) {
      this.interrupt();
      await this.#pending.catch(() => null);
    }
    this.#pending = this.#chunk = this.#result = null;
    await this.release();
  }

  #end(): number {
    const part = this.parts[this.#part]!;
    return part.rows === null ? -Infinity : part.first + part.rows;
  }

  /** Makes the next chunk current and asks for the one after it; false at the end of the last part. */
  async #fetch(): Promise<boolean> {
    for (;;) {
      const chunk = await this.#pending!.catch((cause: unknown) => this.#failed(cause));
      if (chunk !== null && duckdb.data_chunk_get_size(chunk) > 0) {
        this.#chunk = chunk;
        this.#chunkAt = 0;
        this.#ask();
        return true;
      }
      this.#pending = null;
      if (this.#position < this.#end()) throw corrupt(this.#file(), `it ends at row ${this.#position} of ${this.#end()}`, 'rows are missing');
      if (this.#part === this.parts.length - 1) {
        this.#pending = Promise.resolve(null);
        return false;
      }
      this.#part += 1;
      await this.#open();
    }
  }

  #ask(): void {
    this.#pending = duckdb.fetch_chunk(this.#result!);
    // A failure is met where the promise is awaited, which may be later than it happens.
    this.#pending.catch(() => null);
  }

  #file(): string {
    return this.parts[this.#part]!.files[0]!;
  }

  #failed(cause: unknown): never {
    if (cause instanceof TapewrightError) throw cause;
    const said = shortened(cause);
    const at = this.#position - this.parts[this.#part]!.first;
    if (/^(Conversion|Out of Range|Invalid Input) Error/.test(said) && !/parquet|snappy|zstd|thrift|page/i.test(said)) {
      throw new TapewrightError('DATASET_INVALID', `${this.#file()}: a value after row ${at} cannot be read as declared (${said}); --map TABLE.COLUMN=EXPRESSION can convert it`, { path: this.#file(), said, row: at }, { cause });
    }
    throw corrupt(this.#file(), `reading stops after row ${at}`, cause);
  }

  async #open(): Promise<void> {
    const part = this.parts[this.#part]!;
    const scan = await this.scans.scan(this.duck, part);
    const fileColumns = await this.#describe(`* EXCLUDE (file_row_number, filename)`, scan, part);
    this.#columns = await this.#bind(scan, fileColumns, part);
    this.#builders = this.#reuse(this.#columns.map((column) => column.wire));
    const list = this.#columns.map((column) => column.expression).join(', ') || 'true';
    const skip = Math.max(0, this.#position - part.first);
    const { order, format, select } = this.request.binding;
    // Checked as a column is: it may be one that nothing else asks for.
    if (order !== null && select[order] !== undefined) await this.#typeOf(order, `(${select[order]}\n)`, scan, part.files[0]!);
    // Where rows are in file order, skipping by row number lets DuckDB leave out whole row groups.
    const tail = order === null
      ? (skip === 0 ? '' : isText(format) ? ` OFFSET ${skip}` : ` WHERE file_row_number >= ${skip}`)
      : ` ORDER BY ${orderColumn(order, fileColumns, this.request)} ASC NULLS LAST, filename, file_row_number OFFSET ${skip}`;
    try {
      const statement = await duckdb.prepare(this.duck.connection, `SELECT ${list} FROM ${scan}${tail}`);
      this.#result = await duckdb.execute_prepared_streaming(statement);
    } catch (cause) {
      this.#failed(cause);
    }
    this.#ask();
  }

  /** Dictionaries go on from file to file, so builders are kept while the wires are the same. */
  #reuse(wires: readonly WireColumn['wire'][]): ColumnBuilder[] {
    const { batchRows } = this.request;
    if (this.#builders.length === 0) return wires.map((wire) => columnBuilder(wire, batchRows));
    wires.forEach((wire, index) => {
      if (JSON.stringify(wire) === JSON.stringify(this.#wires[index])) return;
      throw new TapewrightError('DATASET_INVALID', `${this.#file()}: column ${this.request.columns[index]!.name} is of another type than in the files before it`, { path: this.#file() });
    });
    return this.#builders;
  }

  get #wires(): readonly WireColumn['wire'][] {
    return this.#columns.map((column) => column.wire);
  }

  async #describe(list: string, scan: string, part: Part): Promise<FileColumn[]> {
    try {
      const rows = await textRows(this.duck.connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT ${list} FROM ${scan})`);
      return rows.map(([name, type]) => ({ name: name!, type: type! }));
    } catch (cause) {
      throw corrupt(part.files[0]!, 'its columns cannot be read', cause);
    }
  }

  async #bind(scan: string, fileColumns: readonly FileColumn[], part: Part): Promise<WireColumn[]> {
    const place = { table: this.request.table, file: part.files[0]! };
    const wired: WireColumn[] = [];
    for (const column of this.request.columns) {
      const match = matchColumn(column, this.request.binding, fileColumns, place);
      const type = match.given ? await this.#typeOf(column.name, match.expression, scan, place.file) : fileColumns.find(({ name }) => name === match.fileColumn)!.type;
      const wire = isText(this.request.binding.format) ? textWire(column, match.expression, type, place) : wireColumn(column, match.expression, type, place);
      this.#remark(match.remark ?? wire.remark);
      wired.push(wire);
    }
    return wired;
  }

  async #typeOf(column: string, expression: string, scan: string, file: string): Promise<string> {
    try {
      // Prepared rather than run: a prepared text is one statement, so an expression cannot smuggle in another.
      const statement = await duckdb.prepare(this.duck.connection, `DESCRIBE SELECT ${expression} AS c FROM ${scan}`);
      duckdb.destroy_prepare_sync(statement);
      const volatile = await volatileIn(this.duck.connection, expression);
      if (volatile.length > 0) {
        throw new TapewrightError('DATASET_INVALID', `--map ${this.request.table}.${column}: ${volatile.join(', ')} gives another value in each run, and a replay gives the same; use the file's columns only`, { table: this.request.table, column });
      }
      const [row] = await textRows(this.duck.connection, `SELECT column_type FROM (DESCRIBE SELECT ${expression} AS c FROM ${scan})`);
      return row![0]!;
    } catch (cause) {
      if (cause instanceof TapewrightError) throw cause;
      throw new TapewrightError('DATASET_INVALID', `--map ${this.request.table}.${column}: DuckDB refuses the expression over ${file}: ${shortened(cause)}`, { table: this.request.table, column, file }, { cause });
    }
  }

  #remark(remark: string | null): void {
    if (remark !== null && !this.remarks.includes(remark)) this.remarks.push(remark);
  }

  #decode(chunk: duckdb.DataChunk, from: number, to: number, at: number): void {
    const builders = this.#builders;
    for (let index = 0; index < builders.length; index += 1) {
      const vector = duckdb.data_chunk_get_vector(chunk, index);
      const data = duckdb.vector_get_data(vector, to * builders[index]!.width);
      const validity = duckdb.vector_get_validity(vector, ((to + 63) >> 6) * 8);
      builders[index]!.append(data, validity, from, to, at);
    }
  }

  #take(position: number): RawColumn[] {
    return this.#builders.map((builder, index) => {
      const column = builder.take();
      if (builder.floored && !this.#floored.has(index)) {
        this.#floored.add(index);
        this.#remark(`${this.request.table}.${this.request.columns[index]!.name}: times finer than its type are floored`);
      }
      return settled(column, this.#columns[index]!.beyond, `${this.request.table}.${this.request.columns[index]!.name}`, position);
    });
  }
}

/** Of a format whose values have no types of their own. */
const isText = (format: ReaderRequest['binding']['format']): boolean => format === 'csv' || format === 'jsonl';

/** What rows are ordered by: what `select` makes of the column, else the file's own. */
function orderColumn(order: string, fileColumns: readonly FileColumn[], { table, files, binding }: ReaderRequest): string {
  if (binding.select[order] !== undefined) return `(${binding.select[order]}\n)`;
  const wanted = plainName(order) ?? order;
  const found = fileColumns.find(({ name }) => name === wanted) ?? fileColumns.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return quoteName(found.name);
  const columns = fileColumns.map(({ name }) => name);
  throw new TapewrightError('DATASET_INVALID', `${files[0]} has no column ${wanted} to order the rows of ${table} by; its columns are ${columns.join(', ')}`, { table, columns });
}
