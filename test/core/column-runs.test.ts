/** Rows taken out of several batches are those of the batches joined. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary, cell, type Column } from '../../src/core/batch.js';
import { concatColumns } from '../../src/core/column-bytes.js';
import { gather } from '../../src/core/column-builder.js';
import { gatherRuns, runsOf } from '../../src/core/column-runs.js';

const shared = new Dictionary();
for (const text of ['a', 'bc']) shared.intern(text);

const numbers = fc.array(fc.tuple(fc.double({ noNaN: true }), fc.boolean()), { minLength: 1, maxLength: 12 });
const parts: fc.Arbitrary<Column[]> = fc.oneof(
  fc.array(fc.tuple(numbers, fc.boolean()).map(([cells, hasNulls]): Column => ({
    storage: 'real', values: Float64Array.from(cells, ([value]) => value), nulls: hasNulls ? Uint8Array.from(cells, ([, isNull]) => Number(isNull)) : null,
  })), { minLength: 1, maxLength: 6 }),
  fc.array(fc.tuple(fc.array(fc.oneof(fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 60n })), { minLength: 1, maxLength: 8 })).map(([cells]): Column => (
    cells.every((value) => typeof value === 'number') ? { storage: 'int64', values: Float64Array.from(cells), nulls: null } : { storage: 'int64', values: cells, nulls: null }
  )), { minLength: 1, maxLength: 6 }),
  fc.array(fc.oneof(
    fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }).map((codes): Column => ({ storage: 'text', values: Int32Array.from(codes), dictionary: shared })),
    fc.array(fc.option(fc.string()), { minLength: 1, maxLength: 8 }).map((values): Column => ({ storage: 'text', values, dictionary: null })),
  ), { minLength: 1, maxLength: 6 }),
);

test('law: rows by runs are the rows of all batches joined, in any order', () => {
  fc.assert(fc.property(parts, fc.array(fc.nat(), { maxLength: 40 }), (columns, wanted) => {
    const lengths = columns.map(({ values }) => values.length);
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    const order = Int32Array.from(wanted, (row) => row % rows);
    const runs = runsOf(order, order.length, lengths);
    const found = gatherRuns(columns, order, order.length, runs);
    const expected = gather(concatColumns(columns, lengths), order, order.length);
    assert.deepEqual(Array.from(order, (_, row) => cell(found, row)), Array.from(order, (_, row) => cell(expected, row)));
  }));
});

test('a run is as long as its batch lasts; codes stay codes where batches share their dictionary', () => {
  const order = Int32Array.of(0, 1, 2, 5, 4, 1);
  const runs = runsOf(order, order.length, [2, 3, 1]);
  assert.deepEqual(runs, [{ batch: 0, from: 0, first: 0 }, { batch: 1, from: 2, first: 2 }, { batch: 2, from: 3, first: 5 }, { batch: 1, from: 4, first: 2 }, { batch: 0, from: 5, first: 0 }]);
  const codes = gatherRuns([[1, 2], [0, 1, 2], [1]].map((values) => ({ storage: 'text', values: Int32Array.from(values), dictionary: shared })), order, order.length, runs);
  assert.deepEqual(codes, { storage: 'text', values: Int32Array.of(1, 2, 0, 1, 2, 2), dictionary: shared });
});
