/** The configuration of a Debezium PostgreSQL connector that writes the topics which a scenario reads. */
import { TapewrightError } from '../core/errors.js';
import type { DatabaseAddress } from '../database/address.js';
import type { CapturedTable, CapturedTables } from './captured-tables.js';

export interface ConnectorRequest {
  readonly captured: CapturedTables;
  readonly database: DatabaseAddress;
  /** A reference that Connect resolves: `${env:PGPASSWORD}`, `${file:/run/secrets/postgres:password}`. */
  readonly password: string;
  /** What topics begin with before they are routed: the connector's own name of the server. */
  readonly prefix: string;
  readonly slot: string;
  readonly publication: string;
  readonly deadLetters: string;
  /** `schema.table` with columns id (the primary key) and beat, which the connector writes to; null: none. */
  readonly heartbeatTable: string | null;
  /** How values are written; null: as the tables say. */
  readonly values: 'avro' | 'json' | null;
  readonly registry: string;
  readonly converter: 'confluent' | 'apicurio';
  /** More properties, or others. */
  readonly set: ReadonlyMap<string, string>;
}

export type Configuration = Readonly<Record<string, string>>;

export const connectorDefaults = { prefix: 'finance-cdc', slot: 'flink_cdc_slot', publication: 'finance_pub', deadLetters: 'cdc-dlq', password: '${env:PGPASSWORD}' } as const;

/** How often it says that it lives, though nothing changes. */
const heartbeatMillis = 10_000;

const isSecret = /pass(word|phrase)|secret|token|credential|user\.info|jaas\.config/i;
const isReference = /^\$\{[\w-]+:[^}]+\}$/;

/** @throws USAGE for a secret that stands there itself, or values that the tables do not read. */
export function connectorConfiguration(asked: ConnectorRequest): Configuration {
  const { captured, database, password, prefix, slot, publication, set } = asked;
  const configuration: Configuration = {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector', 'tasks.max': '1',
    'database.hostname': database.host, 'database.port': String(database.port), 'database.user': database.user, 'database.password': password, 'database.dbname': database.database,
    'topic.prefix': prefix, 'plugin.name': 'pgoutput', 'slot.name': slot, 'publication.name': publication, 'publication.autocreate.mode': 'filtered',
    'table.include.list': [...captured.tables.map(({ table }) => table), ...(asked.heartbeatTable === null ? [] : [asked.heartbeatTable])].map((table) => table.replace(/[^\w.]/g, '\\$&')).join(','),
    // A slot that was made anew makes the task fail, instead of going on with what is missing.
    'snapshot.mode': 'initial', 'offset.mismatch.strategy': 'trust_offset',
    'provide.transaction.metadata': 'true',
    // Truncates are changes, too; by default they are left out.
    'skipped.operations': 'none', 'tombstones.on.delete': 'true',
    'heartbeat.interval.ms': String(heartbeatMillis), ...heartbeatOf(asked.heartbeatTable),
    'time.precision.mode': 'adaptive',
    ...valuesOf(asked), ...routesOf(asked),
    // A record that cannot be written stops the task: one that is left out would be a gap.
    'errors.tolerance': 'none', 'errors.log.enable': 'true', 'errors.log.include.messages': 'false',
    'errors.deadletterqueue.topic.name': asked.deadLetters, 'errors.deadletterqueue.context.headers.enable': 'true',
    'topic.creation.default.partitions': '1', 'topic.creation.default.replication.factor': '-1',
    ...Object.fromEntries(set),
  };
  const bare = Object.entries(configuration).find(([name, value]) => isSecret.test(name) && !isReference.test(value));
  if (bare !== undefined) throw new TapewrightError('USAGE', `${bare[0]} is a secret: give a reference that Connect resolves, \${env:NAME} or \${file:PATH:KEY}`, { property: bare[0] });
  return configuration;
}

/**
 * A row that is written at each beat, of a captured table: while others are busy the slot moves on, and the beat is a
 * transaction like any other. A logical message instead would be a commit that no END tells of, which looks like a gap.
 */
function heartbeatOf(table: string | null): Configuration {
  if (table === null) return {};
  const name = table.split('.').map((part) => `"${part}"`).join('.');
  return { 'heartbeat.action.query': `INSERT INTO ${name} (id, beat) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET beat = now()` };
}

/** What of the configuration needs to be told to whoever applies it. */
export function connectorRemarks({ captured, deadLetters }: ConnectorRequest): string[] {
  return [
    `Connect uses errors.deadletterqueue (${deadLetters}) for sinks only: here a record that cannot be converted stops the task, so that nothing is left out; what cannot be read of the topics, live sends to its own dead letters with all headers.`,
    ...(captured.transactionTopic === null ? ["SET 'cdc.transaction.topic' = 'none': the connector tells transactions nevertheless, and the scenario applies changes one by one."] : []),
  ];
}

function valuesOf({ captured: { tables }, values, registry, converter }: ConnectorRequest): Configuration {
  const formats = new Set(tables.map(({ format }) => (format === 'debezium-json' ? 'json' : 'avro')));
  if (formats.size > 1) throw new TapewrightError('USAGE', 'the tables have different formats: a connector writes one', { tables: tables.map(({ name, format }) => `${name}: ${format}`) });
  const [format] = formats;
  if (values !== null && values !== format) throw new TapewrightError('USAGE', `the tables read ${format}, not ${values}: their 'format' says so`, { format, values });
  const both = (properties: Configuration): Configuration => Object.fromEntries(['key.converter', 'value.converter'].flatMap((part) => Object.entries(properties).map(([name, value]) => [`${part}${name}`, value])));
  if (format === 'json') {
    return { ...both({ '': 'org.apache.kafka.connect.json.JsonConverter', '.schemas.enable': 'false' }), 'decimal.handling.mode': 'string' };
  }
  const names = { 'schema.name.adjustment.mode': 'avro', 'field.name.adjustment.mode': 'avro', 'decimal.handling.mode': 'precise' };
  if (converter === 'confluent') return { ...both({ '': 'io.confluent.connect.avro.AvroConverter', '.schema.registry.url': registry }), ...names };
  return {
    ...both({
      '': 'io.apicurio.registry.utils.converter.AvroConverter', '.apicurio.registry.url': registry.replace(/\/apis\/ccompat\/v\d+\/?$/, '/apis/registry/v2'),
      '.apicurio.registry.auto-register': 'true', '.apicurio.registry.find-latest': 'true', '.apicurio.registry.as-confluent': 'true',
      '.apicurio.registry.use-id': 'contentId', '.apicurio.registry.headers.enabled': 'false',
    }),
    ...names,
  };
}

/** From `PREFIX.schema.table` to the topics of the scenario: one route where they all differ in the same way, else one each. */
function routesOf({ captured: { tables, transactionTopic }, prefix }: ConnectorRequest): Configuration {
  const routes: { readonly name: string; readonly from: string; readonly to: string }[] = [];
  const heads = new Set(tables.map(headOf));
  const schemas = new Set(tables.map(({ table }) => table.slice(0, table.indexOf('.'))));
  const [head] = heads, [schema] = schemas;
  if (heads.size === 1 && head !== null && schemas.size === 1) {
    if (head !== `${prefix}.${schema}`) routes.push({ name: 'tables', from: `${exactly(`${prefix}.${schema}.`)}(.*)`, to: `${head}.$1` });
  } else {
    for (const { name, table, topic } of tables) if (topic !== `${prefix}.${table}`) routes.push({ name: `table_${name.replace(/\W/g, '_')}`, from: exactly(`${prefix}.${table}`), to: topic });
  }
  if (transactionTopic !== null && transactionTopic !== `${prefix}.transaction`) routes.push({ name: 'transactions', from: exactly(`${prefix}.transaction`), to: transactionTopic });
  if (routes.length === 0) return {};
  return {
    transforms: routes.map(({ name }) => name).join(','),
    ...Object.fromEntries(routes.flatMap(({ name, from, to }) => Object.entries({ type: 'org.apache.kafka.connect.transforms.RegexRouter', regex: from, replacement: to }).map(([property, value]) => [`transforms.${name}.${property}`, value]))),
  };
}

/** What stands before the table's own name in its topic; null: it does not end with that. */
function headOf({ table, topic }: CapturedTable): string | null {
  const name = table.slice(table.indexOf('.'));
  return topic.endsWith(name) ? topic.slice(0, -name.length) : null;
}

const exactly = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
