/** A real PostgreSQL, its log captured by a real Debezium: what live makes of it, whoever dies, and what a lost slot does. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { askStatus } from '../../src/connect/ask-status.js';
import { connectorConfiguration } from '../../src/connect/configuration.js';
import { connectorRequest, type ConnectorFlags } from '../../src/connect/flags.js';
import { ConnectRest } from '../../src/connect/rest.js';
import { databaseAddress } from '../../src/database/address.js';
import { replayJournal } from '../../src/live/from-journal.js';
import { kafkaClient } from '../../src/live/kafka.js';
import { correctionText } from '../../src/reconcile/corrections.js';
import { reconcile, type Reconciled } from '../../src/reconcile/reconcile.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import { captureSql, distinctStates, heldTables, stateTopics, topicsOf, type CaptureFormat } from './cdc-pipeline.js';
import { CdcWorkload } from './cdc-workload.js';
import { ConnectServer, connectMissing } from './connect-server.js';
import { LiveRun, type LiveRunOptions } from './live-run.js';
import { LiveServers, liveTexts } from './live-servers.js';
import { PostgresServer, postgresMissing } from './postgres-server.js';
import { recordTopics } from './record-topics.js';
import { skipped } from './skip.js';

let postgres: PostgresServer;
let connect: ConnectServer;
let workload: CdcWorkload;

const servers = new LiveServers({
  registry: true,
  opened: async () => {
    postgres = await PostgresServer.start({ settings: { max_slot_wal_keep_size: '256MB' } });
    workload = await CdcWorkload.start(postgres, 20_260_302);
    connect = await ConnectServer.start({ brokers: servers.kafka.brokers, env: { PGPASSWORD: postgres.password } });
    return async () => {
      await connect.stop();
      await workload.end();
      await postgres.stop();
    };
  },
});
const skip = servers.skip === false ? skipped(postgresMissing() ?? connectMissing()) : servers.skip;

interface Capture {
  /** Of the connector, of its topics and of the group. */
  readonly name: string;
  readonly format: CaptureFormat;
}

const json: Capture = { name: 'cdc', format: 'debezium-json' };
const avro: Capture = { name: 'avro', format: 'debezium-avro-confluent' };

const sqlOf = ({ name, format }: Capture): string => captureSql(name, format, servers.registry.address);
const environment = (): Record<string, string> => ({ PGPASSWORD: postgres.password });
const rest = (): ConnectRest => new ConnectRest(connect.address);

const flagsOf = ({ name }: Capture) => ({
  database: postgres.url(), password: '${env:PGPASSWORD}', name, prefix: `finance-${name}`, slot: `${name}_slot`, publication: `${name}_pub`, 'dead-letters': 'cdc-dlq', converter: 'apicurio', registry: servers.registry.address,
}) satisfies ConnectorFlags & { readonly name: string };

/** The configuration that `cdc connector` prints, given to Connect. `more`: as its --set. */
async function apply(capture: Capture, ...more: readonly string[]): Promise<void> {
  const request = connectorRequest(planTexts(liveTexts(sqlOf(capture))), { ...flagsOf(capture), set: more }, {});
  await rest().apply(capture.name, connectorConfiguration(request));
}

const statusOf = (capture: Capture, more: object = {}) => askStatus(null, { ...flagsOf(capture), connect: connect.address, brokers: servers.brokers, 'wal-max': '1024', 'heartbeat-max': '60', ...more }, environment());

async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 180_000; !(await isSo());) {
    if (Date.now() > until) throw new Error(`not within three minutes: ${what}; ${JSON.stringify(await statusOf(json).catch(String))}`);
    await pause(200);
  }
}

/** Connect has remembered all that the database committed. */
const hasRead = ({ name }: Capture, xid = workload.lastXid): Promise<void> => eventually(`${name} has read transaction ${xid}`, async () => (await rest().offset(name).catch(() => null))?.xid === xid);

const taskIs = ({ name }: Capture, wanted: string): Promise<void> => eventually(`the task of ${name} is ${wanted}`, async () => {
  const state = await rest().state(name).catch(() => null);
  return state !== null && state.tasks.length === 1 && state.tasks[0]!.state === wanted;
});

/** Stops a connector, which keeps its place, or lets it go on. */
async function control({ name }: Capture, what: 'stop' | 'resume'): Promise<void> {
  const response = await fetch(`${connect.address}/connectors/${name}/${what}`, { method: 'PUT' });
  assert.ok(response.ok, await response.text());
}

/** Corrections as `cdc reconcile --out` writes them, sent to the topics that they name. */
async function send(lines: readonly string[]): Promise<void> {
  const producer = kafkaClient(servers.settings()).producer();
  try {
    await producer.connect();
    for (const line of lines) {
      const { topic, key, value } = JSON.parse(line) as { topic: string; key: string; value: string };
      await producer.send({ topic, messages: [{ key, value, partition: 0 }] });
    }
  } finally {
    await producer.disconnect();
  }
}

async function makeTopics({ name }: Capture): Promise<void> {
  const admin = kafkaClient(servers.settings()).admin();
  try {
    await admin.connect();
    await admin.createTopics({ topics: topicsOf(name).map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })) });
  } finally {
    await admin.disconnect();
  }
}

const live = (capture: Capture, more: Partial<LiveRunOptions> = {}): LiveRun => new LiveRun({
  sql: sqlOf(capture), brokers: servers.kafka.brokers, registry: servers.registry.address, group: capture.name, state: join(servers.folder, capture.name), ...more,
});

/** Runs to the end of what is there when the group first asks for it; throws when it does not get there. */
async function liveToEnd(capture: Capture, more: Partial<LiveRunOptions> = {}): Promise<void> {
  const run = live(capture, { until: 'latest', ...more });
  await run.ended;
  assert.ok(run.result, run.errors);
}

/** Another group, from the beginning. */
const groupNamed = (group: string): Pick<LiveRunOptions, 'group' | 'state'> => ({ group, state: join(servers.folder, group) });

/** The bundle of all that a group has done, and what it says of the changes. */
async function bundleOf(capture: Capture, group = capture.name) {
  const out = join(servers.folder, `${group}-bundle`);
  await replayJournal({ texts: liveTexts(sqlOf(capture)), settings: servers.settings(), group, redirect: new Map(), onRemark: () => undefined, out, report: false });
  const [told] = JSON.parse(await readFile(join(out, 'cdc.json'), 'utf8')) as { gaps: { kind: string; after: { xid: string } }[]; incomplete: unknown[]; counts: Record<string, number>; restarts: { after: { xid: string }; before: { xid: string }; overlaps: boolean; unseen: number }[] }[];
  return { out, told: told! };
}

const besideDatabase = (held: string, out: string | null = null): Promise<Reconciled> => reconcile({
  held, tables: heldTables, against: { kind: 'database', address: databaseAddress(postgres.url()) }, texts: null, columns: null, key: null, out, environment: environment(),
});

/** Values of a topic in their order, tombstones left out. */
async function statesIn(topic: string): Promise<string[]> {
  const lines = await recordTopics(servers.kafka.brokers, (each) => each === topic);
  return lines.flatMap((line) => {
    const { value } = JSON.parse(line) as { value: string | null };
    return value === null ? [] : [(JSON.parse(value) as { state: string }).state];
  });
}

/** Every state that was put out is one that a reader saw after a commit, one after the other, and none is left out. */
async function assertStates(capture: Capture, from = 0): Promise<void> {
  for (const [name, topic] of stateTopics(capture.name)) assert.deepEqual(await statesIn(topic), distinctStates(workload.states.slice(from), name), topic);
  assert.deepEqual(await recordTopics(servers.kafka.brokers, (topic) => topic === `${capture.name}.violations`), []);
}

async function assertEqual(held: string): Promise<void> {
  const { equal, tables } = await besideDatabase(held);
  assert.ok(equal, tables.map(({ table, shape, corrections, first }) => `${table}: ${corrections} corrections; ${first.slice(0, 2).map((correction) => correctionText(shape, correction)).join('; ')}`).join('\n'));
}

/** A large transaction, and Connect killed while it writes the changes: before its END is there. */
async function killWithin(capture: Capture): Promise<void> {
  const admin = kafkaClient(servers.settings()).admin();
  try {
    await admin.connect();
    const end = async (table: string): Promise<number> => Number((await admin.fetchTopicOffsets(`${capture.name}.${table}`))[0]!.high);
    const [before, ends] = [await end('account_balances'), await end('transaction')];
    await workload.transfers(1500);
    while ((await end('account_balances')) < before + 50) await pause(1);
    await connect.kill();
    const found = (await end('account_balances')) - before;
    assert.ok(found < 3000, `Connect was killed too late: all ${found} changes are there`);
    assert.equal(await end('transaction'), ends + 1, 'the transaction began, and did not end');
    await connect.restart();
    await hasRead(capture);
  } finally {
    await admin.disconnect();
  }
}

test('live is killed, Connect is killed within transactions, a column is added: each state is that of a commit, and the tables are the database\'s', { skip, timeout: 600_000 }, async () => {
  await makeTopics(json);
  await apply(json);
  await taskIs(json, 'RUNNING');
  await eventually('the snapshot is made', async () => (await rest().offset(json.name))?.lsn != null);
  const first = live(json, { until: null });
  await first.until(() => first.committed > 0);
  await workload.run(20);
  first.kill();
  const second = live(json, { until: null });
  await workload.addColumn();
  await workload.run(20);
  await second.until(() => second.committed > 0);
  await killWithin(json);
  second.kill();
  await workload.run(10);
  await live(json, { killAt: 'unanswered:1' }).ended;
  await killWithin(json);
  await workload.run(10);
  await hasRead(json);
  await liveToEnd(json);
  await assertStates(json);
  const { out, told } = await bundleOf(json);
  assert.deepEqual({ gaps: told.gaps, incomplete: told.incomplete }, { gaps: [], incomplete: [] });
  assert.equal(told.restarts.length, 2);
  assert.ok(told.counts['repeats']! >= 100, 'what had been written of the transactions was written again');
  await assertEqual(out);
  assert.deepEqual((await statusOf(json)).warnings, []);
});

test('a connector that stands still while the log grows, a slot that is dropped and made anew: status warns, the gap is told with its bounds, and corrections set the tables right', { skip, timeout: 600_000 }, async () => {
  await control(json, 'stop');
  await eventually('nobody reads the slot', async () => (await statusOf(json)).database?.slot?.active === false);
  await postgres.query('CREATE TABLE filler AS SELECT repeat(md5(n::text), 30) AS text FROM generate_series(1, 20000) n');
  const still = (await statusOf(json, { 'wal-max': '8' })).warnings.join('\n');
  assert.match(still, /nobody reads the slot cdc_slot/);
  assert.match(still, /keeps [\d.]+ MiB of log for the slot cdc_slot, more than 8\.0 MiB/);
  assert.match(still, /the connector cdc is STOPPED/);

  const last = workload.lastXid;
  await postgres.query("SELECT pg_drop_replication_slot('cdc_slot')");
  await workload.run(8);
  const lost = workload.xids.length;
  await control(json, 'resume');
  await taskIs(json, 'FAILED');
  assert.match((await statusOf(json)).warnings.join('\n'), /there is no slot cdc_slot[\s\S]*task 0 of the connector cdc is FAILED: .*no longer available on the server/);
  await postgres.query("SELECT pg_create_logical_replication_slot('cdc_slot', 'pgoutput')");
  assert.match((await statusOf(json)).warnings.join('\n'), new RegExp(`the slot cdc_slot begins at LSN \\d+, and the connector was at LSN \\d+ \\(transaction ${last}\\): it was made anew or moved`));

  // Told to trust the slot, Debezium goes on and names its last commit as the one before: only the numbers of transactions show that some are missing.
  await apply(json, 'offset.mismatch.strategy=trust_slot');
  await taskIs(json, 'RUNNING');
  await workload.run(6);
  await hasRead(json);
  await liveToEnd(json, groupNamed('trusting'));
  const { out, told } = await bundleOf(json, 'trusting');
  const restart = told.restarts.at(-1)!;
  assert.deepEqual([restart.after.xid, restart.before.xid, restart.overlaps], [last, workload.xids[lost]!, false]);
  assert.ok(restart.unseen >= lost - workload.xids.indexOf(last) - 1, `${restart.unseen} numbers`);
  const corrections = join(servers.folder, 'corrections.jsonl');
  assert.equal((await besideDatabase(out, corrections)).equal, false);
  await send((await readFile(corrections, 'utf8')).trimEnd().split('\n'));
  await liveToEnd(json, groupNamed('corrected'));
  await assertEqual((await bundleOf(json, 'corrected')).out);

  // Without its offsets it makes a new snapshot, which is a gap with bounds; behind it the tables are right.
  await control(json, 'stop');
  await eventually('nobody reads the slot', async () => (await statusOf(json)).database?.slot?.active === false);
  const read = workload.lastXid;
  await postgres.query("SELECT pg_drop_replication_slot('cdc_slot')");
  await workload.run(5);
  const forgotten = await fetch(`${connect.address}/connectors/${json.name}/offsets`, { method: 'DELETE' });
  assert.ok(forgotten.ok, await forgotten.text());
  await control(json, 'resume');
  await eventually('the snapshot is made', async () => (await rest().offset(json.name))?.lsn != null);
  await workload.run(4);
  await hasRead(json);
  const stopped = live(json, { until: 'latest', ...groupNamed('renewed') });
  assert.notEqual((await stopped.ended).code, 0);
  assert.match(stopped.errors, new RegExp(`the connector made a new snapshot, between LSN \\d+ \\(transaction ${read}\\) and LSN \\d+`));
  await liveToEnd(json, { onGap: 'continue', ...groupNamed('renewed') });
  const renewed = await bundleOf(json, 'renewed');
  const [gap, ...again] = renewed.told.gaps.map(({ kind, after }) => [kind, after.xid]);
  assert.deepEqual(gap, ['snapshot', read]);
  // Where Connect starts the task before it has kept that the snapshot is made, another comes right behind it.
  assert.ok(again.every(([kind, xid]) => kind === 'snapshot' && xid === null), JSON.stringify(renewed.told.gaps));
  await assertEqual(renewed.out);
});

test('the same tables in Avro with a registry', { skip, timeout: 300_000 }, async () => {
  await makeTopics(avro);
  await apply(avro);
  await taskIs(avro, 'RUNNING');
  await eventually('the snapshot is made', async () => (await rest().offset(avro.name))?.lsn != null);
  const first = workload.states.length - 1;
  await workload.run(12);
  await hasRead(avro);
  await liveToEnd(avro);
  const { out, told } = await bundleOf(avro);
  assert.deepEqual({ gaps: told.gaps, incomplete: told.incomplete }, { gaps: [], incomplete: [] });
  await assertStates(avro, first);
  await assertEqual(out);
});
