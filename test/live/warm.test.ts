/** A lane that is warmed from history puts out what one puts out that has always run. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { rerun } from '../../src/live/rerun.js';
import { readJournalTopic } from '../../src/live/journal-topic.js';
import { LaneFold } from '../../src/live/lane-fold.js';
import { sorted } from '../../src/live/take.js';
import { warmAgain } from '../../src/live/warm-up.js';
import { logWithTicks, outputsOf, quiet, runToEnd, specsOn, ticks } from './memory-run.js';

let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'tapewright-warm-')); });
after(() => rm(folder, { recursive: true, force: true }));

/** The first `count` ticks as a file. */
async function history(count: number): Promise<string> {
  const path = join(folder, `first-${count}.jsonl`);
  const lines = ticks(count, 0).map(({ value }) => value!.toString()).filter((text) => text.startsWith('{'));
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

const startAt = (offset: number) => ({ kind: 'offsets' as const, offsets: new Map([[0, offset]]) });

/** Rows of each output, of a run from `offset` on. */
async function outputs(offset: number, warmFrom: readonly string[]): Promise<Record<string, (string | null)[]>> {
  const log = await logWithTicks(60);
  const spec = (await specsOn(log, { start: startAt(offset), warmFrom }))(0);
  await runToEnd(log, spec, quiet);
  return Object.fromEntries(['mean', 'high'].map((topic) => [topic, outputsOf(log)[topic]![0]!]));
}

test('its outputs are the last ones of a run from the beginning, wherever it starts', async () => {
  const always = await outputs(0, []);
  // At each of these the ticks before are earlier than the first one after, though ticks come out of order.
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 18 }), async (third) => {
    const offset = 3 * third + 1;
    // A message that nobody can read has no event time to begin with.
    fc.pre(offset % 13 !== 5);
    const warm = await outputs(offset, [await history(offset)]);
    for (const [topic, rows] of Object.entries(warm)) assert.deepEqual(rows, always[topic]!.slice(always[topic]!.length - rows.length), topic);
    assert.ok(warm['mean']!.length > 0);
  }), { numRuns: 6 });
  assert.notDeepEqual((await outputs(25, []))['mean']![0], (await outputs(25, [await history(25)]))['mean']![0]);
});

test('step 0 of its journal is the warming, which comes again to the same digest, unless the history was changed', async () => {
  const log = await logWithTicks(60);
  const path = await history(31);
  const spec = (await specsOn(log, { start: startAt(31), warmFrom: [path] }))(0);
  await runToEnd(log, spec, quiet);
  const { start, steps } = sorted(await readJournalTopic(log, spec.topics.journal, 0, null, 1000), spec.topics.journal);
  assert.equal(start?.warm?.tables['ticks']?.cut, 'time');
  assert.deepEqual(steps[0]!.outputRows, [0, 0]);
  // Two of the 31 before cannot be read.
  assert.equal(steps[0]!.slices[0]!.rows, 29);
  const lane = { pipeline: spec.pipeline, inputs: spec.inputs, partitions: [1] };
  const fold = new LaneFold(spec);
  const { engine } = fold;
  const left = await warmAgain(lane, engine, start!, steps, null);
  assert.equal(engine.stepDigest, steps[0]!.digest);
  await rerun(log, spec.inputs, fold, [[31]], left);
  assert.equal(engine.stepDigest, steps[steps.length - 1]!.digest);
  await writeFile(path, '{"symbol":"S0","price":1,"event_time":"2026-03-02 14:30:00.000"}\n');
  await assert.rejects(warmAgain(lane, new LaneFold(spec).engine, start!, steps, null), { code: 'DATASET_CORRUPT', message: /has changed since .*bring back what it was/ });
});
