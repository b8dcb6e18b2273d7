/** Writes rows as Arrow IPC, record batch by record batch: as a file, or as a stream where nothing can be written after the end. */
import duckdb from '@duckdb/node-bindings';
import { Footer, FileBlock } from 'apache-arrow/ipc/metadata/file';
import { BufferRegion, FieldNode, Message, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { Field, Schema } from 'apache-arrow/schema';
import { ArrowColumnWriter, arrowKind } from './arrow-column.js';

export interface ArrowField {
  readonly name: string;
  /** As DuckDB's DESCRIBE says it. */
  readonly type: string;
}

const batchRows = 65_536;
/** Bytes of texts of one column in a record batch: their offsets have 32 bits. */
const textBytesMax = 2 ** 28;
const mark = 'ARROW1';

/** Takes the bytes in order. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/** Throws SQL_UNSUPPORTED for a type that is not written; what `write` throws goes through. */
export class ArrowWriter {
  readonly #columns: readonly ArrowColumnWriter[];
  readonly #widths: readonly number[];
  readonly #schema: Schema;
  readonly #blocks: FileBlock[] = [];
  #rows = 0;
  #at = 0;

  constructor(fields: readonly ArrowField[], private readonly form: 'file' | 'stream', private readonly write: Write) {
    const kinds = fields.map(({ name, type }) => arrowKind(name, type));
    this.#columns = kinds.map((kind, index) => new ArrowColumnWriter(fields[index]!.name, kind, batchRows));
    this.#widths = kinds.map(({ width }) => width);
    this.#schema = new Schema(kinds.map(({ type }, index) => new Field(fields[index]!.name, type, true)));
  }

  async begin(): Promise<void> {
    if (this.form === 'file') await this.#put(Buffer.from(`${mark}\0\0`));
    await this.#message(Message.from(this.#schema), []);
  }

  async append(chunk: duckdb.DataChunk): Promise<void> {
    const count = duckdb.data_chunk_get_size(chunk);
    if (this.#rows + count > batchRows || this.#columns.some(({ bytes }) => bytes > textBytesMax)) await this.#flush();
    this.#columns.forEach((column, index) => {
      const vector = duckdb.data_chunk_get_vector(chunk, index);
      column.append(duckdb.vector_get_data(vector, count * this.#widths[index]!), duckdb.vector_get_validity(vector, ((count + 63) >> 6) * 8), count);
    });
    this.#rows += count;
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#put(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0));
    if (this.form === 'stream') return;
    const footer = Footer.encode(new Footer(this.#schema, undefined, this.#blocks, []));
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.length);
    await this.#put(Buffer.concat([footer, length, Buffer.from(mark)]));
  }

  async #flush(): Promise<void> {
    if (this.#rows === 0) return;
    const taken = this.#columns.map((column) => column.take());
    const regions: BufferRegion[] = [];
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const bytes of taken.flatMap(({ buffers }) => buffers)) {
      regions.push(new BufferRegion(at, bytes.length));
      const padding = new Uint8Array(-bytes.length & 63);
      pieces.push(bytes, padding);
      at += bytes.length + padding.length;
    }
    const nodes = taken.map(({ nulls }) => new FieldNode(this.#rows, nulls));
    const offset = this.#at;
    const metadata = await this.#message(Message.from(new RecordBatch(this.#rows, nodes, regions, null), at), pieces);
    this.#blocks.push(new FileBlock(metadata, at, offset));
    this.#rows = 0;
  }

  /** Returns the bytes before the body. */
  async #message(message: Message, body: readonly Uint8Array[]): Promise<number> {
    const encoded = Message.encode(message);
    const length = Math.ceil((encoded.length + 8) / 64) * 64;
    const head = Buffer.alloc(length);
    head.writeUInt32LE(0xffff_ffff, 0);
    head.writeInt32LE(length - 8, 4);
    head.set(encoded, 8);
    await this.#put(Buffer.concat([head, ...body]));
    return length;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#at += bytes.length;
    await this.write(bytes);
  }
}
