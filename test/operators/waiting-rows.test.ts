import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cell, type Batch, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { sqlType, timestampType } from '../../src/core/types.js';
import { KeyTable } from '../../src/operators/key-table.js';
import { WaitingRows } from '../../src/operators/waiting-rows.js';

const schema = [{ name: 'k', type: sqlType('STRING') }, { name: 'ts', type: timestampType(3) }, { name: 'x', type: sqlType('BIGINT') }];
const keys = ['b', 'a', null];

interface Row {
  readonly key: number;
  readonly time: number;
  readonly number: number;
}

function batchOf(rows: readonly Row[]): Batch {
  const reals = (values: number[], storage: 'real' | 'int64'): Column => ({ storage, values: Float64Array.from(values), nulls: null });
  return {
    length: rows.length,
    columns: [{ storage: 'text', values: rows.map(({ key }) => keys[key]!), dictionary: null }, reals(rows.map(({ time }) => time), 'real'), reals(rows.map(({ number }) => number), 'int64')],
  };
}

test('rows go by due, event time, key and arrival, and those behind with the next advance', () => {
  const acts = fc.array(fc.record({ key: fc.nat(2), time: fc.nat(20), count: fc.integer({ min: 1, max: 3 }), advance: fc.nat(6), restore: fc.boolean() }), { maxLength: 20 });
  fc.assert(fc.property(acts, (list) => {
    const table = new KeyTable(1);
    keys.forEach((key) => table.intern([key]));
    let waiting = new WaitingRows(schema);
    let model: (Row & { due: number })[] = [];
    let mark = 0;
    list.forEach(({ key, time, count, advance, restore }, act) => {
      const rows = Array.from({ length: count }, (_, index): Row => ({ key: (key + index) % 3, time, number: act * 10 + index }));
      const due = time > mark ? null : mark + 0.5;
      waiting.append(batchOf(rows), 0, rows.length, Float64Array.from(rows, (row) => row.time), Int32Array.from(rows, (row) => row.key), due);
      model.push(...rows.map((row) => ({ ...row, due: due ?? row.time })));
      if (restore) {
        const writer = new ByteWriter();
        waiting.snapshot(writer);
        waiting = new WaitingRows(schema);
        waiting.restore(new ByteReader(writer.toBytes()));
      }
      mark += advance;
      // What is settled ahead is what the release then lets go.
      const processed = new Float64Array(3).fill(-Infinity);
      waiting.settle(mark, processed);
      const rank = (id: number): number => table.ranks()[id]!;
      const expected = model.filter((row) => row.due <= mark).sort((a, b) => a.due - b.due || a.time - b.time || rank(a.key) - rank(b.key) || a.number - b.number);
      keys.forEach((_, id) => assert.equal(processed[id], Math.max(-Infinity, ...expected.filter((row) => row.key === id).map((row) => row.time))));
      const released = waiting.release(mark, table);
      const found = Array.from({ length: released?.length ?? 0 }, (_, row) => [cell(released!.columns[0]!, row), cell(released!.columns[1]!, row), cell(released!.columns[2]!, row), released!.due[row]]);
      assert.deepEqual(found, expected.map((row) => [keys[row.key], row.time, row.number, row.due]));
      model = model.filter((row) => row.due > mark);
      assert.equal(waiting.length, model.length);
    });
  }), { numRuns: 300 });
});
