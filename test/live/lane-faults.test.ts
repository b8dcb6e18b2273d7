/**
 * Law: whatever becomes of commits, whoever dies when and whoever takes the lane meanwhile, what is committed is what a
 * calm run commits: all of it, once, in order; and the journal gives it again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faults } from '../../src/core/faults.js';
import { LiveLane, type LaneEvents, type LaneSpec } from '../../src/live/lane.js';
import { takeLane } from '../../src/live/take.js';
import type { CommitFault, MemoryLog } from './memory-log.js';
import { logWithTicks, outputsOf, quiet, runToEnd, specsOn } from './memory-run.js';

const rows = 50;

async function calm(): Promise<ReturnType<typeof outputsOf>> {
  const log = await logWithTicks(rows);
  await runToEnd(log, (await specsOn(log))(0));
  return outputsOf(log);
}

/** What goes wrong: the fates of the commits in turn, after how many events a process dies, and after how many a rival comes. */
interface Schedule {
  readonly commits: readonly CommitFault[];
  readonly kills: readonly number[];
  readonly rivals: readonly number[];
  readonly checkpointed: boolean;
}

const schedules: fc.Arbitrary<Schedule> = fc.record({
  commits: fc.array(fc.constantFrom<CommitFault>('none', 'none', 'applied-unanswered', 'lost', 'left-prepared', 'left-open'), { maxLength: 25 }),
  kills: fc.array(fc.nat(40), { maxLength: 4 }), rivals: fc.array(fc.nat(40), { maxLength: 3 }), checkpointed: fc.boolean(),
});

async function disturbed(log: MemoryLog, spec: LaneSpec, { commits, kills, rivals }: Schedule): Promise<void> {
  const fates = [...commits], deaths = [...kills], arrivals = [...rivals];
  log.fault = () => fates.shift() ?? 'none';
  const others: Promise<unknown>[] = [];
  let tillDeath = deaths.shift() ?? Infinity, tillRival = arrivals.shift() ?? Infinity;
  const events: LaneEvents = {
    ...quiet,
    phase: () => {
      tillRival -= 1;
      if (tillRival < 0) {
        tillRival = arrivals.shift() ?? Infinity;
        const stop = new AbortController();
        let left = 12;
        others.push(new LiveLane(log, spec, { ...quiet, phase: () => { if (--left < 0) stop.abort(); } }).run(stop.signal).catch(() => undefined));
      }
      tillDeath -= 1;
      if (tillDeath >= 0) return;
      tillDeath = deaths.shift() ?? Infinity;
      throw new Error('killed');
    },
  };
  await runToEnd(log, spec, events);
  await Promise.all(others);
}

async function holds(schedule: Schedule, expected: ReturnType<typeof outputsOf>): Promise<void> {
  const log = await logWithTicks(rows);
  const spec = (await specsOn(log, { checkpointEvery: schedule.checkpointed ? 0 : 1e9 }))(0);
  await disturbed(log, spec, schedule);
  assert.deepEqual(outputsOf(log), expected);
  // The journal alone gives the run again, digest by digest.
  log.fault = () => 'none';
  const again = await takeLane(log, { ...(await specsOn(log))(0) }, quiet);
  assert.equal(again.isEnded, true);
}

test('whatever faults there are, what is committed is what a calm run commits', async () => {
  const expected = await calm();
  assert.ok(expected['mean']![0]!.length > 4 && expected['high']![0]!.length > 10 && expected['run-dead-letters']![0]!.length > 1);
  await fc.assert(fc.asyncProperty(schedules, (schedule) => holds(schedule, expected)), { numRuns: 25 });
});

test('the law fails where a step is sent again before the journal is asked', async () => {
  const expected = await calm();
  faults.resentUnasked = true;
  try {
    await assert.rejects(fc.assert(fc.asyncProperty(schedules, (schedule) => holds(schedule, expected)), { numRuns: 60, seed: 1, endOnFailure: true }));
  } finally {
    faults.resentUnasked = false;
  }
});
