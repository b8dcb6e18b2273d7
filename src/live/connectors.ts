/** What a table's WITH options say about Kafka. */
import { TapewrightError } from '../core/errors.js';
import type { SinkTable, SourceTable } from '../plan/plan.js';

export type Format = 'json' | 'avro-confluent';

export interface SourceTopic {
  readonly table: SourceTable;
  readonly topic: string;
  readonly format: Format;
  readonly start: StartMode;
}

export type StartMode =
  | { readonly kind: 'earliest' | 'latest' | 'group' }
  | { readonly kind: 'timestamp'; readonly millis: number }
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<number, number> };

export interface SinkTopic {
  readonly table: SinkTable;
  readonly topic: string;
  readonly format: Format;
  /** Columns of the message's key; empty: none. */
  readonly key: readonly number[];
}

export function sourceTopic(table: SourceTable, override: StartMode | null): SourceTopic {
  const { options, name } = table;
  const connector = options['connector'];
  if (connector !== 'kafka') throw refused(name, `its connector is '${connector ?? 'none'}'`, "live reads 'connector' = 'kafka'; to run it on history use replay");
  if (options['topic'] === undefined) throw refused(name, "it has no 'topic'", "add 'topic' = '…' to its WITH");
  return { table, topic: options['topic'], format: formatOf(name, options), start: override ?? startOf(name, options) };
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
  const connector = options['connector'];
  const topic = given ?? options['topic'];
  if (topic === undefined) throw refused(name, "it has no 'topic'", "add 'topic' = '…' to its WITH");
  if (table.changes !== 'none' && connector !== 'upsert-kafka') throw refused(name, 'its rows change later', "use 'connector' = 'upsert-kafka' and a PRIMARY KEY");
  const names = (options['key.fields'] ?? '').split(';').map((part) => part.trim()).filter((part) => part !== '');
  const key = (names.length > 0 ? names : primaryKey).map((column) => schema.findIndex((field) => field.name === column));
  if (key.includes(-1)) throw refused(name, "its 'key.fields' name a column that it lacks", `its columns are ${schema.map((field) => field.name).join(', ')}`);
  return { table, topic, key, format: given === undefined ? formatOf(name, options) : 'json' };
}

function formatOf(table: string, options: Readonly<Record<string, string>>): Format {
  const format = options['value.format'] ?? options['format'];
  if (format === 'json' || format === 'avro-confluent') return format;
  throw refused(table, `its format is '${format ?? 'none'}'`, "live knows 'json' and 'avro-confluent'");
}

function startOf(table: string, options: Readonly<Record<string, string>>): StartMode {
  const mode = options['scan.startup.mode'] ?? 'latest-offset';
  switch (mode) {
    case 'earliest-offset': return { kind: 'earliest' };
    case 'latest-offset': return { kind: 'latest' };
    case 'group-offsets': return { kind: 'group' };
    case 'timestamp': {
      const millis = Number(options['scan.startup.timestamp-millis']);
      if (!Number.isSafeInteger(millis)) throw refused(table, "'scan.startup.timestamp-millis' is no number", 'give milliseconds since 1970');
      return { kind: 'timestamp', millis };
    }
    case 'specific-offsets': {
      const offsets = new Map([...(options['scan.startup.specific-offsets'] ?? '').matchAll(/partition:(\d+),offset:(\d+)/g)].map((match) => [Number(match[1]), Number(match[2])]));
      if (offsets.size === 0) throw refused(table, "'scan.startup.specific-offsets' names none", "write 'partition:0,offset:42;partition:1,offset:300'");
      return { kind: 'offsets', offsets };
    }
    default: throw refused(table, `its 'scan.startup.mode' is '${mode}'`, 'use earliest-offset, latest-offset, group-offsets, timestamp or specific-offsets');
  }
}

const refused = (table: string, what: string, instead: string): TapewrightError =>
  new TapewrightError('SQL_UNSUPPORTED', `table ${table} cannot run live: ${what}; ${instead}`, { table });
