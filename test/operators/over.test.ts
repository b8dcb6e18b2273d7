/** OVER by example; the laws compare random ones with an oracle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DueRows } from '../../src/operators/due-rows.js';
import { runSql, type Entry, type RunOptions } from '../engine/run-engine.js';

const table = (delay = '') => `CREATE TABLE t (k STRING, x DOUBLE, n INT, b BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts${delay});\n`;
const over = (select: string, frame: string, rows: readonly Entry[], options: RunOptions = {}, delay = '') =>
  runSql(`${table(delay)} SELECT ${select} FROM t WINDOW w AS (${frame});`, { t: rows }, options);
const second = "ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW";
const perKey = `PARTITION BY k ${second}`;

test('RANGE: peers see each other, a row exactly as old as the frame is in it', () => {
  const rows = [{ x: 1, ts: 0 }, { x: 2, ts: 500 }, { x: 4, ts: 500 }, { x: 8, ts: 1000 }, { x: 16, ts: 1001 }];
  assert.deepEqual(over('x, SUM(x) OVER w', second, rows, {}, " - INTERVAL '1' SECOND").outputs['query_1'], [[1, 1], [2, 7], [4, 7], [8, 15], [16, 30]]);
});

test('ROWS: peers come one after the other, in the order of arrival', () => {
  const rows = [{ x: 1, ts: 0 }, { x: 2, ts: 0 }, { x: 4, ts: 0 }, { x: 8, ts: 9000 }];
  assert.deepEqual(over('SUM(x) OVER w', 'ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW', rows, {}, " - INTERVAL '1' SECOND").outputs['query_1'], [[1], [3], [6], [12]]);
});

test('rows leave in order of event time, then key, then arrival', () => {
  const rows = [{ k: 'b', x: 1, ts: 2 }, { k: 'a', x: 2, ts: 2 }, { k: null, x: 3, ts: 2 }, { k: 'a', x: 4, ts: 1 }, { k: 'a', x: 5, ts: 2 }];
  const { outputs } = over('k, x, COUNT(*) OVER w', perKey, rows, {}, " - INTERVAL '1' SECOND");
  assert.deepEqual(outputs['query_1'], [['a', 4, 1], [null, 3, 1], ['a', 2, 3], ['a', 5, 3], ['b', 1, 1]]);
});

test('a bounded frame judges lateness by the key: a quiet key may come later', () => {
  const rows = [{ k: 'a', x: 1, ts: 5000 }, { k: 'b', x: 2, ts: 3000 }, { k: 'a', x: 4, ts: 4000 }, { k: 'b', x: 8, ts: 3000 }, { k: 'a', x: 16, ts: 6000 }, { k: 'b', x: 32, ts: 3000 }];
  const { outputs, late } = over('k, SUM(x) OVER w', perKey, rows, { end: false });
  // Both peers of b waited for the next advance and see each other; the third comes after they were processed.
  assert.deepEqual(outputs['query_1'], [['a', 1], ['b', 10], ['b', 10], ['a', 17]]);
  assert.deepEqual(late.map(({ position, windowStart }) => [position, windowStart]), [[2, null], [5, null]]);
});

test('an unbounded frame takes nothing at or below the watermark', () => {
  const rows = [{ k: 'a', x: 1, ts: 5000 }, { k: 'b', x: 2, ts: 5000 }, { k: 'b', x: 4, ts: 5001 }];
  const { outputs, late } = over('k, SUM(x) OVER w', 'PARTITION BY k ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW', rows);
  assert.deepEqual(outputs['query_1'], [['a', 1], ['b', 4]]);
  assert.deepEqual(late.map(({ position }) => position), [1]);
});

test('what is behind and what is late do not depend on the cuts', () => {
  const row = fc.record({ k: fc.constantFrom('a', 'b', null), x: fc.integer({ min: -9, max: 9 }), ts: fc.integer({ min: 0, max: 3000 }) });
  fc.assert(fc.property(fc.array(row, { maxLength: 40 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), fc.constantFrom('', " - INTERVAL '1' SECOND"), (rows, batchRows, delay) => {
    const [one, other, restored] = [{}, { batchRows }, { batchRows, stepEvery: 500, restoreEvery: 1 }].map((options) => {
      const { outputs, late } = over('k, x, SUM(x) OVER w, COUNT(*) OVER w, MAX(x) OVER w, FIRST_VALUE(x) OVER w', perKey, rows, options, delay);
      return { outputs, late: late.map(({ position, watermark }) => [position, watermark]) };
    });
    assert.deepEqual(other, one);
    assert.deepEqual(restored, one);
  }));
});

test('LAG: the row before, and its default before there is one', () => {
  const rows = [{ x: 1, ts: 1 }, { x: 2, ts: 2 }, { x: null, ts: 3 }, { x: 8, ts: 4 }];
  assert.deepEqual(over('x, LAG(x) OVER w, LAG(x, 2, -1e0) OVER w', 'ORDER BY ts', rows).outputs['query_1'], [[1, null, -1], [2, 1, -1], [null, 2, 1], [8, null, 2]]);
});

test('integers beyond 2^53 may come and go', () => {
  const big = 2n ** 62n;
  const rows = [{ b: 5, ts: 0 }, { b: big, ts: 800 }, { b: null, ts: 900 }, { b: 7, ts: 1500 }, { b: 9, ts: 9000 }];
  const expected = [[5, 5, 5], [big, big + 5n, 5], [null, big + 5n, 5], [7, big + 7n, 7], [9, 9, 9]];
  for (const options of [{}, { batchRows: [1] }, { batchRows: [2], stepEvery: 100, restoreEvery: 1 }]) {
    assert.deepEqual(over('b, SUM(b) OVER w, MIN(b) OVER w', second, rows, options).outputs['query_1'], expected);
  }
});

test('a result that does not fit is a dead letter, for each of the peers, and the frame goes on', () => {
  const rows = [{ n: 2 ** 31 - 1, ts: 0 }, { n: 1, ts: 10 }, { n: 1, ts: 10 }, { n: 3, ts: 5000 }];
  const { outputs, deadLetters } = over('n, SUM(n) OVER w', second, rows, {}, " - INTERVAL '1' SECOND");
  assert.deepEqual(outputs['query_1'], [[2 ** 31 - 1, 2 ** 31 - 1], [3, 3]]);
  assert.deepEqual(deadLetters.map(({ eventTime }) => eventTime), [10, 10]);
});

test('many rows behind, and many peers that fail, are no burden', { timeout: 60_000 }, () => {
  const behind = Array.from({ length: 40_000 }, (_, row) => ({ k: `k${row % 10_000}`, x: row, ts: row % 4 === 0 ? Math.floor(row / 8) : Math.floor(row / 4) }));
  assert.ok(over('k, SUM(x) OVER w', perKey, behind, { batchRows: [16_384] }, " - INTERVAL '2' SECOND").outputs['query_1']!.length > 30_000);
  const failing = Array.from({ length: 40_000 }, () => ({ n: 2 ** 31 - 1, ts: 0 }));
  assert.equal(over('SUM(n) OVER w', second, failing, {}, " - INTERVAL '1' SECOND").deadLetters.length, 40_000);
});

test('due rows are taken with the least first, as far as the watermark goes', () => {
  fc.assert(fc.property(fc.array(fc.record({ due: fc.integer({ min: 0, max: 30 }), mark: fc.integer({ min: -1, max: 31 }) })), (acts) => {
    const rows = new DueRows();
    const model = new Map<number, number>();
    acts.forEach(({ due, mark }, row) => {
      rows.add(row, due);
      model.set(row, due);
      let last = -Infinity;
      for (let taken = rows.take(mark); taken >= 0; taken = rows.take(mark)) {
        assert.ok(model.get(taken)! >= last && model.get(taken)! <= mark);
        last = model.get(taken)!;
        model.delete(taken);
      }
      assert.ok([...model.values()].every((rest) => rest > mark));
    });
  }));
});
