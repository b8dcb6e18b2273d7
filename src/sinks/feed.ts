/** Hands blocks to DuckDB as a table function, so that COPY pulls them chunk by chunk and nothing is stored twice. */
import duckdb from '@duckdb/node-bindings';
import type { Schema } from '../core/types.js';
import type { Block, BlockColumn } from './block.js';
import { duckType, type DuckType } from './duck-type.js';

const chunkRows = duckdb.vector_size();
const encoder = new TextEncoder();

export const feedName = 'tapewright_feed';

/** Serves one COPY at a time: set `blocks` and `schema`, then run a statement that reads `tapewright_feed()`. */
export class Feed {
  #blocks: readonly Block[] = [];
  #types: readonly DuckType[] = [];
  #names: readonly string[] = [];
  #block = 0;
  #row = 0;
  #writers: ChunkWriter[] = [];

  constructor(connection: duckdb.Connection) {
    const table = duckdb.create_table_function();
    duckdb.table_function_set_name(table, feedName);
    duckdb.table_function_set_bind(table, (info) => {
      this.#types.forEach((type, index) => duckdb.bind_add_result_column(info, this.#names[index]!, logicalType(type)));
    });
    duckdb.table_function_set_init(table, (info) => duckdb.init_set_max_threads(info, 1));
    duckdb.table_function_set_function(table, (_info, chunk) => this.#fill(chunk));
    duckdb.register_table_function(connection, table);
  }

  serve(schema: Schema, blocks: readonly Block[]): void {
    this.#names = schema.map((field) => field.name);
    this.#types = schema.map(duckType);
    this.#blocks = blocks;
    this.#block = this.#row = 0;
    this.#writers = [];
  }

  #fill(chunk: duckdb.DataChunk): void {
    while (this.#block < this.#blocks.length && this.#row === this.#blocks[this.#block]!.length) {
      this.#block += 1;
      this.#row = 0;
      this.#writers = [];
    }
    const block = this.#blocks[this.#block];
    const count = block === undefined ? 0 : Math.min(chunkRows, block.length - this.#row);
    duckdb.data_chunk_set_size(chunk, count);
    if (block === undefined) return;
    if (this.#writers.length === 0) this.#writers = block.columns.map((column, index) => chunkWriter(this.#types[index]!, column));
    this.#writers.forEach((write, index) => write(duckdb.data_chunk_get_vector(chunk, index), this.#row, this.#row + count));
    this.#row += count;
  }
}

function logicalType({ name }: DuckType): duckdb.LogicalType {
  const decimal = /^DECIMAL\((\d+), (\d+)\)$/.exec(name);
  if (decimal !== null) return duckdb.create_decimal_type(Number(decimal[1]), Number(decimal[2]));
  const types: Readonly<Record<string, duckdb.Type>> = {
    BOOLEAN: duckdb.Type.BOOLEAN, TINYINT: duckdb.Type.TINYINT, SMALLINT: duckdb.Type.SMALLINT, INTEGER: duckdb.Type.INTEGER,
    BIGINT: duckdb.Type.BIGINT, FLOAT: duckdb.Type.FLOAT, DOUBLE: duckdb.Type.DOUBLE, DATE: duckdb.Type.DATE,
    VARCHAR: duckdb.Type.VARCHAR, BLOB: duckdb.Type.BLOB, TIMESTAMP_MS: duckdb.Type.TIMESTAMP_MS,
    TIMESTAMP: duckdb.Type.TIMESTAMP, TIMESTAMP_NS: duckdb.Type.TIMESTAMP_NS, TIMESTAMPTZ: duckdb.Type.TIMESTAMP_TZ,
  };
  return duckdb.create_logical_type(types[name]!);
}

/** Writes rows from..to of a block's column into a vector of to - from rows. */
type ChunkWriter = (vector: duckdb.Vector, from: number, to: number) => void;

function chunkWriter(type: DuckType, column: BlockColumn): ChunkWriter {
  if (column.kind === 'text') return textWriter(column.codes, column.strings, type.layout === 'blob');
  const { nulls } = column;
  const values = numberWriter(type, column);
  if (nulls === null) return values;
  return (vector, from, to) => {
    values(vector, from, to);
    writeValidity(vector, (row) => nulls[row] === 0, from, to);
  };
}

function writeValidity(vector: duckdb.Vector, isValid: (row: number) => boolean, from: number, to: number): void {
  const bits = new Uint8Array(((to - from + 63) >> 6) * 8).fill(255);
  for (let row = from; row < to; row += 1) if (!isValid(row)) bits[(row - from) >> 3]! &= ~(1 << ((row - from) & 7));
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.byteLength);
}

function copy(vector: duckdb.Vector, bytes: ArrayBufferView): void {
  duckdb.copy_data_to_vector(vector, 0, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

const arrays = { u8: Uint8Array, i8: Int8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array } as const;

function numberWriter({ layout, scale }: DuckType, { values, kind }: Exclude<BlockColumn, { kind: 'text' }>): ChunkWriter {
  if (layout === 'f64' || layout === 'f32') unifyNaN(values as Float64Array);
  if (layout === 'f64') return (vector, from, to) => copy(vector, (values as Float64Array).subarray(from, to));
  if (layout === 'i128') return (vector, from, to) => copy(vector, int128s(values, from, to));
  if (layout === 'i64') {
    if (kind === 'wide' || scale !== 1) return (vector, from, to) => copy(vector, bigints(values, from, to, BigInt(scale)));
    const words = new Int32Array(chunkRows * 2);
    return (vector, from, to) => {
      splitWords(values as Float64Array, from, to, words);
      copy(vector, words.subarray(0, (to - from) * 2));
    };
  }
  const narrow = new arrays[layout as keyof typeof arrays](chunkRows);
  return (vector, from, to) => {
    for (let row = from; row < to; row += 1) narrow[row - from] = values[row] as number;
    copy(vector, narrow.subarray(0, to - from));
  };
}

/** One NaN for all: the sign of 0/0 differs between processors, and files are the same on each. */
function unifyNaN(values: Float64Array): void {
  for (let row = 0; row < values.length; row += 1) if (Number.isNaN(values[row])) values[row] = NaN;
}

/** Low and high words of safe integers. */
function splitWords(values: Float64Array, from: number, to: number, words: Int32Array): void {
  let at = 0;
  for (let row = from; row < to; row += 1, at += 2) {
    const value = values[row]!;
    const high = Math.floor(value / 4_294_967_296);
    words[at] = value - high * 4_294_967_296;
    words[at + 1] = high;
  }
}

function bigints(values: ArrayLike<number | bigint>, from: number, to: number, scale: bigint): BigInt64Array {
  const longs = new BigInt64Array(to - from);
  for (let row = from; row < to; row += 1) longs[row - from] = BigInt(values[row]!) * scale;
  return longs;
}

function int128s(values: ArrayLike<number | bigint>, from: number, to: number): BigInt64Array {
  const halves = new BigInt64Array((to - from) * 2);
  for (let row = from; row < to; row += 1) {
    const value = BigInt(values[row]!);
    halves[(row - from) * 2] = BigInt.asIntN(64, value);
    halves[(row - from) * 2 + 1] = value >> 64n;
  }
  return halves;
}

/** Up to 12 bytes a string is held in its 16-byte descriptor, made once a distinct string; a longer one is assigned. */
function textWriter(codes: Int32Array, strings: readonly string[], latin1: boolean): ChunkWriter {
  const bytes = strings.map((text) => (latin1 ? Buffer.from(text, 'latin1') : encoder.encode(text)));
  const descriptors = new Int32Array((strings.length + 1) * 4);
  const inline = new Uint8Array(descriptors.buffer);
  bytes.forEach((text, index) => {
    descriptors[(index + 1) * 4] = text.length > 12 ? -1 : text.length;
    if (text.length <= 12) inline.set(text, (index + 1) * 16 + 4);
  });
  const words = new Int32Array(chunkRows * 4);
  return (vector, from, to) => {
    let nulls = 0, longs = 0;
    for (let row = from; row < to; row += 1) {
      const source = codes[row]! * 4, at = (row - from) * 4;
      nulls |= source === 0 ? 1 : 0;
      longs |= descriptors[source]! < 0 ? 1 : 0;
      words[at] = descriptors[source]! < 0 ? 0 : descriptors[source]!;
      words[at + 1] = descriptors[source + 1]!;
      words[at + 2] = descriptors[source + 2]!;
      words[at + 3] = descriptors[source + 3]!;
    }
    copy(vector, words.subarray(0, (to - from) * 4));
    if (longs !== 0) for (let row = from; row < to; row += 1) {
      const code = codes[row]!;
      if (descriptors[code * 4]! < 0) duckdb.vector_assign_string_element_len(vector, row - from, bytes[code - 1]!);
    }
    if (nulls !== 0) writeValidity(vector, (row) => codes[row] !== 0, from, to);
  };
}
