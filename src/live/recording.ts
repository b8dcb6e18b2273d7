/**
 * Tables that grow while their rows come: Arrow streams, with an index that says what of them counts. After a crash at any
 * moment they hold exactly what the last `sync` made durable, with the state that it was given. Streams become Parquet.
 */
import { open, readFile, readdir, rm, truncate, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Batch } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import { typeName, type Schema } from '../core/types.js';
import { endOfStream } from '../sinks/arrow-message.js';
import { ArrowRows } from '../sinks/arrow-rows.js';
import { ParquetOutput, joinSegments, removeSegments } from '../sinks/parquet.js';
import { openSource } from '../sources/open.js';
import { makeDirectory, syncDirectory, writeAside, writing } from '../stores/files.js';
import { Lock } from '../stores/lock.js';

export interface RecordedTable {
  readonly schema: Schema;
  /** Of its files, within the folder of all; empty: that folder. */
  readonly folder: string;
  /** What the names of its files begin with. */
  readonly prefix: string;
}

interface TableIndex {
  readonly columns: Readonly<Record<string, string>>;
  /** Parquet files, in order, and the rows in them. */
  readonly parts: readonly string[];
  readonly partRows: number;
  readonly stream: { readonly file: string; readonly bytes: number; readonly rows: number } | null;
  /** Number of the next file. */
  readonly next: number;
}

interface Index<State> {
  readonly format: 1;
  readonly state: State;
  readonly tables: Readonly<Record<string, TableIndex>>;
}

const indexName = 'recording.json';

export class Recording<State> {
  readonly #rows = new Map<string, ArrowRows>();
  readonly #pending = new Map<string, Uint8Array[]>();
  readonly #handles = new Map<string, FileHandle>();
  /** Rows and bytes that wait for `sync`, by table. */
  readonly #waiting = new Map<string, { rows: number; bytes: number }>();

  private constructor(readonly folder: string, private readonly tables: Readonly<Record<string, RecordedTable>>, private readonly lock: Lock, private index: Index<State>) {
    for (const [name, { schema }] of Object.entries(tables)) {
      this.#rows.set(name, new ArrowRows(schema));
      this.#empty(name);
    }
  }

  /**
   * Opens what `folder` holds, or begins with `state`. Throws USAGE where it holds tables of other columns, BUNDLE_LOCKED,
   * OUTPUT_UNWRITABLE.
   */
  static async open<State>(folder: string, tables: Readonly<Record<string, RecordedTable>>, state: State): Promise<Recording<State>> {
    for (const table of Object.values(tables)) await makeDirectory(join(folder, table.folder));
    const lock = await Lock.take(folder);
    try {
      const found = await readIndex<State>(join(folder, indexName));
      if (found !== null) checkSame(folder, found, tables);
      const index = found ?? { format: 1, state, tables: Object.fromEntries(Object.entries(tables).map(([name, { schema }]) => [name, { columns: columnsOf(schema), parts: [], partRows: 0, stream: null, next: 1 }])) };
      const opened = new Recording<State>(folder, tables, lock, index);
      await opened.#dropUncounted();
      return opened;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** As of the last `sync`. */
  get state(): State {
    return this.index.state;
  }

  /** Rows of a table, durable or not. */
  rows(table: string): number {
    const { partRows, stream } = this.index.tables[table]!;
    return partRows + (stream?.rows ?? 0) + this.#waiting.get(table)!.rows;
  }

  /** Rows that are in no Parquet file yet. */
  streamed(table: string): number {
    return this.rows(table) - this.index.tables[table]!.partRows;
  }

  /** Bytes that wait for `sync`. */
  get pendingBytes(): number {
    return [...this.#waiting.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Paths of a table's Parquet files, in order. */
  parts(table: string): string[] {
    return this.index.tables[table]!.parts.map((file) => this.#path(table, file));
  }

  append(table: string, batch: Batch): void {
    if (batch.length === 0) return;
    const bytes = this.#rows.get(table)!.batch(batch);
    this.#pending.get(table)!.push(bytes);
    const waiting = this.#waiting.get(table)!;
    waiting.rows += batch.length;
    waiting.bytes += bytes.length;
  }

  /** Makes everything appended so far durable, together with `state`. One call at a time. */
  async sync(state: State): Promise<void> {
    const tables: Record<string, TableIndex> = { ...this.index.tables };
    const taken = [...this.#pending].map(([name, pieces]) => ({ name, pieces, rows: this.#waiting.get(name)!.rows }));
    for (const { name } of taken) this.#empty(name);
    for (const { name, pieces, rows } of taken) if (pieces.length > 0) tables[name] = await this.#write(name, pieces, rows);
    await this.#save({ ...this.index, state, tables });
  }

  #empty(name: string): void {
    this.#pending.set(name, []);
    this.#waiting.set(name, { rows: 0, bytes: 0 });
  }

  async #write(name: string, pieces: readonly Uint8Array[], rows: number): Promise<TableIndex> {
    const before = this.index.tables[name]!;
    const file = before.stream?.file ?? this.#fileName(name, before.next, 'arrows');
    const path = this.#path(name, file);
    return writing(path, async () => {
      const handle = this.#handles.get(name) ?? await open(path, before.stream === null ? 'w' : 'r+');
      this.#handles.set(name, handle);
      const bytes = Buffer.concat([...(before.stream === null ? [this.#rows.get(name)!.head()] : []), ...pieces]);
      const at = before.stream?.bytes ?? 0;
      await handle.write(bytes, 0, bytes.length, at);
      await handle.datasync();
      if (before.stream === null) await syncDirectory(dirname(path));
      return { ...before, next: before.stream === null ? before.next + 1 : before.next, stream: { file, bytes: at + bytes.length, rows: (before.stream?.rows ?? 0) + rows } };
    });
  }

  /** Makes a Parquet file of what a table has streamed; what waits must have been synced. */
  async compact(name: string): Promise<void> {
    const { stream, parts, partRows, next, columns } = this.index.tables[name]!;
    if (stream === null) return;
    await this.#handles.get(name)?.close();
    this.#handles.delete(name);
    const file = this.#fileName(name, next, 'parquet');
    const from = this.#path(name, stream.file);
    await writing(from, async () => {
      const handle = await open(from, 'r+');
      await handle.write(endOfStream, 0, endOfStream.length, stream.bytes);
      await handle.close();
    });
    await this.#copy(this.tables[name]!.schema, from, this.#path(name, file));
    await this.#save({ ...this.index, tables: { ...this.index.tables, [name]: { columns, parts: [...parts, file], partRows: partRows + stream.rows, stream: null, next: next + 1 } } });
    await rm(from, { force: true });
  }

  async #copy(schema: Schema, from: string, to: string): Promise<void> {
    const folder = dirname(to);
    const name = basename(to).replace(/\.parquet$/, '');
    const source = await openSource({ path: from, format: 'arrow', select: {}, order: null }, schema.map((field) => ({ ...field, eventTime: false })), { inline: true });
    try {
      const output = await ParquetOutput.open(folder, name, schema);
      for (let read = await source.next(); read !== null; read = await source.next()) {
        output.append(read.batch);
        if (output.full) await output.drain();
      }
      await output.closeSegment();
      await joinSegments(folder, name, schema, output.segments, to);
      await removeSegments(folder);
    } finally {
      await source.close();
    }
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle.close();
    this.#handles.clear();
    this.lock.release();
  }

  async #save(index: Index<State>): Promise<void> {
    await writeAside(join(this.folder, indexName), `${JSON.stringify(index)}\n`);
    this.index = index;
  }

  #path(table: string, file: string): string {
    return join(this.folder, this.tables[table]!.folder, file);
  }

  #fileName(table: string, number: number, ending: string): string {
    return `${this.tables[table]!.prefix}-${String(number).padStart(6, '0')}.${ending}`;
  }

  /** What a crash left beyond the index. */
  async #dropUncounted(): Promise<void> {
    for (const [name, { folder, prefix }] of Object.entries(this.tables)) {
      const { parts, stream } = this.index.tables[name]!;
      const directory = join(this.folder, folder);
      await removeSegments(directory);
      for (const file of await readdir(directory)) {
        const isOurs = file.startsWith(`${prefix}-`) && /^\d+\.(arrows|parquet|parquet\.part)$/.test(file.slice(prefix.length + 1));
        if (isOurs && file !== stream?.file && !parts.includes(file)) await writing(join(directory, file), () => rm(join(directory, file)));
      }
      if (stream !== null) await writing(join(directory, stream.file), () => truncate(join(directory, stream.file), stream.bytes));
    }
  }
}

const columnsOf = (schema: Schema): Record<string, string> => Object.fromEntries(schema.map(({ name, type }) => [name, typeName(type)]));

async function readIndex<State>(path: string): Promise<Index<State> | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const index = JSON.parse(text) as Index<State>;
    if (index.format === 1 && typeof index.tables === 'object') return index;
  } catch {
    // Said below.
  }
  throw new TapewrightError('DATASET_CORRUPT', `${path} is no index of a recording: record into another folder`, { path });
}

function checkSame(folder: string, { tables: found }: Index<unknown>, tables: Readonly<Record<string, RecordedTable>>): void {
  const names = Object.keys(tables);
  const other = Object.keys(found).find((name) => !names.includes(name)) ?? names.find((name) => found[name] === undefined);
  if (other !== undefined) throw new TapewrightError('USAGE', `${folder} holds a recording of ${Object.keys(found).join(', ')}: go on with these, or record into another folder`, { folder });
  const changed = names.find((name) => JSON.stringify(found[name]!.columns) !== JSON.stringify(columnsOf(tables[name]!.schema)));
  if (changed !== undefined) throw new TapewrightError('USAGE', `${folder} holds ${changed} with other columns (${Object.entries(found[changed]!.columns).map((column) => column.join(' ')).join(', ')}): record into another folder`, { folder });
}
