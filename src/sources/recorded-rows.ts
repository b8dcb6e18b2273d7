/**
 * Recordings in Parquet and Arrow: a row a record. Parquet is read straight as bytes; what that does not know (nested headers,
 * rare types and encodings, Arrow) DuckDB reads, as the line that JSON lines would have of it, so that all of them are one.
 */
import { TapewrightError } from '../core/errors.js';
import { sqlType } from '../core/types.js';
import type { RecordBatch } from './capture-records.js';
import type { FileColumn } from './columns.js';
import { openDuck, textRows } from './duck.js';
import { columnNamed as find } from './parquet/record-groups.js';
import { quoteList, quoteName } from './quote.js';
import type { Binding } from './source.js';
import type { Reader } from './reader.js';

/** Files of records of topics. */
export interface Recording {
  readonly format: 'jsonl' | 'parquet' | 'arrow';
  readonly files: readonly string[];
}

const batchRows = 4096;

/** The records, or pieces of their lines, each of which is written over by the next. Throws DATASET_INVALID and DATASET_CORRUPT. */
export async function* recordPieces(recording: Recording): AsyncGenerator<RecordBatch | Buffer> {
  const reader = recording.format === 'parquet' ? await import('./parquet/record-reader.js').then(({ RecordReader }) => RecordReader.open(recording.files)) : null;
  if (reader === null) {
    yield* rowPieces(recording);
    return;
  }
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) yield batch;
  } finally {
    await reader.close();
  }
}

/** Pieces of lines, each with its line feed. Throws DATASET_INVALID for files without the columns that a recording has. */
export async function* rowPieces(recording: Recording): AsyncGenerator<Buffer> {
  const line = lineOf(await columnsOf(recording), recording.files[0]!);
  for await (const texts of textsOf(recording, 'line', line)) yield Buffer.from(texts.map((text) => `${text ?? ''}\n`).join(''), 'utf8');
}

/** The topics in the order of their first records, with their partitions. */
export async function rowTopics(recording: Recording): Promise<ReadonlyMap<string, number>> {
  const known = recording.format === 'parquet' ? await import('./parquet/record-topics.js').then(({ recordTopics }) => recordTopics(recording.files)) : null;
  if (known !== null) return known;
  const columns = await columnsOf(recording);
  lineOf(columns, recording.files[0]!);
  const topics = new Map<string, number>();
  const partition = find(columns, 'partition');
  const expression = `COALESCE(CAST(${partition === undefined ? '0' : quoteName(partition.name)} AS VARCHAR), '0') || ' ' || CAST(${quoteName(find(columns, 'topic')!.name)} AS VARCHAR)`;
  for await (const texts of textsOf(recording, 'topic', expression)) {
    for (const text of texts) {
      if (text === null) continue;
      const space = text.indexOf(' '), topic = text.slice(space + 1);
      topics.set(topic, Math.max(topics.get(topic) ?? 1, Number(text.slice(0, space)) + 1));
    }
  }
  return topics;
}

async function* textsOf({ format, files }: Recording, name: string, expression: string): AsyncGenerator<readonly (string | null)[]> {
  const binding: Binding = { path: files[0]!, format, select: { [name]: expression }, order: null };
  const { openReader } = await import('./readers.js');
  const reader: Reader = await openReader({ table: 'the recording', binding, files, columns: [{ name, type: sqlType('STRING'), eventTime: false }], from: 0, batchRows });
  try {
    let strings: (string | null)[] = [null];
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      const [column] = batch.columns;
      if (column?.kind !== 'text') continue;
      if (column.restart) strings = [null];
      for (const text of column.added) strings.push(text);
      yield Array.from(column.codes.subarray(0, batch.length), (code) => strings[code] ?? null);
    }
  } finally {
    await reader.close();
  }
}

async function columnsOf({ format, files }: Recording): Promise<readonly FileColumn[]> {
  if (format === 'arrow') {
    const file = await import('./arrow/file.js').then(({ ArrowFile }) => ArrowFile.open(files[0]!));
    await file.close();
    return file.columns;
  }
  const duck = await openDuck({ files });
  try {
    const rows = await textRows(duck.connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${quoteList(files)}, hive_partitioning = false))`);
    return rows.map(([name, type]) => ({ name: name!, type: type! }));
  } finally {
    duck.close();
  }
}

/** DuckDB's expression of a record's line, as recorders write it. */
function lineOf(columns: readonly FileColumn[], file: string): string {
  const refuse = (message: string): TapewrightError => new TapewrightError('DATASET_INVALID', `${file} ${message}`, { path: file, columns: columns.map(({ name }) => name) });
  const list = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  for (const name of ['topic', 'value']) {
    if (find(columns, name) === undefined) throw refuse(`is no recording: it has no column ${name}; records of topics have topic and value, and may have partition, offset, timestamp, key and headers; it has ${list}`);
  }
  const parts = [`'{"topic":' || to_json(CAST(${quoteName(find(columns, 'topic')!.name)} AS VARCHAR))`];
  for (const name of ['partition', 'offset'] as const) {
    const column = find(columns, name);
    if (column !== undefined) parts.push(`coalesce(',"${name}":' || CAST(${quoteName(column.name)} AS BIGINT), '')`);
  }
  const time = find(columns, 'timestamp');
  if (time !== undefined) parts.push(`coalesce(',"timestamp":' || ${time.type.startsWith('TIMESTAMP') ? `epoch_ms(${quoteName(time.name)})` : `CAST(${quoteName(time.name)} AS BIGINT)`}, '')`);
  for (const name of ['key', 'value'] as const) {
    const column = find(columns, name);
    if (column !== undefined) parts.push(payload(name, column, (type) => refuse(`has ${name} as ${type}: a recording's payloads are VARCHAR or BLOB`)));
  }
  const headers = find(columns, 'headers');
  if (headers !== undefined) parts.push(`coalesce(',"headers":' || ${headersOf(headers, (type) => refuse(`has headers as ${type}: they are JSON in VARCHAR, a MAP, or a list of STRUCT(key, value)`))}, '')`);
  return `${parts.join(' || ')} || '}'`;
}

/** Bytes are text where they can be; Confluent's begin with a zero. */
function payload(name: 'key' | 'value', { name: column, type }: FileColumn, refused: (type: string) => TapewrightError): string {
  const own = quoteName(column);
  if (type === 'VARCHAR' || type === 'JSON') return `coalesce(',"${name}":' || to_json(CAST(${own} AS VARCHAR)), ',"${name}":null')`;
  if (type !== 'BLOB') throw refused(type);
  const hex = `',"${name}_hex":"' || lower(hex(${own})) || '"'`;
  return `CASE WHEN ${own} IS NULL THEN ',"${name}":null' WHEN ${own} < '\\x01'::BLOB THEN ${hex} ELSE coalesce(',"${name}":' || to_json(TRY(decode(${own}))), ${hex}) END`;
}

function headersOf({ name, type }: FileColumn, refused: (type: string) => TapewrightError): string {
  const own = quoteName(name);
  // What is no JSON is a text, and so it says no header.
  if (type === 'VARCHAR' || type === 'JSON') return `CASE WHEN json_valid(CAST(${own} AS VARCHAR)) THEN CAST(${own} AS VARCHAR) ELSE CAST(to_json(CAST(${own} AS VARCHAR)) AS VARCHAR) END`;
  const struct = /^STRUCT\("?(\w+)"? VARCHAR, "?(\w+)"? (VARCHAR|BLOB)\)\[\]$/.exec(type), map = /^MAP\(VARCHAR, (VARCHAR|BLOB)\)$/.exec(type);
  if (struct === null && map === null) throw refused(type);
  const [key, value, kind, entries] = struct !== null ? [struct[1]!, struct[2]!, struct[3]!, own] : ['key', 'value', map![1]!, `map_entries(${own})`];
  const text = kind === 'BLOB' ? `coalesce(TRY(decode(h.${quoteName(value)})), lower(hex(h.${quoteName(value)})))` : `h.${quoteName(value)}`;
  return `'{' || array_to_string(list_transform(${entries}, lambda h: to_json(h.${quoteName(key)}) || ':' || coalesce(CAST(to_json(${text}) AS VARCHAR), 'null')), ',') || '}'`;
}
