/** When a lane's next checkpoint is due: a while after the last began, and a pause after that was durable. */

/** Milliseconds at the most between one that is durable and the next. */
const pauseMax = 5000;

/** Milliseconds after which one that is still being written should be known. */
const timeout = 60_000;

export class CheckpointPace {
  #begun: number;
  #ended: number;
  #isOpen = false;
  #isSaid = false;

  /** Milliseconds: from one's beginning to the next, and now. */
  constructor(private readonly every: number, now: number) {
    this.#begun = this.#ended = now;
  }

  begin(now: number): void {
    this.#begun = now;
    this.#isOpen = true;
    this.#isSaid = false;
  }

  end(now: number): void {
    this.#ended = now;
    this.#isOpen = false;
  }

  /** Where none is being written: a state that takes long leaves time for the flow in between. */
  isDue(now: number): boolean {
    return now - this.#begun >= this.every && now - this.#ended >= Math.min(pauseMax, this.every / 2);
  }

  /** Once for each that takes too long. */
  isOverdue(now: number): boolean {
    if (!this.#isOpen || this.#isSaid || now - this.#begun < timeout) return false;
    return this.#isSaid = true;
  }
}
