/** Captured tables through the whole runtime: bundles, stops, gaps, joins with the tape. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { CaptureRecord } from '../../src/runtime/capture-reader.js';
import { defaultParameters, type RunParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun, verifyTwo } from '../../src/runtime/verify.js';
import { queryBundle } from '../../src/sinks/query.js';
import { ledgerSql } from '../cdc/cdc-law.js';
import { recordingOf, restarted, type Command, type ModelRecord } from '../cdc/model.js';
import { partitioned } from '../cdc/streams.js';
import { directoryFor } from '../stores/directory.js';

/** Transfers between accounts 1 to 4, each a transaction. */
const transfers = (count: number): Command[] => Array.from({ length: count }, (_, index) => [
  { session: 0, what: 'transfer' as const, a: index, b: index + 1 }, { session: 0, what: 'commit' as const, a: 0, b: 0 },
]).flat();

const { records, commits } = recordingOf(transfers(40));
const isOf = ({ value }: ModelRecord, xid: string): boolean => value !== null && value.includes(`"id":"${xid}:`);

function write(context: TestContext, list: readonly ModelRecord[]): { readonly directory: string; readonly path: string } {
  const directory = directoryFor(context);
  const path = join(directory, 'records.jsonl');
  writeFileSync(path, list.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return { directory, path };
}

const options = (sql: string, bindings: Readonly<Record<string, string>>, out: string, changes: Partial<RunParameters> = {}) => ({
  run: {
    kind: 'new' as const, out, texts: { name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
    parameters: { ...defaultParameters, ...changes, bindings: Object.fromEntries(Object.entries(bindings).map(([table, path]) => [table, { given: path, base: '/', map: {} }])) },
  },
  stopAfterRows: null as number | null, report: false,
});

const captured = (out: string): CaptureRecord => (JSON.parse(readFileSync(join(out, 'cdc.json'), 'utf8')) as CaptureRecord[])[0]!;
const lost = commits[20]!.xid!;
const without = records.filter((record) => !isOf(record, lost));

test('a gap stops the run with all that came before it, and is told with its bounds', async (context) => {
  const { directory, path } = write(context, without);
  const out = join(directory, 'run');
  await assert.rejects(runReplay(options(ledgerSql, { accounts: path, entries: path }, out)), { code: 'SOURCE_GAP', message: new RegExp(`transactions are missing between LSN ${commits[19]!.lsn} \\(transaction ${commits[19]!.xid}\\) and LSN ${commits[21]!.lsn}`) });
  assert.equal((JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { status: string }).status, 'stopped');
  const { gaps, counts } = captured(out);
  assert.equal(gaps.length, 1);
  assert.equal(counts.transactions >= 20, true);
  const { rows } = await queryBundle(out, 'SELECT COUNT(*) FROM entries_now');
  assert.equal(Number(rows[0]![0]), commits[19]!.state.entries.size);
});

test("with SET 'cdc.gaps' = 'go-on' it is recorded, and the run goes on", async (context) => {
  const { directory, path } = write(context, without);
  const out = join(directory, 'run');
  const result = await runReplay(options(`SET 'cdc.gaps' = 'go-on';\n${ledgerSql}`, { accounts: path, entries: path }, out));
  assert.equal(result.status, 'complete');
  assert.deepEqual(captured(out).gaps.map(({ kind }) => kind), ['transactions']);
  assert.ok(result.remarks.some((remark) => remark.startsWith('A gap in the changes: transactions are missing')));
  const { rows } = await queryBundle(out, 'SELECT COUNT(*) FROM entries_now');
  assert.equal(Number(rows[0]![0]), commits.at(-1)!.state.entries.size - 2);
});

test('a run that was stopped is taken up again to the same outputs, and verified', async (context) => {
  const { directory, path } = write(context, records);
  const bindings = { accounts: path, entries: path };
  const [whole, stopped] = [join(directory, 'whole'), join(directory, 'stopped')];
  await runReplay(options(ledgerSql, bindings, whole, { stepEvery: 1 }));
  const first = await runReplay({ ...options(ledgerSql, bindings, stopped, { stepEvery: 1 }), stopAfterRows: 60 });
  assert.equal(first.status, 'stopped');
  await runReplay({ run: { kind: 'resume', directory: stopped, speed: undefined }, stopAfterRows: null, report: false });
  assert.deepEqual((await verifyTwo(whole, stopped)).difference, null);
  assert.deepEqual((await verifyRun(stopped)).difference, null);
});

test('change by change repeats are left out, too, and a stopped run goes on as it was', async (context) => {
  const sql = `SET 'cdc.transaction.topic' = 'none';\n${ledgerSql}`;
  const { directory, path } = write(context, restarted(records, 150, 60));
  const plain = join(directory, 'plain.jsonl');
  writeFileSync(plain, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const [whole, again, stopped] = ['whole', 'again', 'stopped'].map((name) => join(directory, name)) as [string, string, string];
  const first = await runReplay(options(sql, { accounts: plain, entries: plain }, whole, { stepEvery: 1 }));
  const second = await runReplay(options(sql, { accounts: path, entries: path }, again, { stepEvery: 1 }));
  assert.deepEqual(second.outputs, first.outputs);
  assert.ok(second.remarks.some((remark) => /^accounts: \d+ changes came again/.test(remark)));
  await runReplay({ ...options(sql, { accounts: path, entries: path }, stopped, { stepEvery: 1 }), stopAfterRows: 60 });
  const third = await runReplay({ run: { kind: 'resume', directory: stopped, speed: undefined }, stopAfterRows: null, report: false });
  assert.deepEqual(third.outputs, first.outputs);
});

test('several lanes are refused where transactions are kept whole', async (context) => {
  const { directory, path } = write(context, records);
  const sql = `${ledgerSql.split('CREATE TABLE entries ')[0]}SELECT id, SUM(balance) FROM accounts GROUP BY id;`;
  await assert.rejects(runReplay(options(sql, { accounts: path }, join(directory, 'run'), { lanes: 2, key: ['id'] })), { code: 'LANES_IMPOSSIBLE', message: /transactions of accounts are applied whole/ });
});

test('change by change lanes by key give what one lane gives', async (context) => {
  const emptied = recordingOf([...transfers(20), { session: 0, what: 'truncate' as const, a: 0, b: 0 }, ...transfers(6)]);
  const { directory, path } = write(context, restarted(emptied.records, 100, 60));
  const entries = ledgerSql.split('\n').find((line) => line.startsWith('CREATE TABLE entries '))!;
  const sql = `SET 'cdc.transaction.topic' = 'none';\n${entries}\nSELECT id, SUM(amount) FROM entries GROUP BY id;`;
  const [one, two] = [join(directory, 'one'), join(directory, 'two')];
  const first = await runReplay(options(sql, { entries: path }, one));
  const second = await runReplay(options(sql, { entries: path }, two, { lanes: 3, key: ['id'] }));
  const sets = ({ outputs }: typeof first): unknown => Object.entries(outputs).map(([name, { rows, setDigest }]) => [name, rows, setDigest]);
  assert.deepEqual(sets(second), sets(first));
  assert.equal(second.outputs['query_1']!.standing, emptied.commits.at(-1)!.state.entries.size);
  // Of another column, a row's changes would be in several lanes.
  await assert.rejects(runReplay(options(sql, { entries: path }, join(directory, 'three'), { lanes: 3, key: ['account'] })), { code: 'LANES_IMPOSSIBLE' });
});

test('the tape meets the row that was committed at its time, and none where that was deleted', async (context) => {
  const change = (op: string, id: number, balance: number | null, time: number, offset: number): ModelRecord => ({
    topic: 'db.cdc.accounts', partition: 0, offset, timestamp: time, key: JSON.stringify({ id }), headers: {},
    value: JSON.stringify({ before: null, after: balance === null ? null : { id, balance }, source: { ts_ms: time, schema: 'public', table: 'accounts', snapshot: 'false', lsn: offset + 1 }, op, transaction: null }),
  });
  const { directory, path } = write(context, [change('c', 1, 10, 1000, 0), change('u', 1, 20, 2000, 1), change('d', 1, null, 3000, 2), change('c', 1, 40, 4000, 3), change('u', 1, 50, 9000, 4)]);
  const ticks = join(directory, 'ticks.jsonl');
  writeFileSync(ticks, [500, 1000, 1500, 2500, 3500, 4500].map((at) => `${JSON.stringify({ account: 1, event_time: at })}\n`).join(''));
  const sql = `CREATE TABLE ticks (account INT, event_time TIMESTAMP_LTZ(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'filesystem');
CREATE TABLE accounts (id INT, balance BIGINT, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'db.cdc.accounts', 'format' = 'debezium-json');
SELECT t.event_time, a.balance FROM ticks AS t LEFT JOIN accounts FOR SYSTEM_TIME AS OF t.event_time AS a ON t.account = a.id;`;
  const out = join(directory, 'run');
  const { remarks } = await runReplay(options(sql, { ticks, accounts: path }, out));
  assert.ok(remarks.some((remark) => remark.startsWith('accounts: changes are applied one by one')));
  const { rows } = await queryBundle(out, 'SELECT balance FROM query_1 ORDER BY event_time');
  assert.deepEqual(rows.map(([balance]) => (balance === null ? null : Number(balance))), [null, 10, 10, 20, null, 40]);
});

test('topics of several partitions, one after the other, give what one partition gives', async (context) => {
  const { directory, path } = write(context, records);
  const parted = join(directory, 'parted.jsonl');
  const list = [...partitioned(records, 3)].sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : b.partition - a.partition || a.offset - b.offset));
  // Members in another form are read, too.
  writeFileSync(parted, list.map((record, index) => `${index % 2 === 0 ? JSON.stringify(record) : JSON.stringify(record).replace('{"topic":', '{ "topic": ')}\n`).join(''));
  const [one, three] = [join(directory, 'one'), join(directory, 'three')];
  const first = await runReplay(options(ledgerSql, { accounts: path, entries: path }, one));
  const second = await runReplay(options(ledgerSql, { accounts: parted, entries: parted }, three));
  // Rows of a snapshot come in the order of partitions.
  const sets = ({ outputs }: typeof first): unknown => Object.entries(outputs).map(([name, { rows, setDigest }]) => [name, rows, setDigest]);
  assert.deepEqual(sets(second), sets(first));
  assert.deepEqual([captured(three).gaps, captured(three).counts.transactions], [[], commits.length]);
});

test('a transaction that follows a message in the log follows no gap', async (context) => {
  const heartbeats = recordingOf([...transfers(2), { session: 0, what: 'message' as const, a: 0, b: 0 }, ...transfers(3)]);
  const { directory, path } = write(context, heartbeats.records);
  const result = await runReplay(options(ledgerSql, { accounts: path, entries: path }, join(directory, 'run')));
  assert.equal(result.status, 'complete');
});

test('a connector that went on elsewhere is a warning with its bounds', async (context) => {
  const after = commits[19]!, before = commits[21]!, gone = commits[20]!;
  const next = without.findIndex((record) => isOf(record, before.xid!));
  const anew = without.map((record, index) => (index < next ? record : {
    ...record, value: record.value?.replaceAll(`"[\\"${gone.lsn}\\"`, `"[\\"${after.lsn}\\"`) ?? null, headers: { ...record.headers, '__debezium.context.runId': 'run-2' },
  }));
  const { directory, path } = write(context, anew);
  const out = join(directory, 'run');
  const { remarks } = await runReplay(options(ledgerSql, { accounts: path, entries: path }, out));
  const [restart] = captured(out).restarts;
  const text = `the connector was started anew between LSN ${after.lsn} (transaction ${after.xid}) and LSN ${before.lsn} (transaction ${before.xid}), and sent nothing again: whether its slot was the same, only the database knows; 1 number of transactions in between is not in the stream`;
  assert.deepEqual(restart, { after: { xid: after.xid, lsn: after.lsn, time: after.time }, before: { xid: before.xid, lsn: before.lsn, time: before.time }, overlaps: false, unseen: 1, text });
  assert.ok(remarks.includes(`A warning: ${text}.`));
});
