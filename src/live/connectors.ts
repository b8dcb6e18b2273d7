/** What a table's WITH options say about Kafka. */
import { TapewrightError } from '../core/errors.js';
import type { SinkTable, SourceTable } from '../plan/plan.js';
import type { JsonStyle } from '../formats/json-writer.js';
import type { JsonOptions } from './json-decoder.js';
import { startOf, stopOf, type AskedStart, type StartMode, type StopMode } from './scan-modes.js';
import { checkOptions, formatOption, jsonOptions, jsonStyle, refused, type Format, type Options } from './table-options.js';

export interface SourceTopic {
  readonly table: SourceTable;
  readonly topic: string;
  readonly format: Format;
  readonly json: JsonOptions;
  /** Columns that are read from the message's key, by the names that they have there; null: all are in the value. */
  readonly key: { readonly format: Format; readonly json: JsonOptions; readonly fields: ReadonlyMap<string, string> } | null;
  readonly start: StartMode;
  /** Null: it has no end. */
  readonly stop: StopMode | null;
}

export interface SinkTopic {
  readonly table: SinkTable;
  readonly topic: string;
  readonly format: Format;
  /** Debezium's: each message is a change, with the row before or after it. */
  readonly isEnvelope: boolean;
  readonly style: JsonStyle;
  /** Of the value's schema. */
  readonly subject: string;
  /** Columns of the value. */
  readonly value: readonly number[];
  /** Column of the message's timestamp; null: the time of sending. */
  readonly timestamp: number | null;
  /** Columns of the message's key; empty: none. */
  readonly key: readonly number[];
  /** By column: what it is called in the key. */
  readonly keyNames: readonly string[];
  /** Null: a single column as its text, several as JSON. */
  readonly keyFormat: Format | null;
  readonly keyStyle: JsonStyle;
  readonly keySubject: string;
  /** `key`: as Kafka hashes it; without a key, and with `lane`, the lane's own. */
  readonly partitioner: 'key' | 'lane';
}

/** Throws SQL_UNSUPPORTED. */
export function sourceTopic(table: SourceTable, start: AskedStart | null): SourceTopic {
  const { options, name } = table;
  const connector = options['connector'];
  if (connector === 'upsert-kafka') throw refused(name, "its connector is 'upsert-kafka', whose rows change", "live reads changes as 'format' = 'debezium-json' or 'debezium-avro-confluent'; where rows are only ever added, write 'connector' = 'kafka'");
  if (connector !== 'kafka') throw refused(name, `its connector is '${connector ?? 'none'}'`, "live reads 'connector' = 'kafka'; to run it on history use replay");
  if (options['topic'] === undefined) throw refused(name, "it has no 'topic'", "add 'topic' = '…' to its WITH");
  if (options['topic'].includes(';')) throw refused(name, `its 'topic' names several (${options['topic']})`, 'declare a table for each and read them with UNION ALL');
  checkOptions(name, options);
  const format = formatOf(name, options), key = sourceKey(table);
  if (format === 'raw') checkRaw(table, key);
  return {
    table, topic: options['topic'], format, json: jsonOptions(name, options, 'value'), key, start: startOf(name, options, start), stop: stopOf(name, options),
  };
}

/**
 * All sinks, so that everything that is in the way is said at once. `redirect`: topics given with --sink, by table; `*`
 * is the prefix of topics for all tables whose connector live does not write.
 */
export function sinkTopics(tables: readonly SinkTable[], redirect: ReadonlyMap<string, string>): SinkTopic[] {
  const foreign = tables.filter(({ name, options }) => !redirect.has(name) && !redirect.has('*') && !isKafka(options['connector']));
  if (foreign.length > 0) {
    const flags = foreign.map(({ name }) => `--sink ${name}=kafka:${topicName(name)}`).join(' ');
    throw new TapewrightError('SQL_UNSUPPORTED', `live does not write the connectors of ${foreign.map(({ name, options }) => `${name} ('${options['connector'] ?? 'none'}')`).join(', ')}; send them to topics: ${flags}, or all of them: --sink '*=kafka:PREFIX'`, { tables: foreign.map(({ name }) => name) });
  }
  return tables.map((table) => sinkTopic(table, redirect.get(table.name) ?? (redirect.has('*') && !isKafka(table.options['connector']) ? `${redirect.get('*')}${topicName(table.name)}` : undefined)));
}

const isKafka = (connector: string | undefined): boolean => connector === 'kafka' || connector === 'upsert-kafka';
const topicName = (table: string): string => table.replaceAll('_', '-');

function sinkTopic(table: SinkTable, given: string | undefined): SinkTopic {
  const { options, name, schema, primaryKey } = table;
  const topic = given ?? options['topic'];
  if (topic === undefined) throw refused(name, "it has no 'topic'", "add 'topic' = '…' to its WITH");
  const isEnvelope = given === undefined ? (options['value.format'] ?? options['format']) === 'debezium-json' : table.changes === 'all';
  if (table.changes !== 'none' && !isEnvelope && given === undefined && options['connector'] !== 'upsert-kafka') {
    throw refused(name, 'its rows change later', "use 'connector' = 'upsert-kafka' and a PRIMARY KEY, or 'format' = 'debezium-json'");
  }
  // The options of a table that is redirected are those of another connector.
  const own = given !== undefined ? { format: 'json', 'key.fields': options['key.fields'] ?? '' } : isEnvelope ? ofEnvelope(options) : options;
  if (given === undefined) checkOptions(name, options);
  const names = keyFields(own);
  const key = (names.length > 0 || isEnvelope ? names : primaryKey).map((column) => schema.findIndex((field) => field.name === column));
  if (key.includes(-1)) throw refused(name, "its 'key.fields' name a column that it lacks", `its columns are ${schema.map((field) => field.name).join(', ')}`);
  const { columns, timestamp } = written(table);
  const keyFormat = keyFormatOf(name, own, key.length);
  const partitioner = own['sink.partitioner'] ?? 'default';
  if (partitioner !== 'default' && partitioner !== 'fixed') throw refused(name, `its 'sink.partitioner' is '${partitioner}'`, "write 'default', which goes by the key, or 'fixed'; another gives no order that comes again");
  const format = formatOf(name, own), value = isKeyLeftOut(name, own) ? columns.filter((column) => !key.includes(column)) : columns;
  if (format === 'raw' && value.length !== 1) throw refused(name, `its format is 'raw' and its value has ${value.length} columns`, "declare one, or use 'json'");
  return {
    table, topic, timestamp, key, keyFormat, format, isEnvelope, value, style: jsonStyle(name, own, 'value'), keyStyle: jsonStyle(name, own, 'key'),
    keyNames: schema.map((field) => unprefixed(name, own, field.name)),
    subject: formatOption(own, 'value', 'avro-confluent.subject') ?? `${topic}-value`, keySubject: formatOption(own, 'key', 'avro-confluent.subject') ?? `${topic}-key`,
    partitioner: partitioner === 'fixed' ? 'lane' : 'key',
  };
}

/** What an envelope holds is JSON, and its options are those of that. */
const ofEnvelope = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name.replace('debezium-json.', 'json.'), name === 'format' || name === 'value.format' ? 'json' : value]));

/** Columns of the value, and what Kafka keeps beside it. */
function written({ name, schema, metadata = [], changes }: SinkTable): { readonly columns: readonly number[]; readonly timestamp: number | null } {
  let timestamp: number | null = null;
  for (const { column, key } of metadata) {
    const { name: named, type } = schema[column]!;
    if (key !== 'timestamp') throw refused(name, `its column ${named} is metadata '${key}'`, key === 'headers' ? 'live writes no headers of its own; leave it out' : 'it can be read only: declare it VIRTUAL');
    if (type.kind !== 'TIMESTAMP_LTZ' && type.kind !== 'TIMESTAMP') throw refused(name, `its column ${named} is metadata 'timestamp' and ${type.kind}`, 'declare it as TIMESTAMP_LTZ(3)');
    timestamp = column;
  }
  const beside = new Set(metadata.map(({ column }) => column));
  return { timestamp, columns: schema.slice(0, changes === 'none' ? schema.length : -1).map((_, column) => column).filter((column) => !beside.has(column)) };
}

const keyFields = (options: Options): string[] => (options['key.fields'] ?? '').split(';').map((part) => part.trim()).filter((part) => part !== '');

/** Whether the columns of the key are not in the value. */
function isKeyLeftOut(table: string, options: Options): boolean {
  const include = options['value.fields-include'] ?? 'ALL';
  if (include !== 'ALL' && include !== 'EXCEPT_KEY') throw refused(table, `its 'value.fields-include' is '${include}'`, "write 'ALL' or 'EXCEPT_KEY'");
  if (include === 'EXCEPT_KEY' && options['key.format'] === undefined) throw refused(table, "its 'value.fields-include' is 'EXCEPT_KEY'", "say with 'key.format' how the key is written");
  return include === 'EXCEPT_KEY';
}

/** The name in the key of a column whose name begins with the prefix. */
function unprefixed(table: string, options: Options, column: string): string {
  const prefix = options['key.fields-prefix'] ?? '';
  if (prefix === '' || !keyFields(options).includes(column)) return column;
  if (!isKeyLeftOut(table, options)) throw refused(table, "it has a 'key.fields-prefix', and the value has the key's columns too", "add 'value.fields-include' = 'EXCEPT_KEY'");
  if (!column.startsWith(prefix)) throw refused(table, `its key has the column ${column}, which does not begin with '${prefix}'`, "rename it, or leave out 'key.fields-prefix'");
  return column.slice(prefix.length);
}

function sourceKey({ name, options, physical }: SourceTable): SourceTopic['key'] {
  const names = keyFields(options);
  const format = keyFormatOf(name, options, names.length);
  // Where the value has all columns, it is the value that counts.
  if (!isKeyLeftOut(name, options) || format === null) return null;
  if (names.length === 0) throw refused(name, "its 'value.fields-include' is 'EXCEPT_KEY'", "name the key's columns with 'key.fields'");
  for (const column of names) {
    const field = physical.find((each) => each.name === column);
    if (field === undefined) throw refused(name, `its 'key.fields' name ${column}, which it lacks`, `its columns are ${physical.map((each) => each.name).join(', ')}`);
    if (format === 'raw' && field.type.kind !== 'STRING') throw refused(name, `its 'key.format' is 'raw' and ${column} is ${field.type.kind}`, 'declare it as STRING, and CAST it');
  }
  return { format, json: jsonOptions(name, options, 'key'), fields: new Map(names.map((column) => [column, unprefixed(name, options, column)])) };
}

function keyFormatOf(table: string, options: Options, columns: number): Format | null {
  const format = options['key.format'];
  if (format === undefined) return null;
  if (format === 'raw' && columns !== 1) throw refused(table, `its 'key.format' is 'raw' and its key has ${columns} columns`, "name one with 'key.fields', or use 'json'");
  if (format === 'json' || format === 'avro-confluent' || format === 'raw') return format;
  throw refused(table, `its 'key.format' is '${format}'`, "live knows 'json', 'avro-confluent' and 'raw'");
}

/** The value as one column of text. */
function checkRaw({ name, physical }: SourceTable, key: SourceTopic['key']): void {
  const inValue = physical.filter((field) => key?.fields.has(field.name) !== true);
  if (inValue.length !== 1) throw refused(name, `its format is 'raw' and ${inValue.length} columns are in the value`, 'declare one; what Kafka knows of the message are METADATA columns');
  if (inValue[0]!.type.kind !== 'STRING') throw refused(name, `its format is 'raw' and ${inValue[0]!.name} is ${inValue[0]!.type.kind}`, 'declare it as STRING, and CAST it');
}

function formatOf(table: string, options: Options): Format {
  const format = options['value.format'] ?? options['format'];
  if (format === 'json' || format === 'avro-confluent' || format === 'raw') return format;
  throw refused(table, `its format is '${format ?? 'none'}'`, "live knows 'json', 'avro-confluent' and 'raw'");
}
