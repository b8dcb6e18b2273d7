/** The longest stretches without a row, in event time, of rows that may come out of order. */

export interface Silence {
  /** Epoch ms of the rows before and after it. */
  readonly from: number;
  readonly to: number;
}

export class Silences {
  #longest: Silence[] = [];
  #least = 0;

  /** Of `kept` silences; those that late rows shorten leave their place to others, so more are kept than are wanted. */
  constructor(private readonly kept: number) {}

  /** The greatest time so far went from `from` to `to`. */
  advance(from: number, to: number): void {
    if (to - from <= this.#least) return;
    this.#longest.push({ from, to });
    if (this.#longest.length > this.kept * 2) this.#trim();
  }

  /** A row came late, perhaps into what was thought a silence. */
  split(time: number): void {
    const index = this.#longest.findIndex(({ from, to }) => time > from && time < to);
    if (index < 0) return;
    const { from, to } = this.#longest[index]!;
    this.#longest.splice(index, 1, { from, to: time }, { from: time, to });
  }

  /** The longest first, ties by time. */
  longest(count: number): Silence[] {
    return [...this.#longest].sort((a, b) => b.to - b.from - (a.to - a.from) || a.from - b.from).slice(0, count);
  }

  #trim(): void {
    this.#longest = this.longest(this.kept);
    const last = this.#longest.at(-1)!;
    this.#least = last.to - last.from;
  }
}
