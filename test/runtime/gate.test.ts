/** Rows held back by --max-ahead, across batches, stops and spans. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { batchOf, type Batch } from '../../src/core/batch.js';
import type { ScanBatch } from '../../src/engine/scan-batch.js';
import { positionOf } from '../../src/engine/scan-batch.js';
import { defaultParameters, type ReplayResult, type RunParameters } from '../../src/runtime/options.js';
import { Gate, type GateOptions } from '../../src/runtime/gate.js';
import { runReplay } from '../../src/runtime/replay.js';
import { queryBundle } from '../../src/sinks/query.js';
import { directoryFor } from '../stores/directory.js';
import { writeText } from '../sources/files.js';

const day = 86_400_000;
const options: GateOptions = { from: null, to: null, maxAhead: 1000, start: null };

function scanned(times: readonly number[], position: number): ScanBatch {
  const time = Float64Array.from(times);
  const batch: Batch = batchOf(times.length, [{ storage: 'real', values: time, nulls: null }]);
  return { input: 0, partition: 0, batch, time, greatest: Math.max(...times), marks: time, delay: 0, marksBefore: [], position, positions: null };
}

/** What a gate lets through of `times` cut into batches, and what it rejects: positions. */
function judged(times: readonly number[], sizes: readonly number[], asked: GateOptions = options): { used: number[]; rejected: number[] } {
  const gate = new Gate(asked, -Infinity);
  const used: number[] = [], rejected: number[] = [];
  for (let at = 0, cut = 0; at < times.length; cut += 1) {
    const size = sizes[cut % sizes.length]!;
    const passed = gate.pass(scanned(times.slice(at, at + size), at));
    for (const batch of passed.batches) for (let row = 0; row < batch.batch.length; row += 1) used.push(positionOf(batch, row));
    rejected.push(...passed.rejected.map(({ position }) => position));
    at += size;
  }
  rejected.push(...gate.finish().map(({ position }) => position));
  return { used, rejected };
}

/** The rule, word for word: a row too far ahead is used if the next one is too far ahead as well. */
function rule(times: readonly number[], start: number | null): { used: number[]; rejected: number[] } {
  const used: number[] = [], rejected: number[] = [];
  let greatest = -Infinity;
  const isAhead = (time: number) => time > (greatest > -Infinity ? greatest : (start ?? Infinity)) + 1000;
  for (let row = 0; row < times.length; row += 1) {
    const takes = isAhead(times[row]!) ? row + 1 < times.length && isAhead(times[row + 1]!) : true;
    // The row that bears another one out is used with it.
    const last = takes && isAhead(times[row]!) ? row + 1 : row;
    if (!takes) rejected.push(row);
    else for (; row <= last; row += 1) {
      used.push(row);
      greatest = Math.max(greatest, times[row]!);
    }
    if (takes) row -= 1;
  }
  return { used, rejected };
}

const times = fc.array(fc.constantFrom(0, 100, 900, 1900, 2500, 5000, day, day + 500, 2 * day), { maxLength: 20 });

test('the gate follows its rule, however rows are cut into batches', () => {
  fc.assert(fc.property(times, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), fc.constantFrom(null, 0, day), (list, sizes, start) => {
    assert.deepEqual(judged(list, sizes, { ...options, start }), rule(list, start));
  }), { numRuns: 500 });
});

test('a run with --max-ahead that was stopped and taken up again is one that never stopped', async (context) => {
  const directory = directoryFor(context);
  const sql = `CREATE TABLE ticks (price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka');
SELECT window_start, COUNT(*) AS n, SUM(price) AS total FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;`;
  const texts = { name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } };
  const told = async ({ directory: bundle, rows, late, rejected, outputs, remarks }: ReplayResult) => ({
    rows, late, rejected, outputs, remarks, letters: (await queryBundle(bundle, 'SELECT "position", error FROM dead_letters')).rows,
  });
  let runs = 0;
  // The second row of a gap is used because of the first, also when the run was stopped between them.
  const example: [number[], number, number] = [[0, day, 2 * day, 2 * day + 100], 2, 1];
  await fc.assert(fc.asyncProperty(times, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), async (list, stop, batchRows) => {
    runs += 1;
    const path = writeText(join(directory, `${runs}.jsonl`), `\n${list.map((event_time, price) => `${JSON.stringify({ price, event_time })}\n`).join('')}`);
    const parameters: RunParameters = { ...defaultParameters, stepEvery: 500, maxAhead: 1000, batchRows, bindings: { ticks: { given: path, base: '/', map: {} } } };
    const run = (name: string, stopAfterRows: number | null) => runReplay({ run: { kind: 'new', out: join(directory, `${name}-${runs}`), texts, parameters }, stopAfterRows, report: false });
    const whole = await told(await run('whole', null));
    const part = await run('part', stop);
    const resumed = part.status === 'complete' ? part : await runReplay({ run: { kind: 'resume', directory: part.directory }, stopAfterRows: null, report: false });
    assert.deepEqual(await told(resumed), whole);
  }), { numRuns: 8, examples: [example] });
});
