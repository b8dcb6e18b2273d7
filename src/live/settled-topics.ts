/**
 * Topics that keep what captures have waiting, and have no more to give for now: a captured table without rows has no row
 * that ends its part of a snapshot. What is found is journalled, since it comes from outside.
 */
import type { LaneFold } from './lane-fold.js';
import type { Log } from './log.js';
import { isCaptured, type LaneInput } from './rerun.js';

/** Milliseconds for which rows that were sent before what waits may still be on their way. */
const patienceMillis = 2000;

export class SettledTopics {
  /** Since when something waits, on the clock of `performance.now()`. */
  #since = Infinity;

  constructor(private readonly log: Log, private readonly inputs: readonly LaneInput[]) {}

  /** Inputs, as the journal counts them. `isQuiet`: the log has said often enough that nothing more is there at all. */
  async find({ fold, positions }: { readonly fold: LaneFold; readonly positions: readonly (readonly number[])[] }, isQuiet: boolean): Promise<number[]> {
    const waiting = new Set(fold.captures.flatMap(({ unsettled }) => unsettled));
    if (waiting.size === 0) {
      this.#since = Infinity;
      return [];
    }
    const found = [...this.inputs.keys()].filter((input) => isCaptured(this.inputs[input]!) && waiting.has(this.inputs[input]!.topic));
    if (isQuiet) return found;
    const now = performance.now();
    this.#since = Math.min(this.#since, now);
    if (now - this.#since < patienceMillis) return [];
    // Other topics may never be quiet.
    this.#since = now;
    const isAtEnd = await Promise.all(found.map((input) => this.#isAtEnd(input, positions[input]!)));
    return found.filter((_, index) => isAtEnd[index]);
  }

  async #isAtEnd(input: number, positions: readonly number[]): Promise<boolean> {
    const { topic, partitions } = this.inputs[input]!;
    const bounds = (await this.log.bounds(topic)) ?? [];
    return bounds.every(({ partition, end }) => end <= (positions[partitions.indexOf(partition)] ?? end));
  }
}
