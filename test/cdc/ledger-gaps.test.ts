/** A thousand seeds over the shipped generator's stream: each gap is told, with its bounds, and none where none is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/datasets/market/random.js';
import { assembleEvents } from './assemble.js';
import { eventsOf, kinds, plant, type Cut } from './ledger-gaps.js';
import { inOtherOrder, inRun, isChange, ledgerStream, ledgerTopics as topics, xidOf, type Event, type LedgerStream } from './ledger-stream.js';

const SEEDS = 1000;
const days = [4, 11].map((seed) => ledgerStream(seed, 16_000));

/** A few dozen transactions of one of the days. */
function cutOf({ snapshot, transactions }: LedgerStream, random: Random): Cut {
  const from = random.below(transactions.length - 40);
  const inOneRun = (events: readonly Event[]): readonly Event[] => inRun(events, 'one');
  return { snapshot: inOneRun(snapshot).filter(isChange), transactions: transactions.slice(from, from + 12 + random.below(16)).map(({ bound, events }) => ({ bound, events: inOneRun(events) })) };
}

test(`${SEEDS} seeds, a gap of each kind: all are told, each once, with both bounds`, (context) => {
  const told = new Map(kinds.map((kind) => [kind, 0]));
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = new Random(seed, 7101);
    const cut = cutOf(days[seed % days.length]!, random);
    for (const kind of kinds) {
      const planted = plant(cut, kind, random);
      const { gaps, restarts, given, incomplete } = assembleEvents(seed % 3 === 0 ? planted.events : inOtherOrder(planted.events, random), { topics });
      const which = `seed ${seed}, ${kind}`;
      assert.deepEqual(gaps.map((gap) => ({ kind: gap.kind, after: gap.after, before: gap.before, tables: sorted(gap.tables) })), planted.gap === null ? [] : [{ ...planted.gap, tables: sorted(planted.gap.tables) }], which);
      if (planted.restart !== null) assert.deepEqual(restarts.map(({ after, before, overlaps }) => ({ after, before, overlaps })), [{ ...planted.restart, overlaps: false }], which);
      assert.deepEqual(given.map(({ xid }) => xid), planted.given, which);
      assert.deepEqual(incomplete, [], which);
      told.set(kind, told.get(kind)! + 1);
    }
  }
  for (const [kind, count] of told) context.diagnostic(`${kind}: ${count} of ${SEEDS} told with both bounds`);
});

const sorted = <Table extends { readonly table: string }>(tables: readonly Table[]): readonly Table[] => [...tables].sort((a, b) => (a.table < b.table ? -1 : 1));

test('no gap is told where there is none: rolled back sessions, sessions side by side, restarts that send again, topics in any order', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new Random(seed, 7102);
    const cut = cutOf(days[seed % days.length]!, random);
    const { gaps, incomplete, given } = assembleEvents(inOtherOrder(eventsOf(cut), random), { topics });
    assert.deepEqual([gaps, incomplete], [[], []], `seed ${seed}`);
    assert.deepEqual(given.map(({ xid }) => xid), [null, ...cut.transactions.map(({ bound }) => bound.xid)], `seed ${seed}`);
  }
  // Where the connector was started again, as it was written.
  for (const { written, transactions, snapshot } of days) {
    const repeated = transactions.findIndex(({ bound }) => written.filter((event) => event.kind === 'end' && event.xid === bound.xid).length > 1);
    const xids = new Set(transactions.slice(Math.max(0, repeated - 10), repeated + 20).map(({ bound }) => bound.xid));
    const around = [...snapshot, ...written.filter((event) => xids.has(xidOf(event)))];
    for (let seed = 1; seed <= 20; seed += 1) {
      const { gaps, incomplete, given, counts, restarts } = assembleEvents(inOtherOrder(around, new Random(seed, 7103)), { topics });
      assert.deepEqual([gaps, incomplete], [[], []], `seed ${seed}`);
      assert.equal(given.length, 1 + xids.size);
      assert.ok(counts.repeats + counts.repeatedTransactions > 0);
      assert.deepEqual(restarts.map(({ overlaps }) => overlaps), [true]);
    }
  }
});
