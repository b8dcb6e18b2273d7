/** Files of records in Parquet, row group by row group: the columns that a recording has, where they are as this reader takes them. */
import { open, type FileHandle } from 'node:fs/promises';
import { corrupt } from '../corrupt.js';
import type { ParquetWire } from './column-fill.js';
import { bytesAt, readFooter, type Footer, type ParquetColumn } from './footer.js';
import { codecs, encodings, Pages, prepareZstd } from './pages.js';
import { prepareZstdStream } from './zstd-stream.js';

export type NumberWire = Exclude<ParquetWire, { kind: 'text' }>;

interface Found {
  readonly index: number;
  readonly type: string;
}

/** A recording's columns, by what they are; null: there is none. */
export interface RecordColumns {
  readonly topic: Found;
  readonly partition: Found | null;
  readonly offset: Found | null;
  readonly timestamp: Found | null;
  readonly key: Found | null;
  readonly value: Found;
  readonly headers: Found | null;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly footer: Footer;
  readonly columns: RecordColumns;
}

/** Bytes of a row group's columns: where there are more the next ones are not read ahead. */
const aheadMax = 64 << 20;

export const numberWire = (type: string): NumberWire => {
  if (type === 'INTEGER') return { kind: 'int32' };
  return { kind: 'int64', divide: type === 'TIMESTAMP' || type === 'TIMESTAMP WITH TIME ZONE' ? 1e3 : type === 'TIMESTAMP_NS' ? 1e6 : 1 };
};

const streamed: readonly (keyof RecordColumns)[] = ['key', 'value', 'headers'];
const wholeTypes = ['INTEGER', 'BIGINT'], payloadTypes = ['VARCHAR', 'JSON', 'BLOB'];
const typesOf: Readonly<Record<keyof RecordColumns, readonly string[]>> = {
  topic: ['VARCHAR'], partition: wholeTypes, offset: wholeTypes, key: payloadTypes, value: payloadTypes, headers: ['VARCHAR', 'JSON'],
  timestamp: [...wholeTypes, 'TIMESTAMP_MS', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS'],
};

/** The column of that name, else the first that differs from it in case. */
export const columnNamed = <Column extends { readonly name: string }>(columns: readonly Column[], name: string): Column | undefined =>
  columns.find((column) => column.name === name) ?? columns.find((column) => column.name.toLowerCase() === name);

/** Null where one is not for this reader, or is missing. */
function recordColumns({ columns, groups }: Footer): RecordColumns | null {
  const found: Partial<Record<keyof RecordColumns, Found | null>> = {};
  for (const [name, types] of Object.entries(typesOf)) {
    const column: ParquetColumn | undefined = columnNamed(columns, name);
    found[name as keyof RecordColumns] = column === undefined ? null : { index: columns.indexOf(column), type: column.type };
    if (column === undefined) continue;
    const index = columns.indexOf(column);
    if (!types.includes(column.type) || columns.filter((each) => each.name === column.name).length > 1) return null;
    if (groups.some(({ chunks }) => !codecs.includes(chunks[index]!.codec) || !chunks[index]!.encodings.every((encoding) => encodings.includes(encoding)))) return null;
  }
  return found.topic == null || found.value == null ? null : (found as RecordColumns);
}

const typesIn = (columns: RecordColumns): string => JSON.stringify(Object.values(columns).map((found: Found | null) => found?.type ?? null));

export class RecordGroups {
  #file = 0;
  #group = 0;
  /** Of the file, those of the row groups before the one that was entered, and its own. */
  #rowsBefore = 0;
  #rows = 0;
  #ahead: Promise<Uint8Array[]> | null = null;

  private constructor(private readonly files: readonly OpenFile[], private readonly wanted: readonly (keyof RecordColumns)[]) {}

  /** Null where DuckDB has to read them, or to say what is wrong with them. `wanted`: of the columns; those that are not there are left out. */
  static async open(paths: readonly string[], wanted: readonly (keyof RecordColumns)[]): Promise<RecordGroups | null> {
    const files: OpenFile[] = [];
    const handles: FileHandle[] = [];
    try {
      for (const path of paths) {
        const handle = await open(path);
        handles.push(handle);
        const footer = await readFooter(handle, (await handle.stat()).size), columns = recordColumns(footer);
        if (columns === null || (files.length > 0 && typesIn(columns) !== typesIn(files[0]!.columns))) throw new Error('it is not for this reader');
        files.push({ path, handle, footer, columns });
      }
      await Promise.all([prepareZstd(), prepareZstdStream()]);
      const { columns } = files[0]!;
      return new RecordGroups(files, wanted.filter((name) => columns[name] !== null));
    } catch {
      await Promise.all(handles.map((handle) => handle.close()));
      return null;
    }
  }

  /** Of all files alike. */
  get columns(): RecordColumns {
    return this.files[0]!.columns;
  }

  /** The next row group with rows; null at the end of the last file. Pages by column wanted. Throws DATASET_CORRUPT. */
  async next(): Promise<{ readonly rows: number; readonly pages: ReadonlyMap<keyof RecordColumns, Pages> } | null> {
    this.#rowsBefore += this.#rows;
    this.#rows = 0;
    for (;;) {
      const file = this.files[this.#file]!;
      const group = file.footer.groups[this.#group];
      if (group !== undefined && group.rows > 0) {
        const bytes = await (this.#ahead ?? this.#fetch(file, this.#group)).catch((cause: unknown) => this.failed(0, cause));
        this.#group += 1;
        this.#ahead = this.#size(file, this.#group) <= aheadMax ? this.#fetch(file, this.#group) : null;
        // A failure is met where the promise is awaited, which may be later than it happens.
        this.#ahead?.catch(() => null);
        this.#rows = group.rows;
        const pages = this.wanted.map((name, at): readonly [keyof RecordColumns, Pages] => {
          const { index } = file.columns[name]!;
          return [name, new Pages(bytes[at]!, group.chunks[index]!.codec, file.footer.columns[index]!.optional, streamed.includes(name))];
        });
        return { rows: group.rows, pages: new Map(pages) };
      }
      if (group !== undefined) this.#group += 1;
      else if (this.#file < this.files.length - 1) {
        this.#file += 1;
        this.#group = this.#rowsBefore = 0;
      } else return null;
    }
  }

  /** Infinity: there is no such row group. */
  #size({ footer, columns }: OpenFile, group: number): number {
    const chunks = footer.groups[group]?.chunks;
    return chunks === undefined ? Infinity : this.wanted.reduce((sum, name) => sum + chunks[columns[name]!.index]!.end - chunks[columns[name]!.index]!.start, 0);
  }

  #fetch({ handle, footer, columns }: OpenFile, group: number): Promise<Uint8Array[]> {
    return Promise.all(this.wanted.map((name) => {
      const { start, end } = footer.groups[group]!.chunks[columns[name]!.index]!;
      return bytesAt(handle, start, end - start);
    }));
  }

  /** @param row Of the row group, how many were read. */
  failed(row: number, cause: unknown): never {
    throw corrupt(this.files[this.#file]!.path, `reading stops after row ${this.#rowsBefore + row}`, cause);
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => null);
    await Promise.all(this.files.map(({ handle }) => handle.close()));
  }
}
