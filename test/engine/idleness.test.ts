/** Partitions that fall silent, by the clock that the journal's steps have: the same however often the run stops or how its rows are cut. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Int64Column } from '../../src/core/batch.js';
import type { StepRecord } from '../../src/core/step.js';
import { Engine } from '../../src/engine/engine.js';
import { planSql } from '../../src/sql/planner.js';

const partitions = 3;
const sql = `
SET 'table.exec.source.idle-timeout' = '10 s';
CREATE TABLE t (id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
SELECT window_start, COUNT(*), SUM(id) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;`;

/** Rows of a partition, by their event times in ms. */
interface Slice {
  readonly partition: number;
  readonly times: readonly number[];
}

interface Tick {
  /** Milliseconds since the step before. */
  readonly after: number;
  readonly resumed: boolean;
  readonly slices: readonly Slice[];
}

const column = (values: readonly number[]): Int64Column => ({ storage: 'int64', values: Float64Array.from(values), nulls: null });

function newEngine(): Engine {
  const hash = (...chunks: readonly Uint8Array[]): Uint8Array => chunks.reduce((sum, chunk) => sum.update(chunk), createHash('sha256')).digest();
  return new Engine(planSql(sql), { lane: 0, partitions: [partitions], hash, withholdBefore: null, strict: false });
}

/** Makes the steps; `cut`: rows that are fed at once. */
function run(ticks: readonly Tick[], cut = Infinity, restored = false): StepRecord[] {
  let engine = newEngine();
  let now = 1000;
  const next = new Float64Array(partitions);
  return ticks.map(({ after, resumed, slices }, index) => {
    now += after;
    engine.tick(now, resumed || index === 0);
    for (const { partition, times } of slices) {
      const from = next[partition]!;
      next[partition] = from + times.length;
      const { batch } = engine.scan(0, partition, { batch: { length: times.length, columns: [column(times), column(times)] }, position: from, positions: null, watermarks: null });
      for (let row = 0; row < times.length; row += cut) engine.feed({ batch, from: row, to: Math.min(row + cut, times.length) });
    }
    const { record } = engine.close({ end: index === ticks.length - 1 });
    if (restored) {
      const state = engine.snapshot();
      engine = newEngine();
      engine.restore(state);
    }
    return record;
  });
}

const ticksOf: fc.Arbitrary<Tick[]> = fc.array(fc.record({
  after: fc.nat(12_000), resumed: fc.constantFrom(false, false, false, true),
  slices: fc.array(fc.record({ partition: fc.nat(partitions - 1), times: fc.array(fc.nat(60_000), { minLength: 1, maxLength: 5 }) }), { maxLength: 3 }),
}), { minLength: 1, maxLength: 20 });

test('a run that is stopped after each step and goes on from its state has the same digests', () => {
  fc.assert(fc.property(ticksOf, (ticks) => { assert.deepEqual(run(ticks, Infinity, true), run(ticks)); }));
});

test('how rows are cut does not matter', () => {
  fc.assert(fc.property(ticksOf, fc.integer({ min: 1, max: 3 }), (ticks, cut) => { assert.deepEqual(run(ticks, cut), run(ticks)); }));
});

const all = (time: number): Slice[] => [0, 1, 2].map((partition) => ({ partition, times: [time] }));
const rows = (records: readonly StepRecord[]): number[] => records.map(({ outputRows }) => outputRows[0]!);

test('a silent partition holds the watermark back until its time-out, and no longer', () => {
  const first: Tick = { after: 0, resumed: true, slices: all(1000) };
  const others = (after: number): Tick => ({ after, resumed: false, slices: [{ partition: 0, times: [20_000] }, { partition: 1, times: [20_000] }] });
  const silence = (after: number): Tick => ({ after, resumed: false, slices: [] });
  assert.deepEqual(rows(run([first, others(5000), silence(4999), silence(1), silence(0)])), [0, 0, 0, 1, 2]);
});

test('who listens again gives silence its whole time-out, however long nobody listened', () => {
  const first: Tick = { after: 0, resumed: true, slices: all(1000) };
  const others = (after: number, resumed: boolean): Tick => ({ after, resumed, slices: [{ partition: 0, times: [20_000] }, { partition: 1, times: [20_000] }] });
  const silence = (after: number): Tick => ({ after, resumed: false, slices: [] });
  assert.deepEqual(rows(run([first, others(3_600_000, true), others(1000, false), silence(8999), silence(1), silence(0)])), [0, 0, 0, 0, 1, 2]);
});

test('where all partitions are silent, the watermark stays', () => {
  assert.deepEqual(rows(run([{ after: 0, resumed: true, slices: all(8000) }, { after: 60_000, resumed: false, slices: [] }, { after: 0, resumed: false, slices: [] }])), [0, 0, 1]);
});

test('a partition that comes back behind the others does not take the watermark back', () => {
  const records = run([
    { after: 0, resumed: true, slices: all(1000) },
    { after: 5000, resumed: false, slices: [{ partition: 0, times: [21_000] }, { partition: 1, times: [21_000] }] },
    { after: 5000, resumed: false, slices: [] },
    { after: 1000, resumed: false, slices: [{ partition: 2, times: [2000, 6000, 23_000] }] },
    { after: 0, resumed: false, slices: [] },
  ]);
  assert.deepEqual(rows(records), [0, 0, 1, 1, 2], 'what is late stays out of the window that has fired');
});

test('no time-out: a silent partition holds for ever', () => {
  assert.throws(() => planSql("SET 'table.exec.source.idle-timeout' = 'soon'; CREATE TABLE t (a INT); SELECT a FROM t;"), /'soon' is no time-out/);
});
