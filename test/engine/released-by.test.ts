/** Each row of an output can say which row of the input let it go. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf, cell } from '../../src/core/batch.js';
import { Engine } from '../../src/engine/engine.js';
import { planSql } from '../../src/sql/planner.js';

const sql = `CREATE TABLE ticks (price BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND) WITH ('connector' = 'x');
CREATE TABLE dear (price BIGINT, event_time TIMESTAMP(3)) WITH ('connector' = 'x');
CREATE TABLE sums (window_end TIMESTAMP(3), total BIGINT) WITH ('connector' = 'x');
INSERT INTO dear SELECT price, event_time FROM ticks WHERE price > 50;
INSERT INTO sums SELECT window_end, SUM(price) FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;`;

interface Tick {
  readonly price: number;
  readonly time: number;
  readonly partition: number;
}

interface Released {
  readonly table: number;
  readonly first: number;
  readonly partition: number;
  readonly position: number;
}

/** Rows of two partitions, fed in parts of so many rows, a step after every third part. Positions are tens. */
function run(ticks: readonly Tick[], parts: readonly number[]): Released[] {
  const engine = new Engine(planSql(sql), { lane: 0, partitions: [2], hash: (...chunks) => chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest(), withholdBefore: null, strict: false, releasedBy: true });
  const found: Released[] = [];
  const seen = [0, 0];
  const close = (end: boolean): void => {
    for (const { table, batch, releasedBy } of engine.close({ end }).outputs) {
      for (let row = 0; row < batch.length; row += 1) {
        const input = releasedBy!.inputs[row]!;
        found.push({ table, first: Number(cell(batch.columns[0]!, row)), partition: input < 0 ? -1 : releasedBy!.partitions[row]!, position: input < 0 ? -1 : releasedBy!.positions[row]! });
      }
    }
  };
  for (let from = 0, part = 0; from < ticks.length; part += 1) {
    const { partition } = ticks[from]!;
    let to = from + 1;
    while (to < ticks.length && to - from < parts[part % parts.length]! && ticks[to]!.partition === partition) to += 1;
    const rows = ticks.slice(from, to);
    const positions = Float64Array.from(rows, () => 10 * (seen[partition]! += 1));
    const { batch } = engine.scan(0, partition, { position: 0, positions, batch: batchOf(rows.length, [
      { storage: 'int64', values: Float64Array.from(rows, ({ price }) => price), nulls: null }, { storage: 'real', values: Float64Array.from(rows, ({ time }) => time), nulls: null },
    ]) } as never);
    engine.feed({ batch, from: 0, to: rows.length });
    from = to;
    if (part % 3 === 2) close(false);
  }
  close(true);
  return found;
}

const ticks = fc.array(fc.record({ price: fc.integer({ min: 0, max: 100 }), time: fc.integer({ min: 0, max: 40_000 }), partition: fc.integer({ min: 0, max: 1 }) }), { maxLength: 60 });

test('however rows are cut, an output row names the same row of the input; of a filter, the row itself', () => {
  fc.assert(fc.property(ticks, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (all, parts) => {
    const byTable = (found: readonly Released[]): Released[][] => [0, 1].map((table) => found.filter((one) => one.table === table));
    const [dear, sums] = byTable(run(all, parts));
    assert.deepEqual([dear, sums], byTable(run(all, [1])));
    const counts = [0, 0];
    assert.deepEqual(dear, all.flatMap(({ price, partition }) => {
      counts[partition]! += 1;
      return price > 50 ? [{ table: 0, first: price, partition, position: 10 * counts[partition]! }] : [];
    }));
  }));
});

test('a window names the row that moved the watermark over its end, whichever partition it was of; what the end fires names none', () => {
  const at = (price: number, seconds: number, partition: number): Tick => ({ price, time: seconds * 1000, partition });
  const sums = run([at(1, 1, 0), at(2, 2, 1), at(3, 9, 0), at(4, 6, 1), at(5, 8, 1)], [100]).filter(({ table }) => table === 1);
  assert.deepEqual(sums, [{ table: 1, first: 5000, partition: 1, position: 30 }, { table: 1, first: 10_000, partition: -1, position: -1 }]);
});

test('what a step forgets it forgets with what let it go: history before a live run may be long', () => {
  const engine = new Engine(planSql(sql), { lane: 0, partitions: [1], hash: (...chunks) => chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest(), withholdBefore: null, strict: false, releasedBy: true });
  const feed = (price: number, time: number, position: number): void => {
    const columns = [price, time].map((value, index) => ({ storage: index === 0 ? 'int64' as const : 'real' as const, values: Float64Array.of(value), nulls: null }));
    engine.feed({ batch: engine.scan(0, 0, { batch: batchOf(1, columns), position, positions: null, watermarks: null }).batch, from: 0, to: 1 });
  };
  feed(60, 1000, 0);
  engine.forget();
  feed(70, 2000, 1);
  assert.deepEqual(engine.close({ end: false }).outputs.map(({ batch, releasedBy }) => [cell(batch.columns[0]!, 0), ...releasedBy!.positions]), [[70, 1]]);
});
