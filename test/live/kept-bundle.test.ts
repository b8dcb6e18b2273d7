/** The bundle of a live run, on a log in memory: what it proves, and what shows when it was changed. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { faults } from '../../src/core/faults.js';
import { sqlType } from '../../src/core/types.js';
import { makeBundle } from '../../src/live/kept-bundle.js';
import { KeptLane } from '../../src/live/kept-lane.js';
import type { LaneSpec } from '../../src/live/lane.js';
import { readSchemas } from '../../src/runtime/kept-input.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { ParquetOutput, joinSegments } from '../../src/sinks/parquet.js';
import { logWithTicks, quiet, runToEnd, specsOn, sqlOf } from './memory-run.js';

const texts = { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sqlOf() }], expect: { outputs: [], lateMax: null, rejectedMax: null } };

let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'tapewright-kept-')); });
after(() => rm(folder, { recursive: true, force: true }));

const keptIn = (path: string, { inputs, pipeline }: LaneSpec): Promise<KeptLane> => KeptLane.open(path, inputs, readSchemas(pipeline));

/** Two lanes that run to their end while they are kept. */
async function bundle(name: string): Promise<{ readonly directory: string; readonly digests: readonly string[] }> {
  const log = await logWithTicks(60, 2);
  const specOf = await specsOn(log);
  const lanes = [];
  const digests: string[] = [];
  for (const lane of [0, 1]) {
    const spec = specOf(lane);
    const kept = await keptIn(join(folder, `${name}-${lane}`), spec);
    await runToEnd(log, spec, { ...quiet, onStep: async (_, step) => {
      assert.ok(await kept.keep(step));
      digests[lane] = step.record.digest;
    } });
    lanes.push({ kept, inputs: spec.inputs });
  }
  const { directory } = await makeBundle({ texts, pipeline: specOf(0).pipeline, group: 'run', strict: false, lanes, out: join(folder, name), report: true });
  for (const { kept } of lanes) await kept.close();
  return { directory, digests };
}

test('its steps are those of the run, with messages that nobody can read, and it verifies', async () => {
  const { directory, digests } = await bundle('whole');
  const journal = (await readFile(join(directory, 'journal'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { lane: number; digest: string });
  assert.deepEqual([0, 1].map((own) => journal.filter(({ lane }) => lane === own).pop()!.digest), digests);
  const result = await verifyRun(directory);
  assert.equal(result.difference, null);
  assert.deepEqual(Object.keys(result.outputs), ['mean', 'high']);
  assert.match(await readFile(join(directory, 'report.html'), 'utf8'), /<html/);
});

test('verify finds an engine that computes otherwise, at the step, and input that was changed', async () => {
  const { directory } = await bundle('changed');
  faults.watermarkAhead = true;
  try {
    assert.match((await verifyRun(directory)).difference?.message ?? '', /^in step \d+ of lane 0 the watermarks differ/);
  } finally {
    faults.watermarkAhead = false;
  }
  const schema = [{ name: 'other', type: sqlType('INT') }];
  const output = await ParquetOutput.open(join(folder, 'scratch'), 'other', schema);
  await output.closeSegment();
  const other = join(folder, 'other.parquet');
  await joinSegments(join(folder, 'scratch'), 'other', schema, output.segments, other);
  await writeFile(join(directory, 'inputs', 'ticks.parquet'), await readFile(other));
  const { difference } = await verifyRun(directory);
  assert.equal(difference?.cause, 'data');
  assert.match(difference!.message, /^the data bound to ticks are not those of the run/);
});

test('a lane that is made again keeps what it lacks, once, and says when it began without', async () => {
  const log = await logWithTicks(60);
  const spec = (await specsOn(log))(0);
  const path = join(folder, 'again');
  const steps: Parameters<KeptLane['take']>[0][] = [];
  await runToEnd(log, spec, { ...quiet, onStep: (_, step) => { steps.push(step); } });
  assert.ok(steps.length > 4);
  const first = await keptIn(path, spec);
  for (const step of steps.slice(0, 2)) first.take(step);
  await first.sync();
  first.take(steps[2]!);
  // Killed: the third step was not durable.
  await first.close();
  const second = await keptIn(path, spec);
  assert.equal(second.seq, 2);
  assert.equal(second.take(steps[3]!), false);
  for (const step of steps) assert.equal(second.take(step), true);
  assert.equal(second.seq, steps.length);
  const { directory } = await makeBundle({ texts, pipeline: spec.pipeline, group: 'run', strict: false, lanes: [{ kept: second, inputs: spec.inputs }], out: join(folder, 'again-bundle'), report: false });
  await second.close();
  assert.equal((await verifyRun(directory)).equal, true);
});
