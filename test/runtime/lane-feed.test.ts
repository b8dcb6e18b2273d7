/** Steps that are full: neither bad rows nor an event time that stands still fills the memory, and steps are cut the same whatever the batches. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { continued, runUntil } from '../laws/support/laws.js';
import { sameRun } from '../laws/support/compare.js';
import { tableFields } from '../laws/support/query.js';
import { randomCases, type Case } from '../laws/support/random-pipelines.js';
import { run } from '../laws/support/run.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { readJournal } from '../../src/stores/journal.js';
import { directoryFor } from '../stores/directory.js';
import { writeText } from '../sources/files.js';

const rowtime = tableFields.length - 1;

/** Takes the event time from many rows, often from several in a row. */
const spoiled: fc.Arbitrary<Case> = fc.tuple(randomCases({ disorder: 'late' }), fc.array(fc.boolean(), { minLength: 1, maxLength: 12 })).map(([drawn, bad]) => ({
  ...drawn,
  tables: drawn.tables.map((rows) => rows.map((row, index) => (bad[index % bad.length]! ? row.map((cell, column) => (column === rowtime ? null : cell)) : row))),
}));
const most = fc.constantFrom(1, 2, 3, 5, 100);
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });

test('where steps end does not depend on batches, however few rows fill them', () => {
  let filled = 0;
  fc.assert(fc.property(spoiled, most, most, cuts, (drawn, rejectedMost, rowsMost, batchRows) => {
    const whole = run(drawn, { rejectedMost, rowsMost });
    sameRun(run(drawn, { rejectedMost, rowsMost, batchRows }), whole, true);
    const plain = run(drawn, {});
    assert.deepEqual([whole.outputs, whole.deadLetters.length], [plain.outputs, plain.deadLetters.length]);
    filled += whole.records.length - plain.records.length;
  }), { seed: 4096, numRuns: 60 });
  assert.ok(filled > 50, `${filled} steps were filled`);
});

test('a run that is taken up after a full step neither loses nor repeats a row', () => {
  fc.assert(fc.property(spoiled, most, most, fc.nat(30), cuts, (drawn, rejectedMost, rowsMost, stop, batchRows) => {
    const whole = run(drawn, { rejectedMost, rowsMost });
    const { durable } = runUntil(drawn, stop, null, { rejectedMost, rowsMost, batchRows }, 1);
    sameRun(continued(drawn, durable, { rejectedMost, rowsMost }), whole, true);
  }), { seed: 4096, numRuns: 40 });
});

test('a file of nothing but bad rows is kept step by step', async (context) => {
  const directory = directoryFor(context);
  const bad = Array.from({ length: 10_000 }, (_, row) => `A,${row},02.03.2026\n`).join('');
  const path = writeText(join(directory, 'ticks.csv'), `symbol,price,event_time\nA,1,2026-03-02 14:30:00\n${bad}A,2,2026-03-02 14:30:01\n`);
  const sql = `CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka'); SELECT symbol, price FROM ticks;`;
  const result = await runReplay({
    run: {
      kind: 'new', out: join(directory, 'run'), texts: { name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
      parameters: { ...defaultParameters, bindings: { ticks: { given: path, base: '/', map: {} } } },
    },
    stopAfterRows: null, report: false,
  });
  assert.deepEqual([result.rows, result.rejected, result.deadLetters, result.outputs['query_1']!.rows], [2, 10_000, 10_000, 2]);
  const steps: number[] = [];
  for await (const { record } of readJournal(join(directory, 'run', 'journal'))) steps.push(record.slices.reduce((sum, { rows }) => sum + rows, 0));
  assert.deepEqual(steps, [1, 0, 1]);
});
