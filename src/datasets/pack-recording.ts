/** A recording of topics from JSON lines to Parquet: the same records in a tenth of the bytes or less, and read faster. */
import { randomBytes } from 'node:crypto';
import { cp, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { TapewrightError } from '../core/errors.js';
import { asUnwritable } from '../sinks/duck-unwritable.js';
import { corrupt } from '../sources/corrupt.js';
import { openDuck, textRows, type Duck } from '../sources/duck.js';
import { bindingOf, filesOf } from '../sources/files.js';
import { quoteList, quoteText } from '../sources/quote.js';
import { makeDirectory, putInPlace, syncDirectory, writing } from '../stores/files.js';

export interface Packed {
  /** Absolute. */
  readonly path: string;
  readonly records: number;
  /** Of the lines, and of the Parquet file. */
  readonly bytesBefore: number;
  readonly bytes: number;
}

const rowGroupRows = 100_000;
/** More than the usual 3 takes longer to write, and a fifth less to read. */
const level = 6;
/** Of a line. */
const lineBytesMax = 16 << 20;

/**
 * `recording`: a file of JSON lines, or a glob; `out`: a .parquet file, which is there whole or not at all. Writer schemas
 * beside the recording are laid beside it. Throws DATASET_MISSING, DATASET_INVALID, DATASET_CORRUPT, OUTPUT_UNWRITABLE, and
 * the reason of `signal`.
 */
export async function packRecording(recording: string, out: string, signal: AbortSignal): Promise<Packed> {
  const binding = bindingOf(recording);
  if (binding.format !== 'jsonl') throw new TapewrightError('DATASET_INVALID', `${recording} is ${binding.format}: what is packed are recordings in JSON lines`, { path: recording });
  if (!/\.parquet$/i.test(out)) throw new TapewrightError('USAGE', `--out ${out}: name a .parquet file`, { out });
  const files = await filesOf(binding), path = resolve(out);
  await makeDirectory(dirname(path));
  const aside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
  const duck = await openDuck({ files: [...files, aside] });
  const stop = (): void => duckdb.interrupt(duck.connection);
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    const records = await write(duck, files, aside, path);
    signal.throwIfAborted();
    await writing(path, () => settle(aside, path));
    await keepSchemas(files, dirname(path));
    const sizes = await Promise.all([...files, path].map((file) => stat(file).then(({ size }) => size)));
    return { path, records, bytesBefore: sizes.slice(0, -1).reduce((sum, size) => sum + size, 0), bytes: sizes.at(-1)! };
  } catch (cause) {
    signal.throwIfAborted();
    throw cause;
  } finally {
    signal.removeEventListener('abort', stop);
    duck.close();
    await unlink(aside).catch(() => undefined);
  }
}

/** Returns how many records there are. */
async function write(duck: Duck, files: readonly string[], aside: string, path: string): Promise<number> {
  const lines = `read_json(${quoteList(files)}, format = 'newline_delimited', maximum_object_size = ${lineBytesMax}, columns = {topic: 'VARCHAR', partition: 'INTEGER', "offset": 'BIGINT', timestamp: 'BIGINT', key: 'VARCHAR', value: 'VARCHAR', headers: 'JSON', key_hex: 'VARCHAR', value_hex: 'VARCHAR'})`;
  const [found] = await textRows(duck.connection, `SELECT CAST(count(*) - count(topic) AS VARCHAR), CAST(count(key_hex) > 0 AS VARCHAR), CAST(count(value_hex) > 0 AS VARCHAR) FROM ${lines}`)
    .catch((cause: unknown) => { throw corrupt(files[0]!, 'it holds what is no record of a topic', cause); });
  const [without, keyBytes, valueBytes] = found!;
  if (without !== '0') throw new TapewrightError('DATASET_INVALID', `${files[0]!} is no recording of topics: ${without} of its lines have no topic; records have topic and value, and may have partition, offset, timestamp, key and headers`, { path: files[0] });
  // A column holds texts or bytes: where some are bytes, all are.
  const payload = (name: string, areBytes: boolean): string => (areBytes ? `coalesce(unhex(${name}_hex), encode(${name})) AS ${name}` : name);
  const columns = `topic, partition, "offset", timestamp, ${payload('key', keyBytes === 'true')}, ${payload('value', valueBytes === 'true')}, CAST(headers AS VARCHAR) AS headers`;
  try {
    const result = await duckdb.query(duck.connection, `COPY (SELECT ${columns} FROM ${lines}) TO ${quoteText(aside)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL ${level}, ROW_GROUP_SIZE ${rowGroupRows}, USE_TMP_FILE false)`);
    return duckdb.rows_changed(result);
  } catch (cause) {
    throw asUnwritable(path, cause);
  }
}

/** Durable under its own name. */
async function settle(aside: string, path: string): Promise<void> {
  await putInPlace(aside, path);
  await syncDirectory(dirname(path));
}

async function keepSchemas(files: readonly string[], folder: string): Promise<void> {
  const target = join(folder, 'schemas');
  for (const source of new Set(files.map((file) => join(dirname(file), 'schemas')))) {
    if (source === target || (await stat(source).catch(() => null))?.isDirectory() !== true) continue;
    await writing(target, () => cp(source, target, { recursive: true }));
  }
}
