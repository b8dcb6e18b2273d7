/** Captured tables live: gaps, what cannot be read, tables without rows, ends, and the bundle that comes of it. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { makeBundle } from '../../src/live/kept-bundle.js';
import { KeptLane } from '../../src/live/kept-lane.js';
import { LiveLane } from '../../src/live/lane.js';
import { takeLane } from '../../src/live/take.js';
import { readSchemas } from '../../src/runtime/kept-input.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { interleaved, recordingOf, type Command, type ModelRecord } from '../cdc/model.js';
import { captureLog, captureSql, expectedOf, standingIn, stepsIn } from './cdc-run.js';
import type { MemoryLog } from './memory-log.js';
import { quiet, runToEnd, specsOn, type MemoryOptions } from './memory-run.js';

let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'tapewright-cdc-')); });
after(() => rm(folder, { recursive: true, force: true }));

const transfers = (count: number): Command[] => Array.from({ length: count }, (_, index) => [
  { session: 0, what: 'transfer' as const, a: index, b: index + 1 }, { session: 0, what: 'commit' as const, a: 0, b: 0 },
]).flat();

const calm: MemoryOptions = { checkpointEvery: 1e9 };

const xidIn = ({ value }: ModelRecord): string | undefined => /"id":"(\d+):/.exec(value ?? '')?.[1];

test('a gap stops the run with its bounds, all that came before is committed, and it stays so until the run is told to go on', async () => {
  const { records, commits } = recordingOf(transfers(6));
  const lost = commits[4]!.xid!;
  const log = await captureLog(records.filter((record) => xidIn(record) !== lost));
  const said: string[] = [];
  const spec = (await specsOn(log, { sql: captureSql(), say: (text) => said.push(text) }))(0);
  for (let start = 0; start < 2; start += 1) {
    await assert.rejects(runToEnd(log, spec), (error: unknown) => {
      assert.ok(error instanceof TapewrightError);
      assert.equal(error.code, 'SOURCE_GAP');
      assert.match(error.message, new RegExp(`transactions are missing between LSN ${commits[3]!.lsn} \\(transaction ${commits[3]!.xid}\\) and LSN ${commits[5]!.lsn}`));
      return true;
    });
    assert.deepEqual(standingIn(log), expectedOf(commits[3]!.state));
  }
  await runToEnd(log, { ...spec, onGap: 'continue' });
  assert.match(said.join('\n'), /lane 0 goes on behind a gap in the changes: transactions are missing/);
  assert.equal(standingIn(log)['entries_now']!.length, commits.at(-1)!.state.entries.size - 2, 'what was committed after the gap is applied');
  // The journal tells it, and gives the run again without a checkpoint.
  assert.equal(log.records('run-journal', 0).filter(({ key }) => key?.toString() === 'gap').length, 1);
  const fresh = (await specsOn(log, { sql: captureSql() }))(0);
  const again = await takeLane(log, fresh, quiet);
  assert.equal(again.isEnded, true);
  assert.deepEqual(again.fold.captures[0]!.record.gaps.map(({ kind }) => kind), ['transactions']);
});

test("with SET 'cdc.gaps' = 'go-on' a gap is told and recorded", async () => {
  const { records, commits } = recordingOf(transfers(4));
  const log = await captureLog(records.filter((record) => xidIn(record) !== commits[2]!.xid));
  const told: string[] = [];
  const spec = (await specsOn(log, { ...calm, sql: captureSql("SET 'cdc.gaps' = 'go-on';") }))(0);
  await runToEnd(log, spec, { ...quiet, onChangesGap: (_, text) => told.push(text) });
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^transactions are missing between/);
});

test('what cannot be read goes to the dead letters with its bytes, its headers and where it came from; heartbeats and tombstones go nowhere', async () => {
  const { records, commits } = recordingOf(transfers(2));
  const log = await captureLog(records);
  const producer = await log.producer('other');
  const [bad, notUtf8, heartbeat] = [Buffer.from('{"before":null,"after":{"id":"seven"}}'), Buffer.from([0xff, 0xfe]), Buffer.from('{"ts_ms":1700000000000}')];
  const headers = { '__connect.errors.topic': 'db.cdc.accounts', '__debezium.context.connectorName': 'bank' };
  const accounts = { topic: 'db.cdc.accounts', partition: 0, key: Buffer.from('{"id":7}') };
  await producer.commit([{ ...accounts, value: bad, headers }, { ...accounts, value: notUtf8 }, { ...accounts, value: heartbeat }, { ...accounts, value: null }], null);
  const spec = (await specsOn(log, { ...calm, sql: captureSql() }))(0);
  await runToEnd(log, spec);
  const letters = log.records('run-dead-letters', 0).map(({ key, value, headers: found = [] }) => ({ key: key?.toString(), value, ...Object.fromEntries(found.map((header) => [header.name, header.value?.toString()])) }));
  assert.equal(letters.length, 2);
  const [first, second] = letters as unknown as Record<string, unknown>[];
  assert.deepEqual(first!['value'], bad);
  assert.match(String(first!['error']), /no 'op'/);
  assert.equal(first!['__connect.errors.topic'], 'db.cdc.accounts');
  assert.equal(first!['__debezium.context.connectorName'], 'bank');
  assert.equal(first!['input'], 'accounts');
  assert.equal(first!['offset'], String(log.records('db.cdc.accounts', 0).find(({ value }) => value?.equals(bad) === true)!.offset));
  assert.deepEqual(second!['value'], notUtf8);
  assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
});

test('a value that is none of its type leaves its transaction whole', async () => {
  const { records } = recordingOf(transfers(2));
  const broken = records.map((record) => (record.topic === 'db.cdc.entries' && record.offset === 0 ? { ...record, value: record.value!.replace('"amount":-', '"amount":"less ').replace(/("less \d+)/, '$1"') } : record));
  const log = await captureLog(broken);
  await runToEnd(log, (await specsOn(log, { ...calm, sql: captureSql() }))(0));
  assert.equal(log.records('run-dead-letters', 0).length, 1);
  assert.equal(standingIn(log)['entries_now']!.length, 3);
});

test('a table without rows keeps nothing waiting once the log is quiet: the journal says when', async () => {
  const { records, commits } = recordingOf([{ session: 0, what: 'note', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const log = await captureLog(records);
  const spec = (await specsOn(log, { ...calm, sql: captureSql(), until: null }))(0);
  const stop = new AbortController();
  let polls = 0;
  await new LiveLane(log, spec, { ...quiet, phase: (_lane, phase) => { if (phase === 'fetch' && ++polls === 100) stop.abort(); } }).run(stop.signal);
  assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
  const caughtUp = stepsIn(log, spec).flatMap((step) => (step['caughtUp'] === undefined ? [] : [step['caughtUp']]));
  assert.deepEqual(caughtUp, [[1]]);
  assert.ok(stepsIn(log, spec).length < 40, 'quiet is told once');
  assert.equal((await takeLane(log, (await specsOn(log, { sql: captureSql(), until: null }))(0), quiet)).engine.seq, stepsIn(log, spec).length);
});

const message: Command = { session: 0, what: 'message', a: 0, b: 0 };
const transfer: readonly Command[] = [{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }];

test('a transaction that follows a message in the log follows no gap, whenever the message comes', async () => {
  const { records, commits } = recordingOf([...transfer, message, message, ...transfer, message, ...transfer]);
  const messages = records.filter(({ topic }) => topic === 'db.message');
  const others = records.filter(({ topic }) => topic !== 'db.message');
  assert.equal(messages.length, 3);
  for (const order of [records, [...messages, ...others], [...others, ...messages]]) {
    const log = await captureLog(order);
    const { captures } = await new LiveLane(log, (await specsOn(log, { ...calm, sql: captureSql() }))(0), quiet).run(new AbortController().signal);
    assert.deepEqual([captures[0]!.gaps, captures[0]!.incomplete], [[], []]);
    assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
  }
});

test('where messages are read, a gap is told once their topic has no more', async () => {
  const { records, commits } = recordingOf([...transfer, message, ...transfer, ...transfer, message, ...transfer]);
  const [, , lost, after] = commits;
  const log = await captureLog(records.filter(({ value }) => value?.includes(`"${lost!.xid}:`) !== true));
  const spec = (await specsOn(log, { ...calm, sql: captureSql(), until: null }))(0);
  await assert.rejects(new LiveLane(log, spec, quiet).run(new AbortController().signal), { code: 'SOURCE_GAP', message: new RegExp(`transactions are missing between LSN ${commits[1]!.lsn} .* and LSN ${after!.lsn}`) });
  assert.deepEqual(standingIn(log), expectedOf(commits[1]!.state));
});

test('a group that began before there was a topic of messages goes on without it, and says so', async () => {
  const { records, commits } = recordingOf([...transfer, ...transfer, message]);
  const log = await captureLog(records.filter(({ topic }) => topic !== 'db.message'));
  await runToEnd(log, (await specsOn(log, { ...calm, sql: captureSql() }))(0));
  await log.create('db.message', 1);
  const said: string[] = [];
  await runToEnd(log, (await specsOn(log, { ...calm, sql: captureSql(), say: (text) => said.push(text) }))(0));
  assert.match(said.join('\n'), /db\.message is not read, since it was not there when the group began/);
  assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
});

test('a run until a time ends before the first transaction that was committed then', async () => {
  const { records, commits } = recordingOf(transfers(8));
  const until = commits[5]!.time;
  const last = commits.findLastIndex(({ time }) => time < until);
  const log = await captureLog(records);
  await runToEnd(log, (await specsOn(log, { ...calm, sql: captureSql(), until }))(0));
  assert.deepEqual(standingIn(log), expectedOf(commits[last]!.state));
});

test('a transaction that is not whole where the input ends is reported and not applied', async () => {
  const { records, commits } = recordingOf(transfers(3));
  const log = await captureLog(records.slice(0, -1));
  const spec = (await specsOn(log, { ...calm, sql: captureSql() }))(0);
  const { captures } = await new LiveLane(log, spec, quiet).run(new AbortController().signal);
  assert.deepEqual(captures[0]!.incomplete.map(({ xid, expected }) => [xid, expected]), [[commits[3]!.xid, null]]);
  assert.deepEqual(standingIn(log), expectedOf(commits[2]!.state));
});

test('without a topic of transactions changes are applied one by one, and it is said', async () => {
  const { records, commits } = recordingOf(transfers(5));
  const log = await captureLog(interleaved(records.filter(({ topic }) => topic !== 'db.transaction'), [1, 0, 1]));
  log.deleteTopic('db.transaction');
  const said: string[] = [];
  await runToEnd(log, (await specsOn(log, { ...calm, sql: captureSql(), say: (text) => said.push(text) }))(0));
  assert.match(said.join('\n'), /accounts: changes are applied one by one, so outputs show states between them/);
  assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
});

test('one by one, a log that went back stops the run, too, and it goes on behind it when it is told to', async () => {
  const { records, commits } = recordingOf(transfers(4));
  const changes = records.filter(({ topic }) => topic !== 'db.transaction');
  // The server was restored to where it was after the second transaction, and wrote the others anew, later.
  const first = changes.findIndex((record) => xidIn(record) === commits[3]!.xid);
  const anew = changes.slice(first).map((record) => ({ ...record, value: record.value!.replace(/"ts_ms":17\d+/g, '"ts_ms":1800000000000') }));
  const log = await captureLog([...changes, ...anew]);
  log.deleteTopic('db.transaction');
  const spec = (await specsOn(log, { sql: captureSql() }))(0);
  const wentBack = new RegExp(`the log went back, between LSN \\d+ \\(transaction ${commits.at(-1)!.xid}\\) and LSN \\d+ \\(transaction ${commits[3]!.xid}\\)`);
  for (let start = 0; start < 2; start += 1) await assert.rejects(runToEnd(log, spec), { code: 'SOURCE_GAP', message: wentBack });
  // Each table is a capture of its own here, and tells it.
  const ends = [];
  for (let start = 0; start < 4 && ends.length === 0; start += 1) ends.push(await new LiveLane(log, { ...spec, onGap: 'continue' }, quiet).run(new AbortController().signal));
  assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
  assert.deepEqual(ends[0]!.captures.map(({ tables, transactionTopic, gaps, partitions }) => [tables, transactionTopic, gaps.map(({ kind }) => kind), partitions!.map(({ lastCommit }) => lastCommit)]),
    [[['accounts'], 'none', ['position'], [commits.at(-2)!.lsn]], [['entries'], 'none', ['position'], [commits.at(-2)!.lsn]]]);
});

test('its bundle holds the rows as they were applied, verifies, and finds what was changed', async () => {
  const sql = captureSql();
  const { records, commits } = recordingOf([...transfers(6), { session: 1, what: 'truncate', a: 0, b: 0 }, { session: 1, what: 'alter', a: 0, b: 0 }, { session: 1, what: 'transfer', a: 1, b: 2 }, { session: 1, what: 'commit', a: 0, b: 0 }, ...transfers(3)]);
  const log: MemoryLog = await captureLog(interleaved(records, [2, 0, 1, 1, 0]));
  const spec = (await specsOn(log, { ...calm, sql }))(0);
  const kept = await KeptLane.open(join(folder, 'kept'), spec.inputs, readSchemas(spec.pipeline));
  const { captures, engine } = await new LiveLane(log, spec, { ...quiet, onStep: async (_, step) => { assert.ok(await kept.keep(step)); } }).run(new AbortController().signal);
  const texts = { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } };
  const run = await makeBundle({
    texts, pipeline: spec.pipeline, group: 'run', strict: false, lanes: [{ kept, inputs: spec.inputs }], captures: spec.captures ?? [], changes: captures, out: join(folder, 'bundle'), report: true,
  });
  await kept.close();
  assert.deepEqual(Object.values(run.outputs).map(({ digest }) => digest), engine.outputs.map(({ digest }) => digest));
  assert.equal((await verifyRun(run.directory)).difference, null);
  const [changes] = JSON.parse(await readFile(join(run.directory, 'cdc.json'), 'utf8')) as { counts: { transactions: number } }[];
  assert.equal(changes!.counts.transactions, commits.length);
});

test("a changelog without a key is written as Debezium's envelopes, also to a topic that it is sent to", async () => {
  const { records } = recordingOf([{ session: 0, what: 'remove', a: 0, b: 0 }, { session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const log = await captureLog(records);
  const sql = `${captureSql()}
    CREATE TABLE booked_sum (amount BIGINT, entries BIGINT) WITH ('connector' = 'kafka', 'topic' = 'booked_sum', 'format' = 'debezium-json');
    CREATE TABLE richest (balance BIGINT) WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://nowhere/bank', 'table-name' = 'richest');
    INSERT INTO booked_sum SELECT MAX(amount), COUNT(*) FROM entries;
    INSERT INTO richest SELECT MAX(balance) FROM accounts;`;
  const spec = (await specsOn(log, { ...calm, sql, redirect: new Map([['*', 'to-']]) }))(0);
  await runToEnd(log, spec);
  const messages = (topic: string): unknown[] => log.records(topic, 0).map(({ value }) => JSON.parse(value!.toString()) as unknown);
  const [first, ...rest] = messages('to-richest') as [Record<string, unknown>, ...Record<string, unknown>[]];
  assert.deepEqual(first, { before: null, after: { balance: 1000 }, op: 'c' });
  assert.deepEqual(rest.map(({ op }) => op), ['d', 'c']);
  assert.deepEqual(rest[0]!['before'], { balance: 1000 });
  assert.deepEqual((messages('booked_sum') as { op: string }[]).at(-1)!.op, 'c');
});

test('tables of one topic, options that say nothing, and topics that are not there are refused by name', async () => {
  const { records } = recordingOf(transfers(1));
  const refused = async (sql: string, message: RegExp): Promise<void> => {
    const log = await captureLog(records);
    await assert.rejects(specsOn(log, { sql }), (error: unknown) => error instanceof TapewrightError && message.test(error.message));
  };
  await refused(captureSql().replace("'topic' = 'db.cdc.entries'", "'topic' = 'db.cdc.accounts'"), /its topic db.cdc.accounts is that of accounts, too/);
  await refused(captureSql().replace("'topic' = 'db.cdc.entries'", "'topic' = 'db.cdc.nothing'"), /reads topic db.cdc.nothing, which is not there/);
  await refused(captureSql("SET 'cdc.transaction.topic' = 'nowhere';"), /there is no such topic/);
  await refused(captureSql().replace("'topic' = 'db.cdc.entries',", "'topic' = 'db.cdc.entries', 'debezium-json.schema' = 'x',"), /does not know its option 'debezium-json.schema'/);
});
