/** Lets event time pass no faster than `speed` times real time, from the first row on that is not before `from`: what only builds state waits for nothing. */
export class Pace {
  #begin: { readonly event: number; readonly real: number } | null = null;

  constructor(private readonly speed: number | null, private readonly signal: AbortSignal | undefined, private readonly from: number | null = null) {}

  /** Rows up to this event time may go now: all, once a stop is asked for, so that the step is soon at its end. */
  limit(): number {
    if (this.speed === null || this.signal?.aborted === true) return Infinity;
    if (this.#begin === null) return this.from === null ? -Infinity : this.from - 1;
    return this.#begin.event + (performance.now() - this.#begin.real) * this.speed;
  }

  /** How far event time `reached` is behind the pace, ms of event time; null where there is none, or no row yet. */
  lag(reached: number): number | null {
    if (this.speed === null || this.#begin === null) return null;
    return Math.max(0, this.#begin.event + (performance.now() - this.#begin.real) * this.speed - reached);
  }

  /** Waits until rows of event time `next` may go, but never long: so that a stop is noticed. */
  async until(next: number): Promise<void> {
    this.#begin ??= { event: next, real: performance.now() };
    const wait = Math.min(200, Math.max(1, (next - this.limit()) / this.speed!));
    await new Promise<void>((resolve) => setTimeout(resolve, wait));
  }
}
