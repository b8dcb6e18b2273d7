/** Incremental snapshots: rows of a table, chunk by chunk, among the changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assemble } from './assemble.js';
import { commands, interleaved, recordingOf, type ModelRecord } from './model.js';
import { picked, stateOf, states } from './stream-laws.js';

/** All four rows of `accounts`; with a signal, or without. */
const chunks = fc.constantFrom(60, 61).map((b) => ({ session: 0, what: 'chunk' as const, a: 5, b }));

const isTold = ({ topic, value }: ModelRecord): boolean => topic === 'db.cdc.accounts' && value !== null && value.includes('"op":"r"') && !value.includes('"incremental"');

test('a table that no snapshot told is there after an incremental one, whatever was changed before and after it', () => {
  fc.assert(fc.property(commands(0, 20), chunks, commands(0, 20), picked, fc.constantFrom(1, 1e6), (before, chunk, after, picks, takeEvery) => {
    const { records, commits } = recordingOf([...before, chunk, ...after]);
    assert.equal(records.filter(({ topic, value }) => topic === 'db.cdc.accounts' && value?.includes('"incremental"') === true).length, 4);
    const { given, gaps, incomplete } = assemble(interleaved(records.filter((record) => !isTold(record)), picks), { takeEvery });
    assert.deepEqual([gaps, incomplete], [[], []]);
    assert.deepEqual(states(given, false).at(-1), stateOf(commits.at(-1)!.state));
  }), { numRuns: 60 });
});
