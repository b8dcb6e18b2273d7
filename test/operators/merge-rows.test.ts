import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary, cell, type Column } from '../../src/core/batch.js';
import type { Int64 } from '../../src/core/types.js';
import { mergeRows } from '../../src/operators/merge-rows.js';
import type { Rows } from '../../src/operators/operator.js';

interface Row {
  readonly released: number;
  readonly time: number;
  readonly text: string | null;
  readonly whole: Int64 | null;
}

/** Branches as operators deliver them: by releasing row, then causing time. */
const branch = fc.array(fc.record({
  released: fc.nat(4), time: fc.oneof(fc.nat(3), fc.constant(-Infinity)), text: fc.constantFrom('a', 'b', null), whole: fc.constantFrom<Int64 | null>(1, 2n ** 60n, null),
}), { maxLength: 8 }).map((rows) => [...rows].sort((a, b) => a.released - b.released || (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)));

function rowsOf(rows: readonly Row[], index: number): Rows {
  const dictionary = new Dictionary();
  const text: Column = index % 2 === 0 ? { storage: 'text', values: rows.map((row) => row.text), dictionary: null }
    : { storage: 'text', values: Int32Array.from(rows, (row) => dictionary.intern(row.text)), dictionary };
  const nulls = Uint8Array.from(rows, ({ whole }) => (whole === null ? 1 : 0));
  const values = rows.map(({ whole }) => whole ?? 0);
  const whole: Column = { storage: 'int64', values: values.every((value) => typeof value === 'number') ? Float64Array.from(values as number[]) : values, nulls: nulls.includes(1) ? nulls : null };
  return {
    batch: { length: rows.length, columns: [text, whole] }, released: Int32Array.from(rows, (row) => row.released), time: Float64Array.from(rows, (row) => row.time),
  };
}

test('branches become one: by releasing row, causing time, branch, order within the branch', () => {
  fc.assert(fc.property(fc.array(branch, { maxLength: 4 }), (branches) => {
    const merged = mergeRows(branches.map(rowsOf));
    const found = Array.from({ length: merged.batch.length }, (_, row): Row => ({
      released: merged.released[row]!, time: merged.time[row]!,
      text: cell(merged.batch.columns[0]!, row) as string | null, whole: cell(merged.batch.columns[1]!, row) as Int64 | null,
    }));
    // Sorting is stable, and branches stand one after the other.
    const expected = branches.flat().map((row) => ({ ...row })).sort((a, b) => a.released - b.released || (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    assert.deepEqual(found, expected);
  }));
});
