/** How long the event loop stood still: garbage collection, and whatever else keeps it from going round. */
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

const resolution = 10;

/** Two monitors that are cleared in turns: one that has just been cleared does not see the pause that it is in. */
export class PauseWatch {
  readonly #monitors: readonly IntervalHistogram[] = [monitorEventLoopDelay({ resolution }), monitorEventLoopDelay({ resolution })];
  #turn = 0;

  start(): void {
    for (const monitor of this.#monitors) monitor.enable();
  }

  /** The longest pause since the call before the last, milliseconds. */
  longest(): number {
    const longest = Math.max(...this.#monitors.map(({ max }) => max / 1e6));
    this.#monitors[this.#turn]!.reset();
    this.#turn = 1 - this.#turn;
    return Math.max(0, longest - resolution);
  }

  stop(): void {
    for (const monitor of this.#monitors) monitor.disable();
  }
}
