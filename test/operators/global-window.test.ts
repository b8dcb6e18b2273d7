/** Global windows: what fires, with what in it, by definition and by example. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { globalWindow } from '../../src/plan/global-window.js';
import type { AggregateCall, Pipeline } from '../../src/plan/plan.js';
import type { TriggerSpec } from '../../src/plan/trigger.js';
import { explainTree } from '../../src/plan/explain.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline, runSql, type Entry, type RunOptions } from '../engine/run-engine.js';

const sql = (delay: number): string => `CREATE TABLE t (k STRING, x BIGINT, flag BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '${delay}' SECOND);
  SELECT k, x, flag, ts FROM t;`;

/** COUNT(*), SUM(x) and MAX(x) of t by k, as `trigger` says. */
function windowsOf(trigger: TriggerSpec, purges = true, delay = 0): Pipeline {
  const pipeline = planSql(sql(delay));
  const [statement] = pipeline.statements;
  const { place } = statement!;
  const call = (name: 'COUNT' | 'SUM' | 'MAX', argument: number | null): AggregateCall => ({ name, argument, distinct: false, filter: null, type: { kind: 'BIGINT', nullable: true }, place });
  const aggregates = [call('COUNT', null), call('SUM', 1), call('MAX', 1)];
  const root = globalWindow({ input: statement!.root, time: 3, keys: [0], aggregates, trigger, purges, place }, ['n', 'total', 'greatest']);
  const sink = { ...statement!.sink, schema: root.schema };
  return { ...pipeline, sinks: [sink], statements: [{ ...statement!, sink, root }] };
}

/** k, count, start, end, why. */
function run(pipeline: Pipeline, rows: readonly Entry[], options: RunOptions = {}) {
  const { outputs, late } = runPipeline(pipeline, { t: rows }, options);
  return { rows: outputs['query_1']!.map(([k, n, total, , start, end, , why]) => [k, n, total, start, end, why]), late: late.map(({ windowEnd, reason }) => [windowEnd, reason]) };
}

const at = (k: string, ts: number, flag = false): Entry => ({ k, x: 1, flag, ts });
const utc = (text: string): number => Date.parse(`${text}Z`);

test('at the open and the close of a venue, each with what came before it', () => {
  const trigger: TriggerSpec = { kind: 'calendar', venue: 'XNYS', at: ['open', 'close'] };
  const times = ['2026-03-06T13:00', '2026-03-06T14:29:59.999', '2026-03-06T14:30', '2026-03-06T18:00', '2026-03-06T21:00', '2026-03-09T13:29', '2026-03-09T13:30'].map(utc);
  // The clocks change over the weekend: Monday opens an hour earlier by UTC.
  assert.deepEqual(run(windowsOf(trigger), times.map((ts) => at('a', ts))).rows, [
    ['a', 2, 2, times[0]!, utc('2026-03-06T14:30'), 'OPEN'], ['a', 2, 2, times[2]!, utc('2026-03-06T21:00'), 'CLOSE'],
    ['a', 2, 2, times[4]!, utc('2026-03-09T13:30'), 'OPEN'], ['a', 1, 1, times[6]!, utc('2026-03-09T20:00'), 'CLOSE'],
  ]);
});

test('the venue may be a column, and holidays and half days are its own', () => {
  const trigger: TriggerSpec = { kind: 'calendar', venue: { column: 0 }, at: ['close'] };
  const day = utc('2026-12-24T08:30');
  assert.deepEqual(run(windowsOf(trigger), [at('XLON', day), at('XNAS', day), at('24/7', day)]).rows, [
    ['XLON', 1, 1, day, utc('2026-12-24T12:30'), 'CLOSE'], ['XNAS', 1, 1, day, utc('2026-12-24T18:00'), 'CLOSE'],
  ]);
});

test('a calendar without the date stops the run and says which it has', () => {
  const trigger: TriggerSpec = { kind: 'calendar', venue: 'XTKS', at: ['open'] };
  assert.throws(() => run(windowsOf(trigger), [at('a', utc('1999-12-30T00:00'))]), (error: unknown) => error instanceof TapewrightError && error.code === 'CALENDAR_MISSING' && /XTKS does not have 1999-12-30: it has the years 2000 to 2030/.test(error.message));
  assert.throws(() => run(windowsOf({ ...trigger, venue: 'XTKX' }), []), /there is no calendar 'XTKX'; did you mean XTKS\?/);
});

test('with every so many rows, with a row that says so, at intervals: whichever comes first', () => {
  assert.deepEqual(run(windowsOf({ kind: 'rows', rows: 2 }), [1, 2, 3, 4, 5].map((ts) => at('a', ts))).rows, [['a', 2, 2, 1, 3, 'ROWS'], ['a', 2, 2, 3, 5, 'ROWS']]);
  const halts: TriggerSpec = { kind: 'condition', column: 2, says: 'HALT' };
  assert.deepEqual(run(windowsOf(halts), [at('a', 1), at('b', 2), at('a', 3, true), at('a', 4)]).rows, [['a', 2, 2, 1, 4, 'HALT']]);
  const any: TriggerSpec = { kind: 'any', of: [halts, { kind: 'interval', every: 10 }] };
  assert.deepEqual(run(windowsOf(any), [at('a', 1), at('a', 3, true), at('a', 9), at('a', 10), at('a', 31)]).rows, [
    ['a', 2, 2, 1, 4, 'HALT'], ['a', 1, 1, 9, 10, 'INTERVAL'], ['a', 1, 1, 10, 20, 'INTERVAL'], ['a', 1, 1, 31, 40, 'INTERVAL'],
  ]);
});

test('a window that is not emptied speaks of its rows again, when there is something new', () => {
  assert.deepEqual(run(windowsOf({ kind: 'interval', every: 10 }, false), [at('a', 1), at('a', 12), at('b', 45)]).rows, [
    ['a', 1, 1, 1, 10, 'INTERVAL'], ['a', 2, 2, 1, 20, 'INTERVAL'], ['b', 1, 1, 45, 50, 'INTERVAL'],
  ]);
});

test('a row is late for a window that a later firing has emptied, not as such', () => {
  const rows = [at('a', 5), at('b', 30), at('a', 9), at('a', 25), at('b', 50)];
  assert.deepEqual(run(windowsOf({ kind: 'interval', every: 10 }), rows), {
    rows: [['a', 1, 1, 5, 10, 'INTERVAL'], ['a', 1, 1, 25, 30, 'INTERVAL'], ['b', 1, 1, 30, 40, 'INTERVAL'], ['b', 1, 1, 50, 60, 'INTERVAL']],
    late: [[10, 'the window has fired']],
  });
});

test("a trigger of the user's keeps its numbers and its timers", () => {
  /** Fires a while after the first row, and at once when x has grown by as much. */
  const patient: TriggerSpec = {
    kind: 'custom', name: 'patient', owner: 'test', stateSize: 2, columns: [{ name: 'x', column: 1 }],
    create: () => ({
      onRow: ({ time, value }, { state, wakeAt }) => {
        if (state[0] === 0) wakeAt(time + 100);
        state[0]! += 1;
        state[1]! += Number(value('x'));
        if (state[1]! < 10) return null;
        state.fill(0);
        return 'ENOUGH';
      },
      onTime: (_, { state }) => {
        state.fill(0);
        return 'WAITED';
      },
    }),
  };
  const rows = [{ k: 'a', x: 3, flag: null, ts: 0 }, { k: 'a', x: 4, flag: null, ts: 50 }, { k: 'a', x: 9, flag: null, ts: 200 }, { k: 'a', x: 1, flag: null, ts: 201 }];
  const expected = [['a', 2, 7, 0, 100, 'WAITED'], ['a', 2, 10, 200, 202, 'ENOUGH']];
  assert.deepEqual(run(windowsOf(patient), rows).rows, expected);
  assert.deepEqual(run(windowsOf(patient), rows, { stepEvery: 10, restoreEvery: 1, batchRows: [1] }).rows, expected);
});

test('explain says what fires', () => {
  const trigger: TriggerSpec = { kind: 'any', of: [{ kind: 'calendar', venue: { column: 0 }, at: ['open', 'close'] }, { kind: 'condition', column: 2, says: 'HALT' }] };
  assert.match(explainTree(windowsOf(trigger)), /global-window CALENDAR k OPEN, CLOSE OR WHERE flag on ts\n +keys: k\n +aggregates: COUNT\(\*\), SUM\(x\), MAX\(x\)/);
});

const rows = fc.array(fc.record({
  k: fc.constantFrom('a', 'b', null), x: fc.integer({ min: -5, max: 5 }), flag: fc.constantFrom(true, false, false, null), ts: fc.integer({ min: 0, max: 400 }),
}), { maxLength: 40 });

/** Law: at intervals alone a global window is a tumbling one. */
test('emptied at intervals, it gives what TUMBLE gives', () => {
  fc.assert(fc.property(rows, fc.integer({ min: 1, max: 5 }), (entries, size) => {
    const tumbling = runSql(`${sql(1).split('SELECT')[0]!}
      SELECT k, COUNT(*), SUM(x), MAX(x), window_end FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '0.020' SECOND)) GROUP BY k, window_start, window_end;`, { t: entries });
    const found = runPipeline(windowsOf({ kind: 'interval', every: 20 }, true, 1), { t: entries }, { batchRows: [size], stepEvery: 30, restoreEvery: 2 });
    assert.deepEqual(found.outputs['query_1']!.map(([k, n, total, greatest, , end]) => [k, n, total, greatest, end]), tumbling.outputs['query_1']);
  }), { numRuns: 200 });
});

const triggers: fc.Arbitrary<TriggerSpec> = fc.uniqueArray(fc.constantFrom<TriggerSpec>(
  { kind: 'rows', rows: 3 }, { kind: 'interval', every: 50 }, { kind: 'condition', column: 2, says: 'FLAG' },
), { minLength: 1, maxLength: 3 }).map((of) => (of.length === 1 ? of[0]! : { kind: 'any', of }));

/** Law: neither batches nor a restart change what fires, late rows or not; nor, where none is behind, does arrival but for ties. */
test('what fires does not depend on batches, restarts or arrival', () => {
  fc.assert(fc.property(rows, triggers, fc.boolean(), fc.integer({ min: 1, max: 5 }), (entries, trigger, purges, size) => {
    for (const delay of [0, 1]) {
      const whole = run(windowsOf(trigger, purges, delay), entries);
      assert.deepEqual(run(windowsOf(trigger, purges, delay), entries, { batchRows: [size], stepEvery: 30, restoreEvery: 2, strings: 'recoded' }), whole);
    }
    const sorted = entries.map((entry, index) => ({ entry, index })).sort((a, b) => a.entry.ts - b.entry.ts || a.index - b.index).map(({ entry }) => entry);
    assert.deepEqual(run(windowsOf(trigger, purges, 1), sorted).rows, run(windowsOf(trigger, purges, 1), entries).rows);
  }), { numRuns: 200 });
});

/** Law: every row is in one firing, is late, or waits in a window that has not fired. */
test('emptied windows count every row once', () => {
  fc.assert(fc.property(rows, (entries) => {
    const found = run(windowsOf({ kind: 'any', of: [{ kind: 'interval', every: 50 }, { kind: 'condition', column: 2, says: 'FLAG' }] }), entries);
    assert.equal(found.rows.reduce((sum, [, count]) => sum + (count as number), 0) + found.late.length, entries.length);
  }), { numRuns: 200 });
});
