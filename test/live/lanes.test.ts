/** Lanes of several processes on a log in memory. Law: whoever joins, leaves or dies when, outputs are there once, in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '../../src/core/errors.js';
import { assignLanes } from '../../src/live/lane-assigner.js';
import { LiveLane, type LaneSpec } from '../../src/live/lane.js';
import { runLanes } from '../../src/live/lanes.js';
import { fixedLanes, type Membership } from '../../src/live/membership.js';
import { takeLane } from '../../src/live/take.js';
import type { MemoryLog } from './memory-log.js';
import { logWithTicks, outputsOf, quiet, runToEnd, specsOn } from './memory-run.js';

const lanes = 3;
const rows = 30;

/** A process of the group: what it was given, and how it ends. */
class Process implements Membership {
  lanes: ReadonlySet<number> | null = null;
  readonly stop = new AbortController();
  isDead = false;
  ended: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(readonly id: string, private readonly group: Group) {}

  changed(): Promise<void> {
    return new Promise((resolve) => { this.#wake = resolve; });
  }

  give(given: readonly number[]): void {
    this.lanes = new Set(given);
    this.#wake();
  }

  close(): Promise<void> {
    this.group.leave(this);
    return Promise.resolve();
  }
}

class Group {
  readonly members: Process[] = [];
  #next = 0;

  constructor(private readonly log: MemoryLog, private readonly specOf: (lane: number) => LaneSpec) {}

  join(onPhase: () => void): void {
    const one = new Process(`p${this.#next++}`, this);
    this.members.push(one);
    this.#share();
    one.ended = runLanes({
      membership: one, shared: true, signal: one.stop.signal, say: () => undefined,
      // Waits are as long as it takes the others to come on a little.
      pause: async (_millis, signal) => { for (let turn = 0; turn < 20 && !signal.aborted; turn += 1) await new Promise((resolve) => setImmediate(resolve)); },
      attempt: (lane) => new LiveLane(this.log, this.specOf(lane), { ...quiet, phase: () => {
        if (one.isDead) throw new InvariantError('killed');
        onPhase();
      } }),
    }).catch((error: unknown) => { if (!(error instanceof InvariantError)) throw error; });
    one.ended.catch(() => undefined);
  }

  leave(one: Process): void {
    const index = this.members.indexOf(one);
    if (index < 0) return;
    this.members.splice(index, 1);
    this.#share();
  }

  #share(): void {
    if (this.members.length === 0) return;
    const shares = assignLanes(lanes, this.members.map(({ id, lanes: owned }) => ({ id, owned: [...(owned ?? [])] })));
    for (const member of this.members) member.give(shares.get(member.id)!);
  }
}

type Move = 'join' | 'leave' | 'die';

async function runGroup(log: MemoryLog, specOf: (lane: number) => LaneSpec, moves: readonly (readonly [number, Move])[]): Promise<void> {
  const group = new Group(log, specOf);
  const left = moves.map(([after, move]) => ({ after, move }));
  const all: Process[] = [];
  const onPhase = (): void => {
    const [next] = left;
    if (next === undefined || --next.after > 0) return;
    left.shift();
    const [oldest] = group.members;
    if (next.move === 'join') group.join(onPhase);
    else if (oldest !== undefined) {
      if (next.move === 'die') {
        oldest.isDead = true;
        group.leave(oldest);
      }
      oldest.stop.abort();
    }
    all.push(...group.members.filter((member) => !all.includes(member)));
  };
  // Where all have gone before the input has ended, one more comes.
  for (let round = 0; round < 20; round += 1) {
    group.join(onPhase);
    all.push(...group.members.filter((member) => !all.includes(member)));
    for (let at = 0; at < all.length; at += 1) await all[at]!.ended;
    const journals = Array.from({ length: lanes }, (_, lane) => log.records('run-journal', lane).filter(({ key }) => key?.toString() === 'step').pop());
    if (journals.every((last) => last !== undefined && (JSON.parse(last.value!.toString()) as { end: boolean }).end)) return;
  }
  throw new Error('the group has not come to the end');
}

test('whoever joins, leaves or dies when: all outputs are there, once, in order', async () => {
  const calm = await logWithTicks(rows, lanes);
  const calmSpec = await specsOn(calm);
  for (let lane = 0; lane < lanes; lane += 1) await runToEnd(calm, calmSpec(lane));
  const moves = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom<Move>('join', 'join', 'leave', 'die')), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(moves, async (drawn) => {
    const log = await logWithTicks(rows, lanes);
    const specOf = await specsOn(log);
    await runGroup(log, specOf, drawn);
    assert.deepEqual(outputsOf(log, lanes), outputsOf(calm, lanes));
    const fresh = await specsOn(log);
    for (let lane = 0; lane < lanes; lane += 1) assert.equal((await takeLane(log, fresh(lane), quiet)).isEnded, true);
  }), { numRuns: 8 });
});

test('what nobody can mend ends the lane, and the others after their step', async () => {
  const log = await logWithTicks(rows, lanes);
  const specOf = await specsOn(log);
  const broken = (): number => { throw new InvariantError('a bug'); };
  await assert.rejects(runLanes({
    membership: fixedLanes([0, 2]), shared: false, signal: new AbortController().signal, pause: () => Promise.resolve(), say: () => undefined,
    attempt: (lane) => new LiveLane(log, lane === 2 ? { ...specOf(lane), clock: broken } : specOf(lane), quiet),
  }), /a bug/);
});
