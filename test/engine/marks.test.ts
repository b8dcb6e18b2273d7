/** SOURCE_WATERMARK(): watermarks that stand between the rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keptMarks } from '../../src/engine/scan.js';
import { marksIn } from '../../src/engine/scan-batch.js';
import { eventTimeMax, eventTimeMin, peaksOf } from '../../src/core/event-time.js';
import { Engine } from '../../src/engine/engine.js';
import { planSql } from '../../src/sql/planner.js';
import { runSql, type Entry } from './run-engine.js';

const table = (name: string, watermark = 'SOURCE_WATERMARK()') => `CREATE TABLE ${name} (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ${watermark});\n`;
const seconds = `SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;`;

test('a mark counts for the rows after it, however they are cut', () => {
  const rows: Entry[] = [{ ts: 100 }, { mark: 999 }, { ts: 200 }, { ts: 1500 }, { mark: 500 }, { ts: 1600 }, { mark: 1999 }];
  for (const batchRows of [[100], [1], [2, 1]]) {
    const { outputs, late } = runSql(table('t') + seconds, { t: rows }, { batchRows, end: false });
    assert.deepEqual(outputs['query_1'], [[0, 1], [1000, 2]]);
    assert.deepEqual(late.map(({ position, watermark }) => [position, watermark]), [[1, 999]]);
  }
});

test('a mark before the first row makes rows late', () => {
  const { outputs, late } = runSql(table('t') + seconds, { t: [{ mark: 5000 }, { ts: 4000 }, { ts: 6000 }] });
  assert.deepEqual(outputs['query_1'], [[6000, 1]]);
  assert.deepEqual(late.map(({ windowStart }) => windowStart), [4000]);
});

test('what a mark before the first row lets go is in time for the windows above', () => {
  const views = `CREATE VIEW v AS SELECT * FROM t UNION ALL SELECT * FROM u;
    CREATE VIEW s AS SELECT window_time AS at, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, window_time;
    SELECT window_start, COUNT(*), SUM(n) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(at), INTERVAL '2' SECOND)) GROUP BY window_start, window_end;`;
  // Table u holds the watermark back until its first row, before which it has a mark far ahead.
  const { outputs, late } = runSql(table('t') + table('u') + views, { t: [{ ts: 100 }, { mark: 9000 }, { ts: 9500 }], u: [{ mark: 9000 }, { ts: 9600 }] }, { end: false });
  assert.deepEqual(outputs['query_1'], [[0, 1, 1]]);
  assert.deepEqual(late, []);
});

test('marks are nothing to a table that says what its watermark is', () => {
  const engine = new Engine(planSql(table('t', "ts - INTERVAL '1' SECOND") + seconds), { lane: 0, partitions: [1], hash: () => new Uint8Array(32), withholdBefore: null, strict: false });
  const column = { storage: 'real' as const, values: Float64Array.of(5000, 6000), nulls: null };
  const read = { batch: { length: 2, columns: [column] }, position: 0, positions: null };
  const { batch } = engine.scan(0, 0, { ...read, watermarks: { before: 90_000, after: Float64Array.of(90_000, 90_000) } });
  assert.deepEqual([batch.marksBefore, [...marksIn(batch)]], [[], [4000, 5000]]);
});

test('where rows are left out, the marks among them stand before the next row', () => {
  const marks = { before: 1, after: Float64Array.of(2, 3, 4, 5, 6) };
  assert.deepEqual(keptMarks(marks, [0, 3]), { before: 1, after: Float64Array.of(2, 5), between: [{ row: 1, mark: 4 }] });
  assert.deepEqual(keptMarks(marks, [2, 3]), { before: 3, after: Float64Array.of(4, 5), between: [] });
  const once = keptMarks(marks, [0, 2, 4]);
  assert.deepEqual(keptMarks(once, [0, 2]), keptMarks(marks, [0, 4]), 'in two goes as in one');
});

test('so rows that cannot be used, and those of other lanes, do not bring cuts to light', () => {
  const entry = fc.oneof(fc.record({ ts: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 5000 }) }, fc.constant(null)) }), fc.record({ mark: fc.integer({ min: 0, max: 5000 }) }));
  fc.assert(fc.property(fc.array(entry as fc.Arbitrary<Entry>, { maxLength: 30 }), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), (rows, batchRows) => {
    const sql = `${table('t')} CREATE TABLE o (at TIMESTAMP(3), n BIGINT); INSERT INTO o SELECT ts, 0 FROM t; INSERT INTO o ${seconds}`;
    const [one, other] = [{}, { batchRows }].map((options) => {
      const { outputs, late, digests, records } = runSql(sql, { t: rows }, { stepEvery: 700, ...options });
      return { outputs, late, digests, records };
    });
    assert.deepEqual(other, one);
  }));
});

test('a watermark that is event time less an interval is the same as one that is computed', () => {
  const scanOf = (watermark: string, values: readonly (number | null)[], isTold = false) => {
    const engine = new Engine(planSql(table('t', watermark) + seconds), { lane: 0, partitions: [1], hash: () => new Uint8Array(32), withholdBefore: null, strict: false });
    const nulls = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;
    const column = { storage: 'real' as const, values: Float64Array.from(values, (value) => value ?? 0), nulls };
    const { batch, rejected } = engine.scan(0, 0, { batch: { length: values.length, columns: [column] }, position: 0, positions: null, watermarks: null, peaks: isTold && nulls === null ? peaksOf(column.values) : undefined });
    return { time: [...batch.time], marks: [...marksIn(batch)], greatest: batch.greatest, rejected: rejected.map(({ row, error }) => [row, error]), isWritten: batch.marks !== null };
  };
  const times = fc.oneof({ weight: 20, arbitrary: fc.nat(1e6) }, fc.constantFrom(eventTimeMin, eventTimeMin + 1500, eventTimeMax, eventTimeMax + 1, NaN, null));
  fc.assert(fc.property(fc.array(times, { maxLength: 8 }), (values) => {
    const { isWritten, ...delayed } = scanOf("ts - INTERVAL '1.5' SECOND", values);
    const { isWritten: other, ...computed } = scanOf("ts - INTERVAL '1' SECOND - INTERVAL '0.5' SECOND", values);
    assert.deepEqual(delayed, computed);
    assert.ok(other);
    // So it is where the reader has told the peaks.
    assert.deepEqual(scanOf("ts - INTERVAL '1.5' SECOND", values, true), { isWritten, ...delayed });
    assert.equal(isWritten, !values.every((value) => value !== null && value >= eventTimeMin + 1500 && value <= eventTimeMax));
  }));
});
