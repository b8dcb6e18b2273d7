/** Transactions that are taken at once are as those whose changes are taken one by one, whatever else the stream holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CaptureEvent, ChangeEvent } from '../../src/cdc/event.js';
import { TransactionAssembler } from '../../src/cdc/transactions.js';
import { numberOf } from '../../src/cdc/xid.js';
import type { Change } from '../../src/formats/debezium-envelope.js';
import type { Origin } from '../../src/formats/debezium-shape.js';
import { CHANGE, END, type CaptureBatch } from '../../src/sources/capture-batch.js';
import type { EndNumbers } from '../../src/sources/capture-rows.js';
import { CaptureRuns } from '../../src/sources/capture-runs.js';
import { eventsOf, topics } from '../cdc/assemble.js';
import { interleaved, restarted } from '../cdc/model.js';
import { picked, recordings } from '../cdc/stream-laws.js';
import { brokenOff, partitioned } from '../cdc/streams.js';

type Event = CaptureEvent<Change>;
type Columns = Pick<CaptureBatch, 'length' | 'kinds' | 'origins' | 'partitions' | 'orders' | 'lsns' | 'lastCommits' | 'times' | 'xids'>;

/** What a decoder makes of them. Changes of one origin may have several numbers: shapes of one topic each have theirs. */
function columnsOf(events: readonly Event[], origins: Origin[], xids: string[], spread: number): Columns {
  const number = <Item>(list: Item[], item: Item, isSame: (other: Item) => boolean): number => {
    const known = list.findIndex(isSame);
    return known >= 0 ? known : list.push(item) - 1;
  };
  const doubles = (of: (event: Event) => number | null): Float64Array<ArrayBuffer> => Float64Array.from(events, (event) => of(event) ?? NaN);
  const ofChange = (of: (event: ChangeEvent<Change>) => number | null) => (event: Event) => (event.kind === 'change' ? of(event) : null);
  return {
    length: events.length,
    kinds: Uint8Array.from(events, ({ kind }) => (kind === 'change' ? CHANGE : kind === 'end' ? END : 2)),
    origins: Int32Array.from(events, (event, at) => {
      if (event.kind !== 'change') return 0;
      const { topic, table, snapshot, run } = event;
      const same = origins.flatMap((other, index) => (other.topic === topic && other.table === table && other.snapshot === snapshot && other.run === run ? [index] : []));
      return same.length > at % spread ? same[at % spread]! : origins.push({ topic, table, snapshot, run }) - 1;
    }),
    partitions: doubles(ofChange(({ partition }) => partition)), orders: doubles(ofChange(({ order }) => order)),
    lsns: doubles(ofChange(({ lsn }) => lsn)), lastCommits: doubles(ofChange(({ lastCommit }) => lastCommit)), times: doubles((event) => (event.kind === 'change' || event.kind === 'end' ? event.time : null)),
    xids: Int32Array.from(events, (event) => ('xid' in event && event.xid !== null ? number(xids, event.xid, (other) => other === event.xid) + 1 : 0)),
  };
}

/** All that is given and told, and how many transactions were taken at once. */
function assembled(events: readonly Event[], { partitions, pieceEvents, spread, isTogether }: { readonly partitions: number; readonly pieceEvents: number; readonly spread: number; readonly isTogether: boolean }) {
  const origins: Origin[] = [], xids: string[] = [];
  const runs = new CaptureRuns(origins);
  const assembler = new TransactionAssembler<Change, readonly Event[]>(topics, { partitions: () => partitions });
  const given: unknown[] = [];
  /** Rows outside of transactions, by partition: those of one have no order among those of another. */
  const alone: Record<string, unknown[]> = {};
  let together = 0;
  const take = (outcomes: ReturnType<typeof assembler.take>): void => {
    for (const outcome of outcomes) {
      if (!('kind' in outcome)) given.push(outcome);
      else if (outcome.kind === 'gap') given.push(outcome.gap);
      else if (outcome.isSnapshot) given.push(outcome);
      else if (outcome.xid === null) for (const event of outcome.events) (alone[`${event.topic} ${event.partition}`] ??= []).push(event);
      else given.push(outcome.events);
    }
  };
  for (let from = 0; from < events.length; from += pieceEvents) {
    const piece = events.slice(from, from + pieceEvents);
    const columns = columnsOf(piece, origins, xids, spread);
    for (let at = 0; at < piece.length; at += 1) {
      const event = piece[at]!;
      const isFound = event.kind === 'change' && runs.find(columns as CaptureBatch, at);
      // When what is whole is taken decides whether rows of an incremental snapshot are given before a later one tells them again.
      if (isFound && !isTogether) take(assembler.take());
      else if (isFound) {
        const end = piece[runs.to]!;
        assert.ok(end.kind === 'end');
        Object.assign(runs.end, { ...end, xid: numberOf(end.xid) } satisfies EndNumbers);
        if (assembler.pushTogether(runs, piece.slice(runs.from, runs.to))) {
          together += 1;
          at = runs.to;
          continue;
        }
      }
      assembler.push(event);
    }
    take(assembler.take());
  }
  const { outcomes, incomplete } = assembler.finish();
  take(outcomes);
  return { given, alone, incomplete, restarts: assembler.restarts, counts: assembler.counts, together };
}

test('a transaction that is taken at once leaves all as if its changes had come one by one', () => {
  let taken = 0, others = 0;
  fc.assert(fc.property(
    recordings, fc.option(picked, { freq: 1 }), fc.nat(), fc.nat(40), fc.constantFrom(1, 2), fc.constantFrom(7, 50, 1e6), fc.integer({ min: 1, max: 3 }), fc.array(fc.nat(), { maxLength: 2 }), fc.boolean(),
    ({ records }, picks, at, back, partitions, pieceEvents, spread, lost, isBroken) => {
      const sent = partitioned(restarted(isBroken ? brokenOff(records, 2) : records, at % records.length, back), partitions);
      const stream = picks === null ? sent : interleaved(sent, picks);
      // Some are lost on the way; and BEGIN and messages are of no account.
      const events = eventsOf(stream.filter((_, index) => !lost.some((each) => each % stream.length === index))).filter(({ kind }) => kind === 'change' || kind === 'end');
      const options = { partitions, pieceEvents, spread };
      const { together, ...found } = assembled(events, { ...options, isTogether: true });
      const { together: none, ...expected } = assembled(events, { ...options, isTogether: false });
      assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(expected)));
      assert.equal(none, 0);
      taken += together;
      others += expected.given.length - together;
    },
  ), { numRuns: 300 });
  assert.ok(taken > 30 && others > 300, `${taken} at once, ${others} others`);
});
