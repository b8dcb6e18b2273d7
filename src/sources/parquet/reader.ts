/**
 * Reads Parquet straight into columns: dictionary codes stay codes, so that no string is made or hashed a row. What it
 * does not know (expressions, an order, nested or rare types, rare encodings) is left to DuckDB.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { settled } from '../beyond.js';
import { matchColumn, wireColumn, type WireColumn } from '../columns.js';
import type { RawBatch, RawColumn, Reader, ReaderRequest } from '../reader.js';
import { corrupt } from '../corrupt.js';
import { BatchMemory } from './batch-memory.js';
import { columnFill, type ColumnFill, type ParquetWire } from './column-fill.js';
import { bytesAt, readFooter, type Footer } from './footer.js';
import { codecs, encodings, Pages, prepareZstd } from './pages.js';

/** Rows of the first batch, each after it having twice as many: whoever waits can begin sooner. */
const firstRows = 4096;

/** A column that is read: which of the file's, and how its values lie there. */
interface Chosen {
  readonly index: number;
  readonly wire: ParquetWire;
  readonly beyond: WireColumn['beyond'];
  readonly remark: string | null;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly footer: Footer;
  /** Position of its first row. */
  readonly first: number;
  readonly columns: readonly Chosen[];
}

/** A reader of the binding's files; null where DuckDB has to read them, or to say what is wrong with them. */
export async function openParquetReader(request: ReaderRequest): Promise<Reader | null> {
  const files: OpenFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(files.map(({ handle }) => handle.close()));
  };
  try {
    let first = 0;
    for (const path of request.files) {
      const handle = await open(path);
      const file = { path, handle, first };
      files.push({ ...file, footer: { rows: 0, columns: [], groups: [] }, columns: [] });
      const footer = await readFooter(handle, (await handle.stat()).size);
      const columns = choose(request, path, footer);
      if (columns === null || !sameWires(columns, files[0]!.columns, files.length)) {
        await close();
        return null;
      }
      files[files.length - 1] = { ...file, footer, columns };
      first += footer.rows;
    }
    await prepareZstd();
    const reader = new ParquetReader(request, files, first, close);
    await reader.start();
    return reader;
  } catch {
    await close();
    return null;
  }
}

/** The file's columns that stand for the request's; null where one is not for this reader. */
function choose(request: ReaderRequest, path: string, { columns, groups }: Footer): Chosen[] | null {
  const place = { table: request.table, file: path };
  const chosen: Chosen[] = [];
  for (const column of request.columns) {
    const match = matchColumn(column, request.binding, columns, place);
    const index = columns.findIndex(({ name }) => name === match.fileColumn);
    const found = columns[index];
    if (match.given || found === undefined || found.type === '?' || columns.filter(({ name }) => name === found.name).length > 1) return null;
    const wired = wireColumn(column, match.expression, found.type, place);
    const wire = fileWire(found.type, wired);
    if (wire === null) return null;
    if (groups.some(({ chunks }) => !codecs.includes(chunks[index]!.codec) || !chunks[index]!.encodings.every((encoding) => encodings.includes(encoding)))) return null;
    chosen.push({ index, wire, beyond: wired.beyond, remark: match.remark ?? wired.remark });
  }
  return chosen;
}

/** How what DuckDB would make of a column lies in the file; null where it would do more than read it. */
function fileWire(type: string, { expression, wire }: WireColumn): ParquetWire | null {
  const cast = expression.startsWith('CAST(') && (expression.endsWith(' AS BIGINT)') || expression.endsWith(' AS DOUBLE)'));
  const isPlain = expression.startsWith('"') || cast;
  if (!isPlain) return null;
  switch (type) {
    case 'DOUBLE': return cast ? null : { kind: 'double' };
    case 'DATE': return cast ? null : { kind: 'int32' };
    case 'INTEGER': return { kind: 'int32' };
    case 'VARCHAR': return cast ? null : { kind: 'text' };
    default: return wire.kind === 'int64' && !expression.endsWith(' AS DOUBLE)') ? { kind: 'int64', divide: wire.divide } : null;
  }
}

/** Builders go on from file to file: all must hold the columns alike. */
const sameWires = (columns: readonly Chosen[], first: readonly Chosen[], files: number): boolean =>
  files === 1 || columns.every(({ wire }, index) => JSON.stringify(wire) === JSON.stringify(first[index]!.wire));

class ParquetReader implements Reader {
  readonly remarks: string[];
  #file = 0;
  /** The row group that comes next, and the one that is being read. */
  #group = 0;
  #groupRows = 0;
  #groupAt = 0;
  #position: number;
  #nextRows: number;
  /** Bytes of the next row group's columns, asked for while the one before is read. */
  #ahead: Promise<Uint8Array[]> | null = null;
  #interrupted = false;
  /** Read at the start, and not asked for yet. */
  #first: RawBatch | null = null;
  readonly #memory = new BatchMemory();
  readonly #fills: readonly ColumnFill[];

  constructor(
    private readonly request: ReaderRequest, private readonly files: readonly OpenFile[], readonly rowsTotal: number, private readonly release: () => Promise<void>,
  ) {
    this.remarks = [...new Set(files.flatMap(({ columns }) => columns.map(({ remark }) => remark)))].filter((remark) => remark !== null);
    this.#position = Math.min(request.from, rowsTotal);
    this.#nextRows = Math.min(request.batchRows, firstRows);
    this.#fills = files[0]!.columns.map(({ wire }) => columnFill(wire, request.batchRows, this.#memory));
    this.#skip();
  }

  /** Whole files and row groups before the first position are not read. */
  #skip(): void {
    let first = 0;
    for (;;) {
      const rows = this.files[this.#file]?.footer.groups[this.#group]?.rows;
      if (rows !== undefined && first + rows > this.#position) break;
      if (rows !== undefined) {
        first += rows;
        this.#group += 1;
      } else if (this.#file < this.files.length - 1) {
        this.#file += 1;
        this.#group = 0;
      } else break;
    }
    this.#groupAt = -(this.#position - first);
  }

  /** Reads the first batch, so that a file that is damaged from the start shows before a run begins. */
  async start(): Promise<void> {
    this.#first = await this.next();
  }

  async next(): Promise<RawBatch | null> {
    if (this.#first !== null) {
      const first = this.#first;
      this.#first = null;
      return first;
    }
    const position = this.#position;
    const wanted = this.#nextRows;
    this.#nextRows = Math.min(this.request.batchRows, wanted * 2);
    let length = 0;
    while (length < wanted) {
      if (this.#groupAt === this.#groupRows || this.#groupAt < 0) {
        if (!(await this.#enter())) break;
      }
      const take = Math.min(this.#groupRows - this.#groupAt, wanted - length);
      this.#read(() => this.#fills.forEach((fill) => fill.fill(take, length)));
      length += take;
      this.#groupAt += take;
      this.#position += take;
    }
    if (length === 0) return null;
    return { length, position, positions: null, watermarks: null, columns: this.#take(position), lent: true, rejected: [] };
  }

  /** Makes the next row group with rows current; false at the end of the last file. */
  async #enter(): Promise<boolean> {
    if (this.#interrupted) return false;
    const skipped = Math.max(0, -this.#groupAt);
    for (;;) {
      const file = this.files[this.#file]!;
      const group = file.footer.groups[this.#group];
      if (group !== undefined && group.rows > 0) {
        const bytes = await (this.#ahead ?? this.#fetch(file, this.#group)).catch((cause: unknown) => this.#failed(cause));
        this.#group += 1;
        this.#ahead = this.#group < file.footer.groups.length ? this.#fetch(file, this.#group) : null;
        // A failure is met where the promise is awaited, which may be later than it happens.
        this.#ahead?.catch(() => null);
        file.columns.forEach(({ index }, column) => {
          const { optional } = file.footer.columns[index]!;
          this.#fills[column]!.enter(new Pages(bytes[column]!, group.chunks[index]!.codec, optional));
        });
        this.#groupRows = group.rows;
        this.#groupAt = skipped;
        if (skipped > 0) this.#read(() => this.#fills.forEach((fill) => fill.skip(skipped)));
        return true;
      }
      if (group !== undefined) this.#group += 1;
      else if (this.#file < this.files.length - 1) {
        this.#file += 1;
        this.#group = 0;
      } else return false;
    }
  }

  #fetch({ handle, footer, columns }: OpenFile, group: number): Promise<Uint8Array[]> {
    return Promise.all(columns.map(({ index }) => {
      const { start, end } = footer.groups[group]!.chunks[index]!;
      return bytesAt(handle, start, end - start);
    }));
  }

  #read(read: () => void): void {
    try {
      read();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #failed(cause: unknown): never {
    const { path, first } = this.files[this.#file]!;
    throw corrupt(path, `reading stops after row ${this.#position - first}`, cause);
  }

  #take(position: number): RawColumn[] {
    return this.#fills.map((fill, index) => {
      const name = `${this.request.table}.${this.request.columns[index]!.name}`;
      const remark = `${name}: times finer than its type are floored`;
      const column = fill.take();
      if (fill.floored && !this.remarks.includes(remark)) this.remarks.push(remark);
      return settled(column, this.files[0]!.columns[index]!.beyond, name, position);
    });
  }

  takeBack(buffers: readonly ArrayBuffer[]): void {
    this.#memory.takeBack(buffers);
  }

  interrupt(): void {
    this.#interrupted = true;
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => null);
    await this.release();
  }
}
