/** The connector of a scenario: what it captures, where it writes, and that no secret stands in it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'yaml';
import { connectorConfiguration } from '../../src/connect/configuration.js';
import { connectorRequest, type ConnectorFlags } from '../../src/connect/flags.js';
import { strimziText } from '../../src/connect/strimzi.js';
import { TapewrightError } from '../../src/core/errors.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import { loadScenario } from '../../src/scenario/scenario.js';

const flags: ConnectorFlags = {
  database: 'postgresql://debezium@db:5433/finance', password: '${env:PGPASSWORD}', prefix: 'finance-cdc', slot: 'flink_cdc_slot', publication: 'finance_pub', 'dead-letters': 'cdc-dlq', converter: 'confluent',
};

const table = (name: string, topic: string, format = 'debezium-json') => `CREATE TABLE ${name} (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = '${format}'); SELECT * FROM ${name};`;

const pipelineOf = (text: string) => planTexts({ name: 'test', scenario: null, sql: [{ path: 'test.sql', text }], expect: { outputs: [], lateMax: null, rejectedMax: null } });

const configured = (text: string, more: Partial<ConnectorFlags> = {}) => connectorConfiguration(connectorRequest(pipelineOf(text), { ...flags, ...more }, {}));

const refuses = (act: () => unknown, message: RegExp): void => {
  assert.throws(act, (error: unknown) => error instanceof TapewrightError && error.code === 'USAGE' && message.test(error.message));
};

test('the ledger gets its four tables, their transactions and its own topics', async () => {
  const pipeline = planTexts((await loadScenario('ledger')).texts);
  const configuration = connectorConfiguration(connectorRequest(pipeline, flags, {}));
  assert.equal(configuration['table.include.list'], 'public.orders,public.transactions,public.positions,public.account_balances');
  for (const [property, value] of Object.entries({
    'plugin.name': 'pgoutput', 'slot.name': 'flink_cdc_slot', 'publication.name': 'finance_pub', 'snapshot.mode': 'initial', 'provide.transaction.metadata': 'true', 'heartbeat.interval.ms': '10000',
    'offset.mismatch.strategy': 'trust_offset', 'skipped.operations': 'none', 'errors.tolerance': 'none', 'errors.deadletterqueue.topic.name': 'cdc-dlq', 'errors.deadletterqueue.context.headers.enable': 'true',
    'database.hostname': 'db', 'database.port': '5433', 'database.password': '${env:PGPASSWORD}',
  })) assert.equal(configuration[property], value, property);
});

/** Where a topic goes, as Connect's RegexRouter does it: the whole name must match. */
function routed(configuration: Readonly<Record<string, string>>, topic: string): string {
  return (configuration['transforms'] ?? '').split(',').filter((name) => name !== '').reduce((at, name) => {
    const matched = new RegExp(`^(?:${configuration[`transforms.${name}.regex`]!})$`).exec(at);
    return matched === null ? at : configuration[`transforms.${name}.replacement`]!.replace(/\$(\d)/g, (_, group: string) => matched[Number(group)]!);
  }, topic);
}

test('topics are routed to where the tables read them, heartbeats nowhere', () => {
  const same = configured(table('orders', 'cdc.orders') + table('transactions', 'cdc.transactions'));
  assert.deepEqual(['finance-cdc.public.orders', 'finance-cdc.public.transactions', 'finance-cdc.transaction', '__debezium-heartbeat.finance-cdc'].map((topic) => routed(same, topic)), ['cdc.orders', 'cdc.transactions', 'cdc.transaction', '__debezium-heartbeat.finance-cdc']);
  const different = configured(table('orders', 'trading') + table('balances', 'money.of.accounts'), { table: ['balances=ledger.account_balances'] });
  assert.equal(different['table.include.list'], 'public.orders,ledger.account_balances');
  assert.deepEqual(['finance-cdc.public.orders', 'finance-cdc.ledger.account_balances', 'finance-cdc.public.ordersX'].map((topic) => routed(different, topic)), ['trading', 'money.of.accounts', 'finance-cdc.public.ordersX']);
  const plain = configured(table('orders', 'finance-cdc.public.orders'));
  assert.equal(plain['transforms'], undefined, 'what Debezium names so by itself is not routed');
});

test('a secret is a reference, wherever it stands', () => {
  refuses(() => configured(table('orders', 'cdc.orders'), { password: 'hunter2' }), /database.password is a secret/);
  refuses(() => configured(table('orders', 'cdc.orders'), { set: ['value.converter.basic.auth.user.info=me:hunter2'] }), /user.info is a secret/);
  refuses(() => configured(table('orders', 'cdc.orders'), { database: 'postgresql://me:hunter2@db/finance' }), /has a password in it/);
  assert.equal(configured(table('orders', 'cdc.orders'), { password: '${file:/run/secrets/db.properties:password}' })['database.password'], '${file:/run/secrets/db.properties:password}');
});

test('values are written as the tables read them', () => {
  const json = configured(table('orders', 'cdc.orders'));
  assert.equal(json['value.converter.schemas.enable'], 'false');
  assert.equal(json['decimal.handling.mode'], 'string');
  const avro = configured(table('orders', 'cdc.orders', 'debezium-avro-confluent'), { registry: 'http://registry:8081' });
  assert.equal(avro['key.converter.schema.registry.url'], 'http://registry:8081');
  const apicurio = configured(table('orders', 'cdc.orders', 'debezium-avro-confluent'), { registry: 'http://registry:8080/apis/ccompat/v7', converter: 'apicurio' });
  assert.equal(apicurio['value.converter.apicurio.registry.url'], 'http://registry:8080/apis/registry/v2');
  refuses(() => configured(table('orders', 'cdc.orders'), { values: 'avro' }), /the tables read json, not avro/);
  refuses(() => configured(table('orders', 'cdc.orders') + table('other', 'cdc.other', 'debezium-avro-confluent')), /different formats/);
  refuses(() => configured("CREATE TABLE t (id INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json'); SELECT * FROM t;"), /no table of the scenario is kept from changes/);
});

test('a heartbeat table is captured, too: its beats are transactions like others', () => {
  const configuration = configured(table('orders', 'cdc.orders'), { 'heartbeat-table': 'ops.beats' });
  assert.equal(configuration['table.include.list'], 'public.orders,ops.beats');
  assert.match(configuration['heartbeat.action.query']!, /^INSERT INTO "ops"\."beats"/);
});

test('as a Strimzi resource, class and tasks stand in its specification', () => {
  const resource = parse(strimziText('finance', configured(table('orders', 'cdc.orders')), 'main')) as { kind: string; metadata: object; spec: { class: string; tasksMax: number; config: Record<string, string> } };
  assert.equal(resource.kind, 'KafkaConnector');
  assert.deepEqual(resource.metadata, { name: 'finance', labels: { 'strimzi.io/cluster': 'main' } });
  assert.equal(resource.spec.class, 'io.debezium.connector.postgresql.PostgresConnector');
  assert.equal(resource.spec.tasksMax, 1);
  assert.equal(resource.spec.config['connector.class'], undefined);
  assert.equal(resource.spec.config['slot.name'], 'flink_cdc_slot');
});
