/** Trading halts, by definition and by example. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { halts, type HaltRule } from '../../src/plan/halts.js';
import type { Pipeline } from '../../src/plan/plan.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline, type Entry, type RunOptions } from '../engine/run-engine.js';

const sql = (delay: number): string => `CREATE TABLE t (k STRING, anomaly STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '${delay}' SECOND);
  SELECT k, anomaly, ts FROM t;`;

/** The pipeline whose one output is the halts of t. */
function haltsOf(rules: readonly HaltRule[], delay = 0): Pipeline {
  const pipeline = planSql(sql(delay));
  const [statement] = pipeline.statements;
  const root = halts({ input: statement!.root, time: 2, keys: [0], anomaly: 1, rules, place: statement!.place });
  const sink = { ...statement!.sink, schema: root.schema };
  return { ...pipeline, sinks: [sink], statements: [{ ...statement!, sink, root }] };
}

const run = (rules: readonly HaltRule[], rows: readonly Entry[], delay = 0, options: RunOptions = {}) =>
  runPipeline(haltsOf(rules, delay), { t: rows }, options).outputs['query_1']!;

const spike: HaltRule = { anomaly: 'SPIKE', halt: 300, after: 300, quiet: 60 };
const fall: HaltRule = { anomaly: 'FALL', halt: 100, after: 500, quiet: 0 };

test('an anomaly halts its symbol, which resumes when its time has passed', () => {
  assert.deepEqual(run([spike], [{ k: 'a', anomaly: 'SPIKE', ts: 1000 }]), [['a', 1000, 'HALT', 'SPIKE', 1300], ['a', 1300, 'RESUME', 'SPIKE', null]]);
  assert.deepEqual(run([fall], [{ k: 'a', anomaly: 'FALL', ts: 1000 }]), [['a', 1000, 'HALT', 'FALL', 1100], ['a', 1500, 'RESUME', 'FALL', null]]);
});

test('a halt while halted moves its end; one that would end earlier says nothing', () => {
  const rows = [{ k: 'a', anomaly: 'SPIKE', ts: 1000 }, { k: 'a', anomaly: 'FALL', ts: 1100 }, { k: 'a', anomaly: 'SPIKE', ts: 1200 }];
  assert.deepEqual(run([spike, fall], rows), [['a', 1000, 'HALT', 'SPIKE', 1300], ['a', 1200, 'HALT', 'SPIKE', 1500], ['a', 1600, 'RESUME', 'SPIKE', null]]);
});

test('an anomaly of any type keeps a symbol from being quiet, but does not halt it', () => {
  const rows = [{ k: 'a', anomaly: 'ODD', ts: 900 }, { k: 'a', anomaly: 'SPIKE', ts: 1000 }, { k: 'a', anomaly: 'ODD', ts: 1290 }, { k: 'a', anomaly: null, ts: 1340 }];
  assert.deepEqual(run([spike], rows), [['a', 1000, 'HALT', 'SPIKE', 1300], ['a', 1350, 'RESUME', 'SPIKE', null]]);
});

test('an anomaly at the instant at which trading would resume comes first', () => {
  const at = (ts: number): Entry => ({ k: 'a', anomaly: 'SPIKE', ts });
  assert.deepEqual(run([spike], [at(1000), at(1300)]).map(([, time, action]) => [time, action]), [[1000, 'HALT'], [1300, 'HALT'], [1600, 'RESUME']]);
  assert.deepEqual(run([spike], [at(1000), at(1301)]).map(([, time, action]) => [time, action]), [[1000, 'HALT'], [1300, 'RESUME'], [1301, 'HALT'], [1601, 'RESUME']]);
});

test('trading resumes with the watermark, not before', () => {
  const rows: Entry[] = [{ k: 'a', anomaly: 'SPIKE', ts: 1000 }, { k: 'b', anomaly: null, ts: 1299 }];
  assert.equal(run([spike], rows, 0, { end: false }).length, 1);
  assert.equal(run([spike], [...rows, { k: 'b', anomaly: null, ts: 1300 }], 0, { end: false }).length, 2);
});

test('an anomaly that comes behind halts when it comes, and trading has resumed where its time is over', () => {
  const rows = [{ k: 'b', anomaly: null, ts: 2000 }, { k: 'a', anomaly: 'SPIKE', ts: 1000 }, { k: 'a', anomaly: 'SPIKE', ts: 1900 }, { k: 'b', anomaly: null, ts: 3000 }];
  assert.deepEqual(run([spike], rows), [
    ['a', 1000, 'HALT', 'SPIKE', 1300], ['a', 1300, 'RESUME', 'SPIKE', null], ['a', 1900, 'HALT', 'SPIKE', 2200], ['a', 2200, 'RESUME', 'SPIKE', null],
  ]);
});

const anomalies = fc.array(fc.record({
  k: fc.constantFrom('a', 'b', 'c', null), anomaly: fc.constantFrom('SPIKE', 'FALL', 'ODD', null), ts: fc.integer({ min: 0, max: 3000 }),
}), { maxLength: 40 });

/** What the policy says, told of all anomalies of one key at once. */
function byDefinition(rules: readonly HaltRule[], rows: readonly { readonly anomaly: string | null; readonly ts: number }[]): [number, string, number | null][] {
  const found: [number, string, number | null][] = [];
  const sorted = rows.filter(({ anomaly }) => anomaly !== null).sort((a, b) => a.ts - b.ts);
  let until: number | null = null;
  /** The anomalies that count for the halt under way. */
  let during: typeof sorted = [];
  const resume = (): number => {
    const own = during.flatMap(({ anomaly, ts }) => rules.filter((rule) => rule.anomaly === anomaly).map((rule) => ({ rule, ts })));
    return Math.max(until!, ...own.map(({ rule, ts }) => ts + rule.after), during.at(-1)!.ts + Math.max(...own.map(({ rule }) => rule.quiet)));
  };
  for (const row of sorted) {
    if (until !== null && resume() < row.ts) {
      found.push([resume(), 'RESUME', null]);
      until = null;
    }
    const rule = rules.find(({ anomaly }) => anomaly === row.anomaly);
    if (until === null) during = [];
    if (until === null && rule === undefined) continue;
    during.push(row);
    if (rule === undefined || (until !== null && row.ts + rule.halt <= until)) continue;
    until = row.ts + rule.halt;
    found.push([row.ts, 'HALT', until]);
  }
  if (until !== null) found.push([resume(), 'RESUME', null]);
  return found;
}

/** Law: what comes out is what the policy says of each key's anomalies in order of event time, however they arrive. */
test('halts are those of the definition, for any order of arrival, batches and restarts', () => {
  const quiet = fc.integer({ min: 0, max: 400 });
  const lengths = fc.record({ halt: fc.integer({ min: 1, max: 500 }), after: fc.integer({ min: 1, max: 500 }), quiet });
  fc.assert(fc.property(anomalies, lengths, lengths, fc.integer({ min: 1, max: 7 }), (rows, first, second, size) => {
    const rules = [{ anomaly: 'SPIKE', ...first }, { anomaly: 'FALL', ...second }];
    const found = run(rules, rows, 10, { batchRows: [size], stepEvery: 100, restoreEvery: 2, strings: 'recoded' });
    assert.deepEqual(run(rules, rows, 10), found);
    // Rows behind the watermark halt when they come: that too must not depend on batches.
    assert.deepEqual(run(rules, rows, 0, { batchRows: [size], stepEvery: 100, restoreEvery: 2 }), run(rules, rows));
    for (const key of ['a', 'b', 'c', null]) {
      const expected = byDefinition(rules, rows.filter(({ k }) => k === key));
      assert.deepEqual(found.filter(([k]) => k === key).map(([, time, action, , until]) => [time, action, until]), expected);
    }
    const order = found.map(([, time]) => time as number);
    assert.deepEqual(order, [...order].sort((a, b) => a - b));
  }), { numRuns: 300 });
});
