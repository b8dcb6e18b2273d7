/** The lanes of one process: those that are its own run, those that another is given stop, those that fail are taken again. */
import { incompleteText } from '../cdc/gap.js';
import { TapewrightError } from '../core/errors.js';
import { isFinal } from './failures.js';
import type { LaneEnd } from './lane.js';
import type { Membership } from './membership.js';

/** Milliseconds between attempts to take a failed lane again: doubling. */
const backOffMin = 1000, backOffMax = 60_000;

/** One attempt at a lane. `rows`: how far it came. */
export interface LaneAttempt {
  readonly rows: number;
  run(signal: AbortSignal): Promise<LaneEnd>;
}

export interface LanesOptions {
  readonly membership: Membership;
  readonly attempt: (lane: number) => LaneAttempt;
  /** Whether a lane that another process took stays its until the next assignment; else that ends the run. */
  readonly shared: boolean;
  readonly signal: AbortSignal;
  /** Waits so many milliseconds, but not beyond a stop. */
  readonly pause: (millis: number, signal: AbortSignal) => Promise<void>;
  readonly say: (text: string) => void;
}

export interface RunLane extends LaneEnd {
  readonly lane: number;
  readonly rows: number;
}

interface Running {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * Runs lanes until all that are this process's have ended, or a stop is asked for. Resolves to how far each came that it
 * last had. Throws what no retry can mend, after the other lanes have finished their step.
 */
export async function runLanes(options: LanesOptions): Promise<RunLane[]> {
  const { membership, signal, say } = options;
  const running = new Map<number, Running>();
  const ends = new Map<number, RunLane>();
  const failures: unknown[] = [];
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let changed = membership.changed();
  let saidWaiting = false;
  const start = (lane: number): void => {
    const stop = new AbortController();
    const done = runLane(lane, options, AbortSignal.any([signal, stop.signal])).then((end) => {
      if (end !== null) ends.set(lane, end);
    }, (error: unknown) => { failures.push(error); }).finally(() => running.delete(lane));
    running.set(lane, { stop, done });
  };
  try {
    while (!signal.aborted && failures.length === 0) {
      const mine = membership.lanes;
      for (const [lane, { stop }] of running) if (mine?.has(lane) !== true) stop.abort();
      for (const lane of mine ?? []) if (!running.has(lane) && ends.get(lane)?.ended !== true) start(lane);
      if (mine !== null && mine.size > 0 && running.size === 0) break;
      if (mine?.size === 0 && running.size === 0 && !saidWaiting) {
        say('no lane is free: this process stands by');
        saidWaiting = true;
      }
      const isChanged = await Promise.race([changed.then(() => true), stopped.then(() => false), ...[...running.values()].map(({ done }) => done.then(() => false))]);
      if (isChanged) changed = membership.changed();
    }
  } finally {
    for (const { stop } of running.values()) stop.abort();
    await Promise.all([...running.values()].map(({ done }) => done));
    changed.catch(() => undefined);
    await membership.close();
  }
  if (failures.length > 0) throw failures[0];
  return [...ends.values()].sort((a, b) => a.lane - b.lane);
}

/** A lane that fails for want of a broker is taken again; what no retry can mend is thrown. Null: it was given to another before it ran. */
async function runLane(lane: number, { attempt, shared, pause, say }: LanesOptions, signal: AbortSignal): Promise<RunLane | null> {
  for (let wait = backOffMin; ; wait = Math.min(wait * 2, backOffMax)) {
    const one = attempt(lane);
    try {
      const end = await one.run(signal);
      for (const { incomplete } of end.captures) for (const left of incomplete) say(`lane ${lane}: ${incompleteText(left)}`);
      return { lane, rows: one.rows, ...end };
    } catch (error) {
      const isTaken = error instanceof TapewrightError && error.code === 'LANE_TAKEN';
      if (signal.aborted && (isTaken || !isFinal(error))) {
        say(`lane ${lane} stops: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      }
      if (isTaken ? !shared : isFinal(error)) throw error;
      if (one.rows > 0) wait = backOffMin;
      // Who took it learns of an assignment of before within a heartbeat, and gives it up.
      if (isTaken) wait = Math.max(wait, takenMillis);
      say(isTaken ? `${error.message}; if the group still gives it to this process, it is taken again in ${wait / 1000} s` : `lane ${lane} failed and is taken again in ${wait / 1000} s: ${error instanceof Error ? error.message : String(error)}`);
      await pause(wait, signal);
      if (signal.aborted) return null;
    }
  }
}

/** Milliseconds before a lane that another took is taken back. */
const takenMillis = 10_000;
