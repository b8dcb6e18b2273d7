/** What is missing is told: where, between which transactions, of which tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Transaction } from '../../src/cdc/event.js';
import type { Gap } from '../../src/cdc/gap.js';
import type { Change } from '../../src/formats/debezium-envelope.js';
import { assemble, eventsOf } from './assemble.js';
import { commands, interleaved, recordingOf, restarted, type Commit, type ModelRecord, type Recording } from './model.js';

const xids = (given: readonly Transaction<Change>[]): (string | null)[] => given.map(({ xid }) => xid);
const recordings = commands(20, 50).map((list) => recordingOf(list)).filter(({ commits }) => commits.length > 4);

test('whole streams have no gaps, in whatever order their topics come, and whatever is sent again', () => {
  fc.assert(fc.property(recordings, fc.array(fc.nat(5), { maxLength: 12 }), fc.nat(), fc.nat(40), (recording, picks, at, back) => {
    const { given, gaps, incomplete } = assemble(interleaved(restarted(recording.records, at % recording.records.length, back), picks));
    assert.deepEqual([gaps, incomplete], [[], []]);
    assert.deepEqual(xids(given), recording.commits.map(({ xid }) => xid));
  }), { numRuns: 40 });
});

test('state saved and restored anywhere makes no difference', () => {
  fc.assert(fc.property(recordings, fc.array(fc.nat(5), { maxLength: 12 }), fc.nat(), (recording, picks, at) => {
    const records = interleaved(restarted(recording.records, Math.floor(recording.records.length / 2), 9), picks);
    assert.deepEqual(JSON.stringify(assemble(records, { saveAt: at % records.length })), JSON.stringify(assemble(records)));
  }), { numRuns: 40 });
});

/** Which transaction a record is of; null: of the snapshot, or a tombstone. */
function xidOf(record: ModelRecord): string | null {
  const [event] = eventsOf([record]);
  return event === undefined || event.kind === 'message' ? null : event.xid;
}

const isEnd = ({ topic, value }: ModelRecord): boolean => topic === 'db.transaction' && value!.includes('"END"');

interface Planted {
  readonly records: readonly ModelRecord[];
  readonly kind: Gap['kind'];
  /** The last transaction before it, and the first after it or the one that is not whole. */
  readonly after: Commit;
  readonly before: Commit;
}

/** One gap of each kind, between the first and the last transaction. */
function planted({ records, commits }: Recording, how: 'slot' | 'skipped' | 'events' | 'end', where: number, length: number, which: number): Planted {
  const from = 2 + (where % (commits.length - 3));
  const to = Math.min(from + (how === 'slot' || how === 'skipped' ? 1 + (length % 3) : 1), commits.length - 1);
  const lost = new Set(commits.slice(from, to).map(({ xid }) => xid));
  const [after, before] = [commits[from - 1]!, commits[to]!];
  switch (how) {
    // Dropped and made again: nothing of these transactions, and another run of the connector goes on.
    case 'slot': {
      const left = records.filter((record) => !lost.has(xidOf(record)));
      const next = left.findIndex((record) => xidOf(record) === before.xid);
      const again = left.slice(next).map((record) => ({ ...record, headers: { ...record.headers, '__debezium.context.runId': 'run-2' } }));
      return { records: [...left.slice(0, next), ...again], kind: 'transactions', after, before };
    }
    case 'skipped': return { records: records.filter((record) => !lost.has(xidOf(record))), kind: 'transactions', after, before };
    case 'end': return { records: records.filter((record) => !(isEnd(record) && lost.has(xidOf(record)))), kind: 'transactions', after, before };
    case 'events': {
      const changes = records.filter((record) => record.value !== null && record.topic !== 'db.transaction' && lost.has(xidOf(record)));
      const gone = changes[which % changes.length]!;
      return { records: records.filter((record) => record !== gone), kind: 'events', after, before: commits[from]! };
    }
  }
}

test('1,000 gaps are all told, each once and with its bounds', () => {
  const hows = ['slot', 'skipped', 'events', 'end'] as const;
  const counts = { slot: 0, skipped: 0, events: 0, end: 0 };
  fc.assert(fc.property(recordings, fc.array(fc.tuple(fc.constantFrom(...hows), fc.nat(), fc.nat(), fc.nat(), fc.array(fc.nat(5), { maxLength: 8 })), { minLength: 10, maxLength: 10 }), (recording, all) => all.forEach(([how, where, length, which, picks]) => {
    const gap = planted(recording, how, where, length, which);
    const { gaps, given } = assemble(interleaved(gap.records, picks));
    counts[how] += 1;
    assert.deepEqual(gaps.map(({ kind, after, before }) => [kind, after?.xid ?? null, after?.lsn, before.xid, before.lsn]), [[gap.kind, gap.after.xid, gap.after.lsn, gap.before.xid, gap.before.lsn]]);
    // Half a transaction is not given, and all the others are.
    const lost = new Set(recording.commits.slice(recording.commits.indexOf(gap.after) + 1, recording.commits.indexOf(gap.before) + (gap.kind === 'events' ? 1 : 0)).map(({ xid }) => xid));
    assert.deepEqual(xids(given), recording.commits.map(({ xid }) => xid).filter((xid) => xid === null || !lost.has(xid)));
  })), { numRuns: 100, seed: 7 });
  assert.ok(Object.values(counts).every((count) => count > 150), JSON.stringify(counts));
});

test('what lacks at the end of history is told, and not given', () => {
  const { records, commits } = recordingOf([{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }, { session: 1, what: 'transfer', a: 2, b: 3 }, { session: 1, what: 'commit', a: 0, b: 0 }]);
  const last = commits.at(-1)!.xid!;
  for (const [left, expected] of [[records.slice(0, -1), null], [records.filter((record) => !(xidOf(record) === last && record.topic === 'db.cdc.entries')), 4]] as const) {
    const { given, gaps, incomplete } = assemble(left);
    assert.deepEqual(gaps, []);
    assert.deepEqual(xids(given), [null, commits[1]!.xid]);
    assert.deepEqual(incomplete, [{ xid: last, found: expected === null ? 4 : 2, expected }]);
  }
});

test('a new snapshot is a gap, tells its tables anew, and repairs them', () => {
  const first = recordingOf([{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const source = { ts_ms: 1_800_000_000_000, lsn: 99_000, schema: 'public', table: 'accounts', sequence: '[null,"99000"]', snapshot: 'last' };
  const renewed: ModelRecord = { topic: 'db.cdc.accounts', partition: 0, offset: 99, timestamp: 0, key: '{"id":7}', value: JSON.stringify({ before: null, after: { id: 7, balance: 4000, note: null }, source, op: 'r', transaction: null }), headers: {} };
  const { given, gaps } = assemble([...first.records, renewed]);
  assert.deepEqual(gaps.map(({ kind, after }) => [kind, after?.xid]), [['snapshot', first.commits[1]!.xid]]);
  assert.deepEqual(given.at(-1)!.renewed, ['public.accounts']);
});

test('a connector that goes on elsewhere without sending anything again is told, between its bounds', () => {
  const { records, commits } = recordingOf(Array.from({ length: 8 }, (_, index) => [{ session: 0, what: 'transfer' as const, a: index, b: index + 1 }, { session: 0, what: 'commit' as const, a: 0, b: 0 }]).flat());
  const [after, lost, before] = [commits[4]!, commits[5]!, commits[6]!];
  const left = records.filter((record) => xidOf(record) !== lost.xid);
  const next = left.findIndex((record) => xidOf(record) === before.xid);
  // It remembers the commit that it saw last, and so the chain holds.
  const again = left.slice(next).map((record) => ({ ...record, value: record.value?.replaceAll(`"[\\"${lost.lsn}\\"`, `"[\\"${after.lsn}\\"`) ?? null, headers: { ...record.headers, '__debezium.context.runId': 'run-2' } }));
  const { gaps, restarts } = assemble([...left.slice(0, next), ...again]);
  assert.deepEqual(gaps, []);
  assert.deepEqual(restarts.map((restart) => [restart.after.xid, restart.before.xid, restart.overlaps]), [[after.xid, before.xid, false]]);
  const whole = assemble(restarted(records, 40, 12));
  assert.deepEqual(whole.restarts.map(({ overlaps }) => overlaps), [true]);
});
