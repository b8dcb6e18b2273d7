/** Rows of transactions by table become rows by batch: those that the engine leaves out are in none of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ScanBatch } from '../../src/engine/scan-batch.js';
import { TransactedBuilder, type ScannedTable } from '../../src/runtime/transacted-builder.js';

interface Row {
  readonly table: number;
  /** Null: it cannot be used. */
  readonly time: number | null;
}

const row: fc.Arbitrary<Row> = fc.record({ table: fc.nat(2), time: fc.option(fc.nat(1000), { freq: 4 }) });

function scanned(times: readonly (number | null)[], first: number): ScannedTable | null {
  if (times.length === 0) return null;
  const kept = times.flatMap((time, index) => (time === null ? [] : [{ time, position: first + index }]));
  const isWhole = kept.length === times.length;
  const batch = { batch: { length: kept.length, columns: [] }, time: Float64Array.from(kept, ({ time }) => time), position: first, positions: isWhole ? null : Float64Array.from(kept, ({ position }) => position) };
  return { batch: batch as unknown as ScanBatch, first, length: times.length };
}

test('each transaction has those of its rows that can be used, in their order', () => {
  const builder = new TransactedBuilder();
  fc.assert(fc.property(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 9 }), fc.nat(50), (transactions, first) => {
    const tables: (number | null)[][] = [[], [], []];
    for (const rows of transactions) {
      for (const { table, time } of rows) builder.add(table, tables[table]!.push(time) - 1);
      builder.end();
    }
    const scans = tables.map((times) => scanned(times, first));
    const { batches, part, row: places, ends, times } = builder.take(scans);
    const found = Array.from(ends, (end, index) => Array.from(part.subarray(index === 0 ? 0 : ends[index - 1], end), (number, at) => {
      const place = places[(index === 0 ? 0 : ends[index - 1]!) + at]!;
      return { table: scans.findIndex((scan) => scan?.batch === batches[number]), time: batches[number]!.time[place]! };
    }));
    const expected = transactions.map((rows) => rows.flatMap(({ table, time }) => (time === null ? [] : [{ table, time }]))).filter(({ length }) => length > 0);
    assert.deepEqual(found, expected);
    assert.deepEqual([...times], expected.map((rows) => Math.max(...rows.map(({ time }) => time))));
  }), { numRuns: 200 });
});

test('there may be more rows than it began with room for', () => {
  const builder = new TransactedBuilder();
  const rows = Array.from({ length: 10_000 }, (_, index) => index);
  for (const index of rows) builder.add(0, index);
  builder.end();
  const { row: places, ends, times } = builder.take([scanned(rows, 0)]);
  assert.deepEqual([[...places], [...ends], [...times]], [rows, [10_000], [9999]]);
});

test('few rows behind many take little memory', () => {
  const builder = new TransactedBuilder();
  for (let row = 0; row < 100_000; row += 1) builder.add(0, row);
  builder.end();
  builder.take([scanned(new Array<number>(100_000).fill(0), 0)]);
  const bytes = Array.from({ length: 8 }, () => {
    builder.add(0, 0);
    builder.end();
    return builder.take([scanned([1], 0)]).part.buffer.byteLength;
  });
  assert.ok(bytes.at(-1)! <= 4 * 4096, `${bytes.join(', ')} bytes`);
});
