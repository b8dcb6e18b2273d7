/** Whatever a connector does, and in whatever order its topics come: what is given are the states that the database had. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Transaction } from '../../src/cdc/event.js';
import { REMOVE, TRUNCATE } from '../../src/core/change.js';
import type { Change } from '../../src/formats/debezium-envelope.js';
import { assemble, topics, type Assembled, type AssembleOptions } from './assemble.js';
import { commands, interleaved, recordingOf, restarted, type Command, type ModelRecord, type State } from './model.js';
import { brokenOff, countedAnew, partitioned } from './streams.js';

const unavailable = '__debezium_unavailable_value';

type Row = Readonly<Record<string, unknown>>;

/** All rows, by table and key, after each transaction. */
function states(given: readonly Transaction<Change>[]): unknown[] {
  const tables: Record<string, Map<unknown, Row>> = { accounts: new Map(), entries: new Map() };
  return given.map(({ events, renewed }) => {
    for (const table of renewed) tables[table.slice(7)]!.clear();
    for (const { table, row: { operation, image } } of events) {
      const rows = tables[table.slice(7)]!;
      if (operation === TRUNCATE) rows.clear();
      else if (operation === REMOVE) rows.delete(image['id']);
      else rows.set(image['id'], Object.fromEntries(Object.entries(image).map(([name, value]) => [name, value === unavailable ? rows.get(image['id'])![name] : value])));
    }
    return { accounts: sorted(tables['accounts']!.values()), entries: sorted(tables['entries']!.values()) };
  });
}

const sorted = (rows: Iterable<object>): string[] => [...rows].map((row) => JSON.stringify(row)).sort();
const stateOf = ({ accounts, entries }: State): unknown => ({ accounts: sorted(accounts.values()), entries: sorted(entries.values()) });

const all = ['resnapshot', 'message', 'elsewhere'] as const;
const recordings = commands(0, 60, all).map((list) => recordingOf(list));
const picked = fc.array(fc.nat(5), { maxLength: 12 });

/** The snapshots that the connector made since it forgot where it was. */
const forgotten = (records: readonly ModelRecord[]): number => records.filter(({ value }) => value?.includes('"op":"r"') === true && value.includes('"sequence":"[null,') && /"snapshot":"last"/.test(value)).length - 1;

function assertWhole({ given, gaps, incomplete }: Assembled, commits: readonly { readonly state: State }[], snapshots: number): void {
  assert.deepEqual(gaps.map(({ kind }) => kind), Array.from({ length: snapshots }, () => 'snapshot'));
  assert.deepEqual(incomplete, []);
  assert.deepEqual(states(given), commits.map(({ state }) => stateOf(state)));
}

test('what is given are the states of the database, in whatever order topics come and whatever is sent again', () => {
  fc.assert(fc.property(recordings, picked, fc.nat(), fc.nat(40), ({ records, commits }, picks, at, back) => {
    assertWhole(assemble(interleaved(restarted(records, at % records.length, back), picks)), commits, forgotten(records));
  }), { numRuns: 150 });
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
  fc.assert(fc.property(recordings, picked, fc.nat(), fc.nat(40), ({ records }, picks, at, back) => {
    const stream = interleaved(partitioned(restarted(brokenOff(records, 2), Math.floor(records.length / 2), back), 2), picks);
    const options: AssembleOptions = { partitions: 2 };
    assert.deepEqual(JSON.stringify(assemble(stream, { ...options, saveAt: at % stream.length })), JSON.stringify(assemble(stream, options)));
  }), { numRuns: 60 });
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
