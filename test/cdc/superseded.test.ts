/** Corrections stand alone, outside of transactions: a snapshot that comes behind them tells their table anew. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChangeEvent } from '../../src/cdc/event.js';
import { TransactionAssembler } from '../../src/cdc/transactions.js';

const change = (offset: number, row: string, more: Partial<ChangeEvent<string>>): ChangeEvent<string> => ({
  kind: 'change', topic: 'db.accounts', partition: 0, offset, table: 'public.accounts', xid: null, order: 0, lsn: 10 * offset, lastCommit: null, time: offset, snapshot: null, run: null, isTruncate: false, row, ...more,
});

test('what stood alone before a snapshot in its partition never comes behind it', () => {
  const assembler = new TransactionAssembler<string>(['db.accounts']);
  assembler.push(change(0, 'first', { snapshot: 'end' }));
  assembler.push(change(1, 'changed', { xid: '7', order: 1, lastCommit: 0 }));
  // The transaction's END comes later than the topic of the table, which goes on with a correction and a new snapshot.
  assembler.push(change(2, 'corrected', { snapshot: 'incremental' }));
  assembler.push(change(3, 'told anew', { snapshot: 'end' }));
  assembler.push(change(4, 'corrected again', { snapshot: 'incremental' }));
  assembler.push({ kind: 'end', xid: '7', lsn: 15, time: 1, counts: new Map([['public.accounts', 1]]) });
  const given = [...assembler.take(), ...assembler.finish().outcomes].flatMap((outcome) => (outcome.kind === 'gap' ? [] : outcome.events.map(({ row }) => row)));
  assert.deepEqual(given, ['first', 'changed', 'told anew', 'corrected again']);
});

test('rows that were read before a TRUNCATE never come behind it, wherever their partitions stand', () => {
  const given = (reads: Partial<ChangeEvent<string>>): string[] => {
    const assembler = new TransactionAssembler<string>(['db.accounts'], { partitions: () => 2 });
    assembler.push(change(0, 'first', { snapshot: 'end' }));
    assembler.push(change(0, 'first of the other', { partition: 1, snapshot: 'end' }));
    // It has no key, and went to the first partition.
    assembler.push(change(3, 'truncated', { xid: '7', order: 1, lastCommit: 0, isTruncate: true }));
    assembler.push({ kind: 'end', xid: '7', lsn: 35, time: 3, counts: new Map([['public.accounts', 1]]) });
    const outcomes = [...assembler.take()];
    assembler.push(change(1, 'read', { partition: 1, snapshot: 'incremental', ...reads }));
    const restored = new TransactionAssembler<string>(['db.accounts'], { partitions: () => 2 });
    outcomes.push(...assembler.take());
    restored.restore(assembler.snapshot());
    restored.push(change(2, 'read too', { partition: 1, snapshot: 'incremental', ...reads }));
    return [...outcomes, ...restored.finish().outcomes].flatMap((outcome) => (outcome.kind === 'gap' ? [] : outcome.events.map(({ row }) => row)));
  };
  assert.deepEqual(given({ lsn: 20 }), ['first', 'first of the other', 'truncated']);
  assert.deepEqual(given({ lsn: 36 }), ['first', 'first of the other', 'truncated', 'read', 'read too']);
});
