/** Arrow IPC files and streams, message by message. */
import { open, type FileHandle } from 'node:fs/promises';
import { TapewrightError } from '../../core/errors.js';
import { unpack } from './body.js';
import { Strings } from './dictionary.js';
import { readFooter, readMessage, type BatchHeader, type Message, type Schema } from './metadata.js';
import type { ArrowColumn, Shape } from './schema.js';

/** One column of a record batch: its buffers, unpacked. */
export interface ColumnBuffers {
  readonly length: number;
  /** A bit a row; null: no row is NULL. */
  readonly validity: Uint8Array | null;
  readonly buffers: readonly Uint8Array[];
}

export interface ArrowBatch {
  readonly length: number;
  /** Buffers of the column at an index of the schema. Throws DATASET_CORRUPT. */
  column(index: number): ColumnBuffers;
  /** The strings that codes of this batch stand for. Throws DATASET_CORRUPT when the file has not given them. */
  dictionary(id: number): Strings;
}

/** Where a message lies, and its metadata. */
interface Found {
  readonly message: Message;
  readonly bodyAt: number;
  readonly end: number;
}

const mark = 'ARROW1';
const continuation = 0xffff_ffff;
/** Metadata and bodies beyond these are damage. */
const metadataBytesMax = 256 * 2 ** 20;

export class ArrowFile {
  readonly columns: readonly ArrowColumn[];
  /** Rows in all; of a stream only reading tells. */
  rowsTotal: number | null = null;
  /** A stream that was not closed: its last whole batch is taken as its end. */
  unfinished = false;
  readonly #dictionaries = new Map<number, Strings>();
  /** Where the record batches of a file lie; null: a stream, read from `#at` on. */
  #blocks: readonly number[] | null = null;
  #block = 0;
  #at = 0;

  private constructor(private readonly path: string, private readonly handle: FileHandle, private readonly size: number, private readonly schema: Schema) {
    this.columns = schema.columns;
  }

  /** Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID. */
  static async open(path: string): Promise<ArrowFile> {
    const handle = await open(path).catch((cause: unknown) => {
      throw new TapewrightError('DATASET_MISSING', `cannot open ${path}: ${(cause as NodeJS.ErrnoException).code}`, { path }, { cause });
    });
    try {
      const { size } = await handle.stat();
      const head = (await readAt(handle, 0, Math.min(8, size))).toString('latin1');
      if (head.startsWith('FEA1')) throw new TapewrightError('DATASET_INVALID', `${path} is a Feather file of version 1; write it again as Arrow IPC (Feather version 2)`, { path });
      return head.startsWith(mark) ? await ArrowFile.#openFile(path, handle, size) : await ArrowFile.#openStream(path, handle, size);
    } catch (cause) {
      await handle.close();
      throw cause instanceof TapewrightError ? cause : damaged(path, 'its schema cannot be read', cause);
    }
  }

  static async #openFile(path: string, handle: FileHandle, size: number): Promise<ArrowFile> {
    const tail = await readAt(handle, Math.max(0, size - 10), Math.min(10, size));
    if (size < 24 || tail.toString('latin1', 4) !== mark) throw new TapewrightError('DATASET_CORRUPT', `${path} is truncated: its Arrow footer is missing; fetch or write the file again`, { path, size });
    const length = tail.readInt32LE(0);
    if (length <= 0 || length > size - 18) throw damaged(path, 'its footer has an impossible length');
    const footer = readFooter(await readAt(handle, size - 10 - length, length));
    const file = new ArrowFile(path, handle, size, footer.schema);
    for (const offset of footer.dictionaries) {
      const found = await file.#found(offset);
      file.#enterDictionary(found, await file.#body(found));
    }
    file.#blocks = footer.batches;
    let rows = 0;
    for (const offset of file.#blocks) rows += headerOf(await file.#found(offset), path).length;
    file.rowsTotal = rows;
    return file;
  }

  static async #openStream(path: string, handle: FileHandle, size: number): Promise<ArrowFile> {
    const isMarked = (await readAt(handle, 0, Math.min(4, size))).equals(Buffer.of(255, 255, 255, 255));
    const first = await findMessage(path, handle, size, 0).catch((cause: unknown) => {
      if (isMarked) throw cause;
      return null;
    });
    if (first === null || first === 'end' || first.message.kind !== 'schema') throw new TapewrightError('DATASET_INVALID', `${path} is neither an Arrow IPC file nor a stream: it does not begin with ${mark} or with a schema`, { path });
    const file = new ArrowFile(path, handle, size, first.message.schema);
    file.#at = first.end;
    return file;
  }

  /** The next record batch; null at the end. Throws DATASET_CORRUPT. */
  async next(): Promise<ArrowBatch | null> {
    if (this.#blocks !== null) {
      const offset = this.#blocks[this.#block++];
      if (offset === undefined) return null;
      const found = await this.#found(offset);
      return this.#batch(found, await this.#body(found));
    }
    for (;;) {
      const found = await findMessage(this.path, this.handle, this.size, this.#at);
      if (found === 'end') return null;
      if (found === null) {
        this.unfinished = true;
        return null;
      }
      const body = await this.#body(found);
      this.#at = found.end;
      if (found.message.kind === 'batch') return this.#batch(found, body);
      if (found.message.kind === 'dictionary') this.#enterDictionary(found, body);
      else throw damaged(this.path, 'a message is neither rows nor a dictionary');
    }
  }

  /** Leaves out whole batches of a file while they end at or before row `rows`; returns the rows left out. */
  async skipTo(rows: number): Promise<number> {
    let skipped = 0;
    for (; this.#blocks !== null && this.#block < this.#blocks.length; this.#block += 1) {
      const { length } = headerOf(await this.#found(this.#blocks[this.#block]!), this.path);
      if (skipped + length > rows) break;
      skipped += length;
    }
    return skipped;
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  async #found(offset: number): Promise<Found> {
    const found = await findMessage(this.path, this.handle, this.size, offset);
    if (found === null || found === 'end') throw damaged(this.path, 'its footer points to no message');
    return found;
  }

  #body({ bodyAt, end }: Found): Promise<Uint8Array> {
    return readAt(this.handle, bodyAt, end - bodyAt);
  }

  #batch(found: Found, body: Uint8Array): ArrowBatch {
    const header = headerOf(found, this.path);
    // As they are now: a stream may replace a dictionary later.
    const dictionaries = new Map(this.#dictionaries);
    return {
      length: header.length,
      column: (index) => this.#buffers(header, body, this.columns, index),
      dictionary: (id) => {
        const strings = dictionaries.get(id);
        if (strings === undefined) throw damaged(this.path, `dictionary ${id} is missing`);
        return strings;
      },
    };
  }

  #enterDictionary({ message }: Found, body: Uint8Array): void {
    if (message.kind !== 'dictionary') throw damaged(this.path, 'its footer points to no dictionary');
    const { id, isDelta, batch } = message;
    const column = this.schema.dictionaries.get(id);
    if (column === undefined) throw damaged(this.path, `dictionary ${id} belongs to no column`);
    // One whose values are no texts belongs to a column that is not read.
    if (column.layout.kind === 'unread' || (column.type !== 'VARCHAR' && column.type !== 'BLOB')) return;
    const strings = this.#checked(() => Strings.of(column, this.#buffers(batch, body, [column], 0)));
    const before = isDelta ? this.#dictionaries.get(id) : undefined;
    this.#dictionaries.set(id, before === undefined ? strings : before.concat(strings));
  }

  #buffers(header: BatchHeader, body: Uint8Array, columns: readonly ArrowColumn[], index: number): ColumnBuffers {
    const { node, from, to } = placeOf(columns.map(({ shape }) => shape), index, header.variadicCounts);
    const found = header.nodes[node];
    if (found === undefined || to > header.buffers.length || found.length !== header.length) throw damaged(this.path, `a batch does not fit the schema at column ${columns[index]!.name}`);
    const buffers = header.buffers.slice(from, to).map(({ offset, length }) => {
      if (offset + length > body.length) throw damaged(this.path, `a buffer of column ${columns[index]!.name} lies outside its batch`);
      return this.#checked(() => unpack(body.subarray(offset, offset + length), header.packing));
    });
    const [bits, ...rest] = buffers;
    const validity = bits === undefined || bits.length === 0 || found.nullCount === 0 ? null : bits;
    if (validity !== null && validity.length * 8 < found.length) throw damaged(this.path, `the NULLs of column ${columns[index]!.name} are cut short`);
    return { length: found.length, validity, buffers: rest };
  }

  #checked<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      throw cause instanceof TapewrightError ? cause : damaged(this.path, 'a buffer cannot be unpacked', cause);
    }
  }
}

export function damaged(path: string, where: string, cause?: unknown): TapewrightError {
  const said = cause === undefined ? '' : ` (${cause instanceof Error ? cause.message : String(cause)})`;
  return new TapewrightError('DATASET_CORRUPT', `${path} is damaged: ${where}${said}; fetch or write the file again`, { path }, { cause });
}

function headerOf({ message }: Found, path: string): BatchHeader {
  if (message.kind !== 'batch') throw damaged(path, 'its footer points to no record batch');
  return message.batch;
}

/** Index of a column's node, and its buffers from..to. */
function placeOf(shapes: readonly Shape[], index: number, variadic: readonly number[]): { node: number; from: number; to: number } {
  let node = 0, from = 0, views = 0;
  const extra = ({ views: count }: Shape): number => {
    const added = variadic.slice(views, views + count).reduce((sum, each) => sum + each, 0);
    views += count;
    return added;
  };
  for (const shape of shapes.slice(0, index)) {
    node += shape.nodes;
    from += shape.buffers + extra(shape);
  }
  return { node, from, to: from + shapes[index]!.buffers + extra(shapes[index]!) };
}

/** The message at `at`; 'end' where the stream says that it ends, null where the bytes do. */
async function findMessage(path: string, handle: FileHandle, size: number, at: number): Promise<Found | 'end' | null> {
  if (at >= size) return null;
  const cut = (): TapewrightError => new TapewrightError('DATASET_CORRUPT', `${path} is truncated: it ends within a message that begins at byte ${at}; fetch or write the file again`, { path, at });
  if (at + 4 > size) throw cut();
  const prefix = await readAt(handle, at, Math.min(8, size - at));
  // Before version 0.15 the length stood without a mark.
  const isMarked = prefix.readUInt32LE(0) === continuation;
  if (isMarked && prefix.length < 8) throw cut();
  const length = isMarked ? prefix.readInt32LE(4) : prefix.readInt32LE(0);
  if (length === 0) return 'end';
  if (length < 0 || length > metadataBytesMax) throw damaged(path, `the message at byte ${at} has an impossible length`);
  const metadataAt = at + (isMarked ? 8 : 4);
  if (metadataAt + length > size) throw cut();
  const message = decodeMessage(path, at, await readAt(handle, metadataAt, length));
  const bodyAt = metadataAt + length;
  const end = bodyAt + message.bodyLength;
  if (end > size) throw cut();
  return { message, bodyAt, end };
}

function decodeMessage(path: string, at: number, bytes: Uint8Array): Message {
  try {
    return readMessage(bytes);
  } catch (cause) {
    throw damaged(path, `the message at byte ${at} cannot be read`, cause);
  }
}

/** Bytes of their own, so that they begin where any number may. */
async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) throw new Error(`it ends at byte ${at + read}`);
    read += bytesRead;
  }
  return bytes;
}
