/** Writes rows as Arrow IPC, record batch by record batch: as a file, or as a stream where nothing can be written after the end. */
import duckdb from '@duckdb/node-bindings';
import { Footer, FileBlock } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { Field, Schema } from 'apache-arrow/schema';
import { ArrowColumnWriter, arrowKind } from './arrow-column.js';
import { encodedMessage, endOfStream, recordBatchMessage } from './arrow-message.js';

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
    await this.#put(encodedMessage(Message.from(this.#schema)).bytes);
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
    await this.#put(endOfStream);
    if (this.form === 'stream') return;
    const footer = Footer.encode(new Footer(this.#schema, undefined, this.#blocks, []));
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.length);
    await this.#put(Buffer.concat([footer, length, Buffer.from(mark)]));
  }

  async #flush(): Promise<void> {
    if (this.#rows === 0) return;
    const { bytes, metadata, body } = recordBatchMessage(this.#rows, this.#columns.map((column) => column.take()));
    this.#blocks.push(new FileBlock(metadata, body, this.#at));
    await this.#put(bytes);
    this.#rows = 0;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#at += bytes.length;
    await this.write(bytes);
  }
}
