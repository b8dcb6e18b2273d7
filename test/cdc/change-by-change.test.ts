/** Where nothing tells of transactions, places and times tell what came again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ChangeByChange, ChangePlaces, type ChangeByChangeState } from '../../src/cdc/change-by-change.js';
import type { Change } from '../../src/formats/debezium-envelope.js';
import { markdownText } from '../../src/report/markdown.js';
import { rewriteReport } from '../../src/report/write.js';
import { withJsonLines, withRun } from '../support/run-sql.js';
import { eventsOf } from './assemble.js';
import { ledgerSql } from './cdc-law.js';
import { commands, numbered, recordingOf, restarted, type ModelRecord } from './model.js';
import { all, forgotten } from './stream-laws.js';
import { partitioned } from './streams.js';

test('what a restarted connector sends again is a repeat; what a restored server writes in the same places is none', () => {
  const places = new ChangePlaces();
  const isRepeat = (lsn: number, lastCommit: number | null, order: number, time: number): boolean =>
    places.isRepeat({ kind: 'change', topic: 't', partition: 0, offset: 0, table: 'public.t', xid: '7', order, lsn, lastCommit, time, snapshot: null, run: null, isTruncate: false });
  assert.deepEqual([isRepeat(10, null, 1, 100), isRepeat(20, null, 2, 100), isRepeat(15, 30, 1, 110)], [false, false, false]);
  assert.deepEqual([isRepeat(20, null, 2, 100), isRepeat(15, 30, 1, 110), isRepeat(25, 30, 2, 110)], [true, true, false]);
  assert.deepEqual([isRepeat(10, null, 1, 900), isRepeat(20, null, 2, 900), isRepeat(20, null, 2, 900)], [false, false, true]);
});

const oneByOne = (records: readonly ModelRecord[], saveAt = -1): ReturnType<typeof tellingOf> => {
  let reader = new ChangeByChange<Change>();
  const outcomes = [];
  for (const [index, event] of eventsOf(records).entries()) {
    if (index === saveAt) {
      const state = JSON.parse(JSON.stringify(reader.snapshot())) as ChangeByChangeState;
      reader = new ChangeByChange();
      reader.restore(state);
    }
    reader.push(event);
    outcomes.push(...reader.take());
  }
  return tellingOf(reader, outcomes);
};

const tellingOf = (reader: ChangeByChange<Change>, outcomes: ReturnType<typeof reader.take>) => ({
  given: outcomes.flatMap((outcome) => (outcome.kind === 'transaction' ? outcome.events : [])),
  gaps: outcomes.flatMap((outcome) => (outcome.kind === 'gap' ? [outcome.gap] : [])), counts: reader.counts, reached: reader.reached(),
});

const runs = fc.record({ records: commands(0, 50, [...all, 'reread']).map((list) => recordingOf(list).records), at: fc.nat(), back: fc.nat(40), partitions: fc.integer({ min: 1, max: 3 }) })
  .map(({ records, at, back, partitions }) => ({ records, again: partitioned(restarted(records, at % records.length, back), partitions) }));

test('law: each change is given or came again; a new snapshot is the only gap of a stream that lacks nothing', () => {
  fc.assert(fc.property(runs, ({ records, again }) => {
    const { given, gaps, counts, reached } = oneByOne(again);
    assert.equal(given.length + counts.repeats, eventsOf(again).filter(({ kind }) => kind === 'change').length);
    assert.deepEqual([counts.alone, reached.reduce((sum, { changes }) => sum + changes, 0), reached.reduce((sum, { repeats }) => sum + repeats, 0)], [given.length, given.length, counts.repeats]);
    assert.ok(gaps.every(({ kind }) => kind === 'snapshot'), JSON.stringify(gaps));
    if (forgotten(records) === 0) assert.deepEqual(gaps, []);
    for (const { topic, partition, lsn } of reached) assert.equal(given.findLast((event) => event.topic === topic && event.partition === partition && event.lsn !== null)?.lsn ?? null, lsn);
  }), { numRuns: 150 });
});

test('law: state saved and restored anywhere makes no difference', () => {
  fc.assert(fc.property(runs, fc.nat(), ({ again }, at) => {
    assert.equal(JSON.stringify(oneByOne(again, at % again.length)), JSON.stringify(oneByOne(again)));
  }), { numRuns: 60 });
});

test('a log that went back, and a connector that forgot where it was, are told with their bounds, once', () => {
  const transfer = (session: number) => [{ session, what: 'transfer' as const, a: session, b: session + 1 }, { session, what: 'commit' as const, a: 0, b: 0 }];
  const { records, commits } = recordingOf([...transfer(0), ...transfer(1), ...transfer(2)]);
  const entries = records.filter(({ topic }) => topic === 'db.cdc.entries');
  const later = (record: ModelRecord): ModelRecord => ({ ...record, value: record.value!.replace(/"ts_ms":17\d+/g, '"ts_ms":1800000000000') });
  const back = oneByOne(numbered([...entries, ...entries.slice(2).map(later)]));
  assert.deepEqual(back.gaps.map(({ kind, after, before }) => [kind, after!.xid, before.xid, before.time]), [['position', commits[3]!.xid, commits[2]!.xid, 1_800_000_000_000]]);
  assert.equal(back.given.length, 6 + 4);
  const told = records.filter(({ topic, value }) => topic === 'db.cdc.accounts' && value!.includes('"op":"r"'));
  const accounts = records.filter(({ topic }) => topic === 'db.cdc.accounts');
  const anew = oneByOne(numbered([...accounts, ...told.map(later)]));
  assert.deepEqual(anew.gaps.map(({ kind, after, before }) => [kind, after!.xid, before.xid]), [['snapshot', commits[3]!.xid, null]]);
});

test('such a gap stops a replay, in lanes, too, unless it is to go on; reports tell it', async () => {
  const transfers = Array.from({ length: 6 }, (_, index) => [{ session: 0, what: 'transfer' as const, a: index, b: index + 1 }, { session: 0, what: 'commit' as const, a: 0, b: 0 }]).flat();
  const { records, commits } = recordingOf(transfers);
  const entries = records.filter(({ topic }) => topic === 'db.cdc.entries');
  const anew = entries.slice(6).map((record) => ({ ...record, value: record.value!.replace(/"ts_ms":17\d+/g, '"ts_ms":1800000000000') }));
  const table = /CREATE TABLE entries [^;]*;/.exec(ledgerSql)![0];
  await withJsonLines(numbered([...entries, ...anew]), async (path) => {
    const message = new RegExp(`^the log went back, between LSN \\d+ \\(transaction ${commits.at(-1)!.xid}\\) and LSN \\d+ \\(transaction ${commits[4]!.xid}\\).*SET 'cdc.gaps' = 'go-on'`);
    for (const parameters of [{}, { lanes: 2, key: ['id'] }]) {
      await assert.rejects(withRun(`${table} SELECT id, amount FROM entries;`, { entries: path }, () => Promise.resolve(), parameters), { code: 'SOURCE_GAP', message });
      await withRun(`SET 'cdc.gaps' = 'go-on'; ${table} SELECT id, amount FROM entries;`, { entries: path }, async ({ result, query }) => {
        assert.equal((await query('SELECT * FROM query_1')).length, 12);
        assert.ok(result.remarks.some((remark) => remark.startsWith('entries: a gap in the changes: the log went back')));
        const { report } = await rewriteReport(result.directory, null);
        assert.deepEqual(report.changes!.oneByOne!.map(({ changes, gapCount, gaps }) => [changes, gapCount, gaps[0]!.kind]), [[18, 1, 'position']]);
        assert.match(markdownText(report), /## Gaps\n\n[^]*\| position \| /);
      }, parameters);
    }
  });
});
