/** The connector options of a table as they go to the cluster: those of its text, and what it leaves open. */
import type { Cluster } from '../scenario/cluster.js';

export interface TableUse {
  readonly name: string;
  readonly isSource: boolean;
  readonly isSink: boolean;
  readonly primaryKey: readonly string[];
  /** How a message has that key: as its bytes where it is one STRING. */
  readonly keyFormat: 'raw' | 'json';
  /** Rows that change later are written into it. */
  readonly updates: boolean;
  /** The columns that rows are divided into lanes by, where they are one STRING. */
  readonly key: string | null;
}

type Options = Readonly<Record<string, string>>;

export interface Connected {
  readonly options: Options;
  /** Sentences: what is otherwise than in the text, and why. */
  readonly changes: readonly string[];
}

/** Formats that carry changes, and so may have a primary key. */
const changeFormats = /^(debezium|canal|maxwell|ogg)/;

export function connect(use: TableUse, written: Options, cluster: Cluster, pipeline: string): Connected {
  const changes: string[] = [];
  const given = cluster.tables[use.name] ?? {};
  const replaced = given['connector'] !== undefined && given['connector'] !== written['connector'];
  if (Object.keys(given).length > 0) changes.push(replaced ? 'the connector is that of the scenario' : `${listed(Object.keys(given))} as the scenario says`);
  let options: Options = replaced ? given : { ...written, ...given };
  if (options['connector'] === undefined) {
    const connector = use.primaryKey.length > 0 ? 'upsert-kafka' : 'kafka';
    const key: Options = use.key === null || connector !== 'kafka' ? {} : { 'key.format': 'raw', 'key.fields': use.key };
    options = { connector, ...(use.isSource ? { 'properties.group.id': pipeline, ...key } : {}), ...options };
    changes.push(`the text names no connector: ${connector}`);
    if (use.isSink && connector === 'kafka') options = { ...options, ...exactlyOnce(`${pipeline}-${use.name}`) };
  }
  const needed = missing(use, options, cluster, pipeline);
  if (Object.keys(needed).length > 0) changes.push(`${listed(Object.keys(needed))} filled in`);
  options = { ...options, ...needed };
  const fitted = fit(use, options);
  return fitted === null ? { options, changes } : { options: fitted.options, changes: [...changes, fitted.why] };
}

/** Flink's transactions outlive what brokers allow (15 minutes), unless told. */
const exactlyOnce = (id: string): Options => ({
  'sink.delivery-guarantee': 'exactly-once', 'sink.transactional-id-prefix': id, 'properties.transaction.timeout.ms': '900000',
});

/** Options without which the connector refuses the table. */
function missing({ name, isSource, keyFormat }: TableUse, options: Options, cluster: Cluster, pipeline: string): Options {
  const topic = name.replaceAll('_', '-');
  const format = isSource ? 'avro-confluent' : 'json';
  const wanted: Record<string, string> = {};
  switch (options['connector']) {
    case 'kafka':
      if (options['topic-pattern'] === undefined) wanted['topic'] = topic;
      wanted['properties.bootstrap.servers'] = cluster.kafka;
      if (isSource) wanted['scan.startup.mode'] = 'latest-offset';
      if (isSource && options['scan.startup.mode'] === 'group-offsets') wanted['properties.group.id'] = pipeline;
      if (options['value.format'] === undefined) wanted['format'] = format;
      break;
    case 'upsert-kafka':
      Object.assign(wanted, { topic, 'properties.bootstrap.servers': cluster.kafka, 'key.format': keyFormat, 'value.format': format });
      break;
    case 'jdbc':
      Object.assign(wanted, { url: cluster.database, 'table-name': name });
      break;
    default: return {};
  }
  for (const role of ['', 'key.', 'value.']) {
    const used = options[`${role}format`] ?? wanted[`${role}format`];
    if (used !== undefined && used.endsWith('avro-confluent')) wanted[`${role}${used}.url`] = cluster.registry;
  }
  return Object.fromEntries(Object.entries(wanted).filter(([key]) => options[key] === undefined));
}

/** What Flink refuses of Kafka's tables by what they hold; null: nothing. */
function fit(use: TableUse, options: Options): { readonly options: Options; readonly why: string } | null {
  const format = options['value.format'] ?? options['format'] ?? '';
  if (options['connector'] !== 'kafka' || changeFormats.test(format)) return null;
  if (use.primaryKey.length > 0) return { options: asUpserts(options, use.keyFormat), why: `upsert-kafka: Flink takes no primary key on a Kafka table with ${format}` };
  if (!use.updates) return null;
  return {
    options: renamed(options, [[/^(value\.)?json\./, '$1debezium-json.']], { [options['value.format'] === undefined ? 'format' : 'value.format']: 'debezium-json' }),
    why: `debezium-json: rows that change later are written, which ${format} cannot tell`,
  };
}

/** A topic's newest row by key: read from its start, keyed by the primary key. */
function asUpserts(options: Options, keyFormat: string): Options {
  const left = Object.fromEntries(Object.entries(options).filter(([key]) => !/^(key\.(fields|fields-prefix|format)|scan\.(startup|topic-partition-discovery)\..*|topic-pattern)$/.test(key)));
  const format = options['value.format'] ?? options['format'] ?? 'json';
  const values = renamed(left, [[new RegExp(`^${format}\\.`), `value.${format}.`], [/^format$/, 'value.format']]);
  return { ...values, connector: 'upsert-kafka', 'key.format': keyFormat, 'value.format': format };
}

function renamed(options: Options, rules: readonly (readonly [RegExp, string])[], more: Options = {}): Options {
  const name = (key: string): string => rules.reduce((text, [pattern, by]) => text.replace(pattern, by), key);
  return { ...Object.fromEntries(Object.entries(options).map(([key, value]) => [name(key), value])), ...more };
}

export const listed = (names: readonly string[]): string => (names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`);
