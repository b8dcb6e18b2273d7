/** Batches into a Parquet file, as they come: DuckDB asks for rows while it writes, so memory does not grow with them. */
import duckdb from '@duckdb/node-bindings';
import type { Batch, Column } from '../core/batch.js';
import { assert, TapewrightError } from '../core/errors.js';
import type { Field, Schema, SqlType } from '../core/types.js';
import { openDuck } from '../sources/duck.js';
import { quoteName, quoteText } from '../sources/quote.js';

const ROW_GROUP_ROWS = 122_880;

/** Rows that DuckDB takes in one go: its vectors hold no more. */
const VECTOR_ROWS = 2048;

/**
 * Writes all rows to a new file at `path` (absolute), zstd-compressed, strings as dictionaries. Takes columns
 * without NULLs: numbers, BIGINT within ±2^53, TIMESTAMP(3), and texts of one dictionary that is complete from the
 * first batch. Throws OUTPUT_UNWRITABLE when the disk refuses; what `batches` throws goes through.
 */
export async function writeParquet(path: string, schema: Schema, batches: Iterable<Batch>): Promise<void> {
  const feed = new Feed(schema, batches);
  const duck = await openDuck({ files: [path], threads: 1 });
  try {
    registerFeed(duck.connection, feed);
    const columns = schema.map((field) => `${castOf(field)} AS ${quoteName(field.name)}`);
    const target = `${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, USE_TMP_FILE false)`;
    await duckdb.query(duck.connection, `COPY (SELECT ${columns.join(', ')} FROM feed()) TO ${target}`).catch((cause: unknown) => {
      if (feed.failure !== null) throw feed.failure;
      const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      throw new TapewrightError('OUTPUT_UNWRITABLE', `cannot write ${path}: ${reason}; free some space or choose another folder`, { path }, { cause });
    });
  } finally {
    duck.close();
  }
}

/** Numbers cross as DOUBLE and are made what they are by DuckDB, which does it faster than JavaScript. */
function castOf({ name, type }: Field): string {
  const column = quoteName(name);
  if (type.kind === 'STRING') return `${column}::VARCHAR`;
  if (type.kind === 'BIGINT') return `${column}::BIGINT`;
  if (isMillis(type)) return `epoch_ms(${column}::BIGINT)`;
  assert(type.kind === 'DOUBLE', 'generated columns are STRING, BIGINT, DOUBLE or TIMESTAMP(3)');
  return column;
}

const isMillis = (type: SqlType): boolean => type.kind === 'TIMESTAMP' && (type.precision ?? 6) <= 3;

/** The batches, cut into vectors. */
class Feed {
  readonly #batches: Iterator<Batch>;
  #batch: Batch | null;
  #row = 0;
  /** Of the first batch: what kind of vector each column needs. */
  readonly first: Batch;
  /** What the batches threw: it has to cross DuckDB, which keeps no more than a message. */
  failure: unknown = null;

  constructor(readonly schema: Schema, batches: Iterable<Batch>) {
    this.#batches = batches[Symbol.iterator]();
    const first = this.#batches.next();
    assert(first.done !== true, 'there is a batch');
    this.first = first.value;
    this.#batch = first.value;
  }

  /** Fills the vectors of `chunk`; 0 rows at the end. */
  fill(chunk: duckdb.DataChunk): void {
    while (this.#batch !== null && this.#row === this.#batch.length) {
      const next = this.#batches.next();
      this.#batch = next.done === true ? null : next.value;
      this.#row = 0;
    }
    const batch = this.#batch;
    const rows = batch === null ? 0 : Math.min(VECTOR_ROWS, batch.length - this.#row);
    duckdb.data_chunk_set_size(chunk, rows);
    if (batch === null) return;
    batch.columns.forEach((column, index) => copy(column, this.#row, rows, duckdb.data_chunk_get_vector(chunk, index)));
    this.#row += rows;
  }
}

function registerFeed(connection: duckdb.Connection, feed: Feed): void {
  const fed = duckdb.create_table_function();
  duckdb.table_function_set_name(fed, 'feed');
  duckdb.table_function_set_bind(fed, (info) => {
    feed.schema.forEach(({ name }, index) => duckdb.bind_add_result_column(info, name, vectorType(feed.first.columns[index]!)));
  });
  duckdb.table_function_set_init(fed, (info) => duckdb.init_set_max_threads(info, 1));
  duckdb.table_function_set_function(fed, (info, chunk) => {
    try {
      feed.fill(chunk);
    } catch (error) {
      feed.failure = error;
      duckdb.function_set_error(info, 'the batches failed');
    }
  });
  duckdb.register_table_function(connection, fed);
}

/** Texts cross as the codes of an enumeration. */
function vectorType(column: Column): duckdb.LogicalType {
  if (column.storage !== 'text') return duckdb.create_logical_type(duckdb.Type.DOUBLE);
  assert(column.dictionary !== null, 'texts are dictionary-coded');
  return duckdb.create_enum_type(column.dictionary.strings.slice(1) as string[]);
}

function copy(column: Column, from: number, rows: number, vector: duckdb.Vector): void {
  if (column.storage !== 'text') {
    assert(column.nulls === null && column.values instanceof Float64Array, 'numbers are safe and not NULL');
    const { buffer, byteOffset } = column.values;
    duckdb.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset + 8 * from, 8 * rows);
    return;
  }
  // An enumeration is as wide as its number of members asks for, and has no member for NULL, which is code 0.
  const narrow = column.dictionary!.size - 1 < 256;
  const codes = narrow ? new Uint8Array(rows) : new Uint16Array(rows);
  const values = column.values as Int32Array;
  for (let row = 0; row < rows; row += 1) codes[row] = values[from + row]! - 1;
  duckdb.copy_data_to_vector(vector, 0, codes.buffer as ArrayBuffer, 0, codes.byteLength);
}
