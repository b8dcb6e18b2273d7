/** Whatever a connector does, and in whatever order its topics come: what is given are the states that the database had. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assemble, topics } from './assemble.js';
import { commands, interleaved, numbered, recordingOf, restarted, type Command, type ModelRecord } from './model.js';
import { all, assertWhole, forgotten, picked, recordings, savedLaw, stateOf, states, streamLaw } from './stream-laws.js';
import { brokenOff, countedAnew, partitioned } from './streams.js';

test('what is given are the states of the database, in whatever order topics come and whatever is sent again', () => {
  fc.assert(streamLaw, { numRuns: 150 });
});

test('so it is with topics of several partitions', () => {
  fc.assert(fc.property(recordings, picked, fc.integer({ min: 2, max: 4 }), fc.nat(), fc.nat(40), ({ records, commits }, picks, partitions, at, back) => {
    assertWhole(assemble(interleaved(partitioned(restarted(records, at % records.length, back), partitions), picks), { partitions }), commits, forgotten(records));
  }), { numRuns: 100 });
});

test('a snapshot that was asked for is no gap, and comes after what was committed before it', () => {
  fc.assert(fc.property(commands(0, 60, [...all, 'reread']).map((list) => recordingOf(list)), picked, ({ records, commits }, picks) => {
    assertWhole(assemble(records), commits, forgotten(records));
    // What does not touch its table may come before it, if topics come one after the other.
    const { given, gaps } = assemble(interleaved(records, picks));
    assert.deepEqual([gaps.length, states(given).at(-1)], [forgotten(records), stateOf(commits.at(-1)!.state)]);
  }), { numRuns: 100 });
});

test('a snapshot that was broken off is not given', () => {
  fc.assert(fc.property(recordings, picked, fc.integer({ min: 1, max: 4 }), ({ records, commits }, picks, rows) => {
    assertWhole(assemble(interleaved(brokenOff(records, rows), picks)), commits, forgotten(records));
  }), { numRuns: 60 });
});

test('two snapshots of one place, of a connector that was started twice, are each given whole', () => {
  fc.assert(fc.property(commands(0, 40).map((list) => recordingOf(list)), picked, ({ records, commits }, picks) => {
    const told = records.slice(0, 4);
    const again = records.map((record) => ({ ...record, headers: { ...record.headers, '__debezium.context.runId': 'run-2' } }));
    const { given, gaps } = assemble(interleaved(numbered([...told, ...again]), picks));
    assert.deepEqual(gaps.map(({ kind, before }) => [kind, before.lsn]), [['snapshot', commits[0]!.lsn]]);
    assert.deepEqual(given.filter(({ isSnapshot }) => isSnapshot).map(({ events }) => events.length), [4, 4]);
    // What touches no table of it may come before the second.
    assert.deepEqual(states(given).at(-1), stateOf(commits.at(-1)!.state));
  }), { numRuns: 40 });
});

test('a connector that counts the changes of a transaction from 1 again, as before Debezium 3.7, loses none', () => {
  let tried = 0;
  fc.assert(fc.property(commands(10, 40).map((list) => recordingOf(list)), fc.nat(), fc.nat(6), ({ records, commits }, at, back) => {
    const anew = countedAnew(records, at % records.length, back);
    if (anew !== records) tried += 1;
    assertWhole(assemble(anew), commits, 0);
  }), { numRuns: 200, seed: 7 });
  assert.ok(tried > 20, String(tried));
});

test('state saved and restored anywhere makes no difference', () => {
  fc.assert(savedLaw, { numRuns: 60 });
});

test('a pipeline that reads one of the tables gets its snapshot, though the last row of all is of another', () => {
  fc.assert(fc.property(recordings, picked, ({ records, commits }, picks) => {
    for (const topic of topics) {
      const table = topic.slice(7) as 'accounts' | 'entries';
      const { given, incomplete } = assemble(interleaved(records, picks), { topics: [topic] });
      assert.deepEqual(incomplete, []);
      const last = states(given).at(-1) as Record<string, unknown> | undefined;
      assert.deepEqual(last?.[table] ?? [], (stateOf(commits.at(-1)!.state) as Record<string, unknown>)[table]);
    }
  }), { numRuns: 40 });
});

const transfer = (a: number, b: number): Command[] => [{ session: 0, what: 'transfer', a, b }, { session: 0, what: 'commit', a: 0, b: 0 }];

const isOf = ({ value }: ModelRecord, xid: string): boolean => value?.includes(`"id":"${xid}:`) === true;

test('a log that went back to where it was is told, and what follows is given', () => {
  const { records, commits } = recordingOf([...transfer(0, 1), ...transfer(1, 2), ...transfer(2, 3)]);
  const [, first, second] = commits;
  // The server was restored as it was after the first transaction, and writes others then, some with numbers that were there.
  const again = records.filter((record) => isOf(record, second!.xid!)).map((record) => ({ ...record, value: record.value?.replaceAll(/"ts_ms":17\d+/g, '"ts_ms":1700009000000').replaceAll('"balance":', '"balance":1') ?? null }));
  const { given, gaps } = assemble([...records, ...again]);
  assert.deepEqual(gaps.map(({ kind, after, before }) => [kind, after?.xid, before.lsn]), [['position', commits.at(-1)!.xid, second!.lsn]]);
  assert.deepEqual(given.map(({ xid }) => xid), [null, first!.xid, second!.xid, commits.at(-1)!.xid, second!.xid]);
});

test('transactions that follow a message in the log follow no gap', () => {
  const { records } = recordingOf([...transfer(0, 1), { session: 0, what: 'message', a: 0, b: 0 }, ...transfer(1, 2)]);
  assert.deepEqual(assemble(records).gaps, []);
  assert.deepEqual(assemble(interleaved(records, [2, 1, 0])).gaps, []);
  // Where the topic of messages is not recorded, nothing tells it from a commit that was lost.
  assert.deepEqual(assemble(records.filter(({ topic }) => topic !== 'db.message')).gaps.map(({ kind }) => kind), ['transactions']);
});

test('two transactions that follow the same commit: one was cut off, whenever its changes come', () => {
  const { records, commits } = recordingOf([...transfer(0, 1), ...transfer(1, 2), ...transfer(2, 3), ...transfer(3, 0)]);
  const [, first, cut, next] = commits;
  const left = records.filter((record) => !(isOf(record, cut!.xid!) && record.topic === 'db.transaction' && record.value!.includes('END')))
    .map((record) => (isOf(record, next!.xid!) ? { ...record, value: record.value!.replaceAll(`[\\"${cut!.lsn}\\"`, `[\\"${first!.lsn}\\"`) } : record));
  for (const stream of [left, ...[[0], [1], [2], [2, 1, 0]].map((picks) => interleaved(left, picks))]) {
    const { gaps, given } = assemble(stream);
    assert.deepEqual(gaps.map(({ kind, after, before }) => [kind, after?.xid, before.xid]), [['transactions', first!.xid, next!.xid]]);
    assert.ok(!given.some(({ xid }) => xid === cut!.xid));
  }
});
