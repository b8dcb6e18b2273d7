/** Hands blocks to DuckDB as a table function, so that COPY pulls them chunk by chunk and nothing is stored twice. */
import duckdb from '@duckdb/node-bindings';
import type { Schema } from '../core/types.js';
import type { Block, BlockColumn } from './block.js';
import { duckType, type DuckType } from './duck-type.js';
import { textWriter } from './feed-text.js';
import { chunkRows, copy, writeValidity, type ChunkWriter } from './vector.js';

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

function chunkWriter(type: DuckType, column: BlockColumn): ChunkWriter {
  if (column.kind === 'text') return textWriter(column);
  const { nulls } = column;
  const values = numberWriter(type, column);
  if (nulls === null) return values;
  return (vector, from, to) => {
    values(vector, from, to);
    writeValidity(vector, (row) => nulls[row] === 0, from, to);
  };
}

const arrays = { u8: Uint8Array, i8: Int8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array } as const;

/** For one vector at a time. */
const words = new Int32Array(chunkRows * 4);

function numberWriter({ layout, scale }: DuckType, { values, kind }: Exclude<BlockColumn, { kind: 'text' }>): ChunkWriter {
  if (layout === 'f64' || layout === 'f32') unifyNaN(values as Float64Array);
  if (layout === 'f64') return (vector, from, to) => copy(vector, (values as Float64Array).subarray(from, to));
  if (layout === 'i128') {
    if (kind === 'wide') return (vector, from, to) => copy(vector, int128s(values, from, to));
    return (vector, from, to) => {
      splitLongWords(values, from, to);
      copy(vector, words.subarray(0, (to - from) * 4));
    };
  }
  if (layout === 'i64') {
    if (kind === 'wide') return (vector, from, to) => copy(vector, bigints(values, from, to, BigInt(scale)));
    return (vector, from, to) => {
      splitWords(values, from, to, scale);
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

const wordsPerLow = 4_294_967_296;

/** Low and high words of safe integers times `scale`: word by word each product is a safe integer as well. */
function splitWords(values: Float64Array, from: number, to: number, scale: number): void {
  for (let row = from, at = 0; row < to; row += 1, at += 2) {
    const value = values[row]!;
    const high = Math.floor(value / wordsPerLow);
    const low = (value - high * wordsPerLow) * scale;
    const carried = Math.floor(low / wordsPerLow);
    words[at] = low - carried * wordsPerLow;
    words[at + 1] = high * scale + carried;
  }
}

/** The four words of safe integers, lowest first. */
function splitLongWords(values: Float64Array, from: number, to: number): void {
  for (let row = from, at = 0; row < to; row += 1, at += 4) {
    const value = values[row]!;
    const high = Math.floor(value / wordsPerLow);
    words[at] = value - high * wordsPerLow;
    words[at + 1] = high;
    words[at + 2] = words[at + 3] = value < 0 ? -1 : 0;
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
