/** The meter of a live run: what it makes of steps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CommittedStep } from '../../src/live/lane.js';
import { WallClock } from '../../src/live/meter-clock.js';
import { StatusTaker } from '../../src/live/meter-status.js';
import { LiveMeter } from '../../src/live/meter.js';
import { planTexts } from '../../src/runtime/pipeline.js';

const pipeline = planTexts({
  name: 'x', scenario: null, expect: { outputs: [], lateMax: null, rejectedMax: null },
  sql: [{ path: 'x.sql', text: `CREATE TABLE ticks (symbol STRING, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka', 'topic' = 'ticks');
CREATE TABLE out_rows (symbol STRING) WITH ('connector' = 'kafka', 'topic' = 'out'); INSERT INTO out_rows SELECT symbol FROM ticks;` }],
});

interface StepParts {
  /** Sent so many milliseconds before they came in. */
  readonly sent: readonly number[];
  readonly at: number;
  readonly begun: number;
  readonly applied: number;
  readonly committed: number;
  readonly offset?: number;
}

/** Times are milliseconds from now on. */
function stepOf({ sent, at, begun, applied, committed, offset = 0 }: StepParts, now: number): CommittedStep {
  // The greatest of some: between the two clocks of one reading a busy machine may do something else.
  const wall = Math.max(...Array.from({ length: 5 }, () => Date.now() - performance.now()));
  const records = sent.map((before, index) => ({ offset: offset + index, key: null, value: null, timestamp: Math.floor(now + at + wall - before) }));
  const result = { late: [], deadLetters: [], outputs: [{ table: 0, batch: { length: 2, columns: [] } }], endedBeyond: new Set<number>() };
  const record = { watermarks: [[5, null]] };
  return { pieces: [{ input: 0, partition: 0, records, at: now + at }], fed: [], rejected: [], result, record, times: { begun: now + begun, applied: now + applied, committed: now + committed } } as unknown as CommittedStep;
}

test('a row counts from its send to the fetch, the output and the commit of its step', () => {
  const meter = new LiveMeter(pipeline, 0);
  meter.phase(0, 'taken', -1);
  meter.onTaken(0, [{ topic: 'ticks', partition: 3, offset: 0 }]);
  meter.onStep(0, stepOf({ sent: [10, 10, 30], at: 0, begun: 2, applied: 7, committed: 27 }, performance.now()));
  const { recent } = meter;
  const near = (value: number | undefined, wanted: number): void => assert.ok(value !== undefined && Math.abs(value - wanted) < 3, `${value} for ${wanted}`);
  near(recent.get('fetch')?.p50, 10);
  near(recent.get('fetch')?.max, 30);
  near(recent.get('output')?.max, 7);
  near(recent.get('commit')?.max, 20);
  near(recent.get('total')?.max, 57);
  assert.equal(recent.get('total')?.count, 3);
  assert.deepEqual(meter.lanes[0]!.positions, [{ topic: 'ticks', partition: 3, offset: 3 }]);
  assert.deepEqual([...meter.consumed], [['ticks/3', 3]]);
  assert.equal(meter.lanes[0]!.watermark, null);
  assert.deepEqual(meter.totals.outputRows, [2]);
});

test('rows that were sent before the group first ran are counted apart', () => {
  const now = performance.now();
  const meter = new LiveMeter(pipeline, Date.now() - 5000);
  meter.onTaken(0, [{ topic: 'ticks', partition: 0, offset: 0 }]);
  meter.onStep(0, stepOf({ sent: [60_000, 60_000, 100], at: 0, begun: 1, applied: 2, committed: 3 }, now));
  const { rows, backlog, latencies } = meter.takeInterval();
  assert.deepEqual([rows, backlog, latencies.percentiles('total')!.count], [3, 2, 1]);
});

test('what waited while a step was made and is in the next one is backpressure only where it was there before that step began', () => {
  const now = performance.now();
  const meter = new LiveMeter(pipeline, 0);
  const { onLatency } = meter;
  meter.onLatency = onLatency;
  meter.onTaken(0, [{ topic: 'ticks', partition: 0, offset: 0 }]);
  const pressed = (): number => Math.round(meter.lanes[0]!.backpressureMillis);
  meter.onStep(0, stepOf({ sent: [1], at: 5, begun: 10, applied: 20, committed: 30 }, now));
  // Came in while the step was made, and is in the next: that is how it should be.
  meter.onStep(0, stepOf({ sent: [1], at: 15, begun: 31, applied: 40, committed: 50 }, now));
  assert.equal(pressed(), 0);
  // Was there before the last step began: it did not fit.
  meter.onStep(0, stepOf({ sent: [1], at: 25, begun: 51, applied: 60, committed: 70 }, now));
  assert.equal(pressed(), 20);
});

test('lag is what the brokers have and nobody has taken; unknown until they have said', () => {
  const meter = new LiveMeter(pipeline, 0);
  meter.onTaken(0, [{ topic: 'ticks', partition: 0, offset: 40 }, { topic: 'ticks', partition: 1, offset: 10 }]);
  const brokers = { ends: new Map<string, number>() };
  const taker = new StatusTaker({ group: 'g', tables: ['out_rows'], meter, brokers });
  assert.equal(taker.take(0).lag, null);
  brokers.ends = new Map([['ticks/0', 100], ['ticks/1', 8]]);
  assert.equal(taker.take(0).lag, 60);
});

test('the clock is never further off than what the wall clock cuts off, also when it is set back', () => {
  fc.assert(fc.property(fc.array(fc.record({ passed: fc.double({ min: 0.01, max: 50, noNaN: true }), jump: fc.constantFrom(0, 0, 0, 0, -5000, 3000) }), { minLength: 1, maxLength: 200 }), (events) => {
    let steady = 0, wall = 1_000_000.3;
    const clock = new WallClock(() => Math.floor(wall), () => steady);
    for (const { passed, jump } of events) {
      steady += passed;
      wall += passed + jump;
      const error = clock.offset() + steady - wall;
      assert.ok(error <= 1e-6 + 2 && error >= -1 - 1e-6, `off by ${error}`);
    }
  }));
});
