/** State of changes as bytes of a checkpoint. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { ChangeByChange, type ChangeByChangeState } from '../../src/cdc/change-by-change.js';
import type { ChangeEvent } from '../../src/cdc/event.js';
import { readState, writeState } from '../../src/cdc/state-bytes.js';
import { TransactionAssembler, type AssemblerState } from '../../src/cdc/transactions.js';
import { decodeRecord } from '../../src/formats/debezium-envelope.js';
import { commands, interleaved, recordingOf, restarted, type ModelRecord } from './model.js';

function throughBytes<State extends object>(state: State): State {
  const writer = new ByteWriter();
  writeState(writer, state);
  return readState(new ByteReader(writer.toBytes())) as unknown as State;
}

test('what is written is read again: any value of a row, and times that are not known', () => {
  const value = fc.oneof(fc.double(), fc.bigInt(), fc.string({ unit: 'binary' }), fc.constant(null), fc.constantFrom(-0, NaN, Infinity, -Infinity));
  fc.assert(fc.property(fc.array(fc.record({ row: fc.option(fc.array(value)), time: fc.constantFrom(-Infinity, 5) }, { noNullPrototype: true })), value, (events, last) => {
    assert.deepEqual(throughBytes({ events, last, none: null }), { events, last, none: null });
  }));
});

const eventsOf = (records: readonly ModelRecord[]) => records.flatMap((record) => {
  const decoded = decodeRecord(record, null);
  if (decoded.kind !== 'event') return [];
  return [decoded.event.kind === 'change' ? { ...decoded.event, row: [decoded.event.offset, decoded.event.row.operation] } : decoded.event];
});

type Row = readonly number[];

test('law: state that goes through bytes after any record makes no difference', () => {
  fc.assert(fc.property(commands(0, 30).map((list) => recordingOf(list)), fc.array(fc.nat(5), { maxLength: 12 }), fc.nat(), ({ records }, picks, at) => {
    const events = eventsOf(interleaved(restarted(records, Math.floor(records.length / 2), 9), picks));
    const cut = at % events.length;
    const given = (isCut: boolean): unknown => {
      let assembler = new TransactionAssembler<Row>(['db.cdc.accounts', 'db.cdc.entries']);
      const outcomes: unknown[] = [];
      events.forEach((event, index) => {
        assembler.push(event);
        outcomes.push(...assembler.take());
        if (!isCut || index !== cut) return;
        const state = throughBytes<AssemblerState<Row>>(assembler.snapshot());
        assembler = new TransactionAssembler<Row>(['db.cdc.accounts', 'db.cdc.entries']);
        assembler.restore(state);
      });
      return [...outcomes, assembler.finish(), assembler.counts];
    };
    assert.deepEqual(given(true), given(false));
  }), { numRuns: 40 });
});

test('change by change, too: what was sent before the cut is known for a repeat after it', () => {
  const { records } = recordingOf([{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const changes = eventsOf(records).filter((event): event is ChangeEvent<number[]> => event.kind === 'change');
  const first = new ChangeByChange<number[]>();
  for (const change of changes) first.push(change);
  assert.equal(first.take().length, changes.length);
  const second = new ChangeByChange<number[]>();
  second.restore(throughBytes<ChangeByChangeState>(first.snapshot()));
  for (const change of changes.filter(({ snapshot }) => snapshot === null)) second.push(change);
  assert.deepEqual(second.take(), []);
  assert.equal(second.counts.repeats, 4);
});
