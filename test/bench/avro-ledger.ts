/** The generated ledger as Debezium's connector writes it with the Avro converter: the same records, with the schemas that it registers. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Type } from 'avsc';
import type { AvroRecord, AvroType } from '../../src/formats/avro-schema.js';
import { avroType, unscaledBytes } from '../../src/formats/confluent.js';
import { plainAvro } from '../../src/formats/debezium-avro.js';

type Json = Readonly<Record<string, unknown>>;
type Fields = readonly (readonly [name: string, type: AvroType])[];

/** A type with a name of Connect's. */
const connect = (type: string, name: string): AvroType => ({ type, 'connect.version': 1, 'connect.name': name });
const orNull = (type: AvroType): AvroType => ['null', type];
const decimal = (precision: number, scale: number): AvroType => ({
  type: 'bytes', scale, precision, 'connect.version': 1, 'connect.parameters': { scale: String(scale), 'connect.decimal.precision': String(precision) },
  'connect.name': 'org.apache.kafka.connect.data.Decimal', logicalType: 'decimal',
});
const zoned = connect('string', 'io.debezium.time.ZonedTimestamp');

const orders: Fields = [
  ['order_id', 'long'], ['client_ref', connect('string', 'io.debezium.data.Uuid')], ['account_id', 'int'], ['symbol', 'string'], ['side', 'string'],
  ['quantity', 'long'], ['filled_quantity', { type: 'long', 'connect.default': 0 }], ['limit_price', orNull(decimal(18, 4))], ['price_double', orNull('double')],
  ['status', connect('string', 'io.debezium.data.Enum')], ['tags', orNull({ type: 'array', items: orNull('string') })], ['meta', orNull(connect('string', 'io.debezium.data.Json'))],
  ['good_till', orNull(connect('int', 'io.debezium.time.Date'))], ['notes', orNull('string')], ['placed_at', connect('long', 'io.debezium.time.MicroTimestamp')], ['updated_at', zoned],
];

/** In the order of the versions of their schemas. */
const rows: Readonly<Record<string, readonly Fields[]>> = {
  orders: [orders, [...orders, ['venue', orNull('string')]]],
  transactions: [[['id', 'long'], ['tx_ref', connect('string', 'io.debezium.data.Uuid')], ['account_id', 'int'], ['order_id', orNull('long')], ['amount', decimal(20, 4)], ['kind', 'string'], ['created_at', zoned]]],
  positions: [[['account_id', 'int'], ['symbol', 'string'], ['quantity', 'long'], ['avg_price', orNull(decimal(18, 6))], ['is_short', 'boolean'], ['updated_at', zoned]]],
  account_balances: [[['account_id', 'int'], ['currency', 'string'], ['balance', decimal(20, 4)], ['version', 'long'], ['updated_at', zoned]]],
};

const keys: Readonly<Record<string, Fields>> = {
  orders: [['order_id', 'long']], transactions: [['id', 'long']], positions: [['account_id', 'int'], ['symbol', 'string']], account_balances: [['account_id', 'int']],
};

/** With the default that Connect gives to what may be NULL. */
function record(name: string, namespace: string, fields: Fields): AvroRecord {
  return { type: 'record', name, namespace, fields: fields.map(([field, type]) => ({ name: field, type, ...(Array.isArray(type) ? { default: null } : {}) })), 'connect.name': `${namespace}.${name}` } as AvroRecord;
}

const source = record('Source', 'io.debezium.connector.postgresql', [
  ['version', 'string'], ['connector', 'string'], ['name', 'string'], ['ts_ms', 'long'], ['snapshot', orNull(connect('string', 'io.debezium.data.Enum'))], ['db', 'string'], ['sequence', orNull('string')],
  ['ts_us', orNull('long')], ['ts_ns', orNull('long')], ['schema', 'string'], ['table', 'string'], ['txId', orNull('long')], ['lsn', orNull('long')], ['xmin', orNull('long')], ['origin', orNull('string')], ['origin_lsn', orNull('long')],
]) as AvroType & AvroRecord;

const envelope = (table: string, fields: Fields): AvroRecord => record('Envelope', `dbz.public.${table}`, [
  ['before', orNull(record('Value', `dbz.public.${table}`, fields) as AvroType & AvroRecord)], ['after', orNull('Value')], ['source', source],
  ['transaction', orNull(record('block', 'event', [['id', 'string'], ['total_order', 'long'], ['data_collection_order', 'long']]) as AvroType & AvroRecord)],
  ['op', 'string'], ['ts_ms', orNull('long')], ['ts_us', orNull('long')], ['ts_ns', orNull('long')],
]);

const common = 'io.debezium.connector.common';
const metadata = record('TransactionMetadataValue', common, [
  ['status', 'string'], ['id', 'string'], ['event_count', orNull('long')],
  ['data_collections', orNull({ type: 'array', items: orNull(record('collection', 'event', [['data_collection', 'string'], ['event_count', 'long']]) as AvroType & AvroRecord) })], ['ts_ms', 'long'],
]);

/** By the name of the subject without the topic's prefix: each version. */
const subjects: readonly (readonly [subject: string, versions: readonly AvroRecord[]])[] = [
  ...Object.entries(rows).flatMap(([table, versions]) => [
    [`dbz.cdc.${table}-key`, [record('Key', `dbz.public.${table}`, keys[table]!)]] as const,
    [`dbz.cdc.${table}-value`, versions.map((fields) => envelope(table, fields))] as const,
  ]),
  ['dbz.transaction-key', [record('TransactionMetadataKey', common, [['id', 'string']])]], ['dbz.transaction-value', [metadata]],
  ['__debezium-heartbeat.dbz-key', [record('ServerNameKey', common, [['serverName', 'string']])]], ['__debezium-heartbeat.dbz-value', [record('Heartbeat', common, [['ts_ms', 'long']])]],
];

/** `id`: in the registry. */
export const avroSchemas: readonly { readonly subject: string; readonly version: number; readonly id: number; readonly schema: string }[] =
  subjects.flatMap(([subject, versions]) => versions.map((schema, index) => ({ subject, version: index + 1, schema: JSON.stringify(schema) }))).map((each, index) => ({ ...each, id: index + 1 }));

/** Writes them beside a recording. */
export async function writeSchemas(recording: string): Promise<void> {
  const folder = join(dirname(recording), 'schemas');
  await mkdir(folder, { recursive: true });
  for (const each of avroSchemas) await writeFile(join(folder, `${each.subject}-${each.version}.json`), JSON.stringify({ ...each, schemaType: 'AVRO', references: [] }));
}

interface Writer {
  readonly type: Type;
  readonly header: Buffer;
}

const writers = new Map<string, Writer>(avroSchemas.map(({ subject, version, id, schema }) => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return [`${subject} ${version}`, { type: avroType(plainAvro(JSON.parse(schema)) as AvroRecord), header }];
}));

const hex = (subject: string, version: number, value: unknown): string => {
  const { type, header } = writers.get(`${subject} ${version}`)!;
  return Buffer.concat([header, type.toBuffer(value)]).toString('hex');
};

/** A line of the generated ledger with its payloads in Avro. */
export function avroLine(line: string): string {
  const { topic, partition, offset, timestamp, key, value, headers } = JSON.parse(line) as { readonly topic: string; readonly key: string; readonly value: string | null } & Json;
  const read = value === null ? null : (JSON.parse(value) as Json);
  const version = read !== null && 'venue' in ((read['after'] ?? read['before'] ?? {}) as Json) ? 2 : 1;
  const payload = read === null ? '"value":null' : `"value_hex":"${hex(`${topic}-value`, version, 'source' in read ? changeOf(read, topic.slice(topic.lastIndexOf('.') + 1)) : read)}"`;
  return `{"topic":"${topic}","partition":${String(partition)},"offset":"${String(offset)}","timestamp":"${String(timestamp)}","key_hex":"${hex(`${topic}-key`, 1, JSON.parse(key))}",${payload},"headers":${JSON.stringify(headers)}}`;
}

/** Nanoseconds are beyond what JavaScript reads of JSON. */
const withNanos = (value: Json): Json => ({ ...value, ts_ns: BigInt(value['ts_us'] as number) * 1000n });

const changeOf = (read: Json, table: string): Json =>
  ({ ...withNanos(read), source: withNanos(read['source'] as Json), before: imageOf(read['before'] as Json | null, table), after: imageOf(read['after'] as Json | null, table) });

const decimals: Readonly<Record<string, string>> = { orders: 'limit_price', transactions: 'amount', positions: 'avg_price', account_balances: 'balance' };

function imageOf(image: Json | null, table: string): Json | null {
  const field = decimals[table]!, text = image?.[field];
  return typeof text === 'string' ? { ...image, [field]: unscaledBytes(BigInt(text.replace('.', ''))) } : image;
}
