/** What is to be added to `performance.now()` for epoch milliseconds, finer than the milliseconds that `Date.now()` counts in. */
export class WallClock {
  #offset = -Infinity;

  constructor(private readonly wall: () => number = Date.now, private readonly steady: () => number = () => performance.now()) {}

  /** The wall clock cuts off what is less than a millisecond, so the greatest difference of late is the truest. */
  offset(): number {
    const now = this.wall() - this.steady();
    // Further down than by cutting off: somebody has set the clock back.
    if (now > this.#offset || now < this.#offset - 2) this.#offset = now;
    else this.#offset -= Math.min(0.001, this.#offset - now);
    return this.#offset;
  }
}
