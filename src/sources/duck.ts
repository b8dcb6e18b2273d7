/** DuckDB in memory, shut in: it may touch the files it was opened for, and nothing else of the machine. */
import duckdb from '@duckdb/node-bindings';
import { quoteList, quoteText } from './quote.js';

export interface DuckOptions {
  /** Absolute paths of the files that statements may open. */
  readonly files?: readonly string[];
  /** Absolute paths of folders, with all they hold. */
  readonly directories?: readonly string[];
  readonly threads?: number;
  /** Mebibytes. Sorts beyond it spill into `spill`, if given. */
  readonly memory?: number;
  readonly spill?: string;
}

export interface Duck {
  readonly database: duckdb.Database;
  readonly connection: duckdb.Connection;
  close(): void;
}

/** Extensions, other files and the network are switched off, and the switches are locked. */
export async function openDuck(options: DuckOptions): Promise<Duck> {
  const config = duckdb.create_config();
  duckdb.set_config(config, 'threads', String(options.threads ?? 1));
  duckdb.set_config(config, 'autoinstall_known_extensions', 'false');
  duckdb.set_config(config, 'autoload_known_extensions', 'false');
  duckdb.set_config(config, 'allow_community_extensions', 'false');
  const database = await duckdb.open(':memory:', config);
  const connection = await duckdb.connect(database);
  const directories = [...(options.directories ?? []), ...(options.spill === undefined ? [] : [options.spill])];
  const settings = [
    "TimeZone = 'UTC'",
    ...(options.memory === undefined ? [] : [`memory_limit = '${options.memory}MiB'`]),
    `temp_directory = ${quoteText(options.spill ?? '')}`,
    `allowed_paths = ${quoteList(options.files ?? [])}`,
    `allowed_directories = ${quoteList(directories)}`,
    'enable_external_access = false',
    'lock_configuration = true',
  ];
  for (const setting of settings) await duckdb.query(connection, `SET ${setting}`);
  const close = (): void => {
    duckdb.disconnect_sync(connection);
    duckdb.close_sync(database);
  };
  return { database, connection, close };
}

/** Rows of a small result as strings (null for NULL): every column is cast by the caller's SQL. */
export async function textRows(connection: duckdb.Connection, sql: string): Promise<(string | null)[][]> {
  const result = await duckdb.query(connection, sql);
  const columns = duckdb.column_count(result);
  const rows: (string | null)[][] = [];
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result);
    if (chunk === null || duckdb.data_chunk_get_size(chunk) === 0) return rows;
    rows.push(...chunkTexts(chunk, columns));
  }
}

/** As `textRows`, of a result that may be large: chunk by chunk as it is computed. */
export async function* textChunks(connection: duckdb.Connection, sql: string, columns: number): AsyncGenerator<(string | null)[][], void, undefined> {
  const result = await duckdb.execute_prepared_streaming(await duckdb.prepare(connection, sql));
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result);
    if (chunk === null || duckdb.data_chunk_get_size(chunk) === 0) return;
    yield chunkTexts(chunk, columns);
  }
}

/** Rows of a chunk whose columns are all VARCHAR. */
export function chunkTexts(chunk: duckdb.DataChunk, columns: number): (string | null)[][] {
  const count = duckdb.data_chunk_get_size(chunk);
  const rows: (string | null)[][] = Array.from({ length: count }, () => []);
  for (let column = 0; column < columns; column += 1) {
    const vector = duckdb.data_chunk_get_vector(chunk, column);
    const data = duckdb.vector_get_data(vector, count * 16);
    const validity = duckdb.vector_get_validity(vector, ((count + 63) >> 6) * 8);
    for (let row = 0; row < count; row += 1) {
      rows[row]!.push(validity !== null && !isValid(validity, row) ? null : stringAt(data, row));
    }
  }
  return rows;
}

/** Validity is a bit a row; no bytes: all are valid. */
export const isValid = (validity: Uint8Array, row: number): boolean => (validity[row >> 3]! & (1 << (row & 7))) !== 0;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes of the string at `row` of a VARCHAR or BLOB vector: up to 12 are held inline, longer ones behind a pointer. */
export function bytesAt(data: Uint8Array, row: number): Uint8Array {
  const at = row * 16;
  const length = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
  if (length <= 12) return data.subarray(at + 4, at + 4 + length);
  return duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + at + 8, length);
}

export const stringAt = (data: Uint8Array, row: number): string => utf8.decode(bytesAt(data, row));
