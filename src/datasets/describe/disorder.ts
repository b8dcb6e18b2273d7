/** How far rows come behind the greatest event time so far. */
import { bounds, type Disorder, type Jump, type Place } from './profile.js';
import { Quantiles } from './quantiles.js';
import { Worst } from './worst.js';

/** The greatest time jumps when it moves by more than this (ms). */
const jumpMin = 3_600_000;
const jumpsKept = 20;

export class DisorderCounter {
  /** Greatest event time so far. */
  max = -Infinity;
  readonly #behind = new Quantiles();
  readonly #late = new Float64Array(bounds.length);
  readonly #jumps: Jump[] = [];
  readonly #worst: Worst<Place & { readonly by: number }>;

  constructor(examples: number) {
    this.#worst = new Worst(examples, ({ by }) => by);
  }

  add(time: number, position: number, symbol: string | null): void {
    const { max } = this;
    if (time >= max) {
      if (time - max > jumpMin && max > -Infinity && this.#jumps.length < jumpsKept) this.#jumps.push({ position, time, symbol, from: max, rowsBehind: 0 });
      this.max = time;
      return;
    }
    const by = max - time;
    this.#behind.add(by);
    for (let index = 0; index < bounds.length && by >= bounds[index]!; index += 1) this.#late[index]! += 1;
    if (this.#worst.takes(by)) this.#worst.add({ position, time, symbol, by });
    for (const jump of this.#jumps) if (time > jump.from && time < jump.time) jump.rowsBehind += 1;
  }

  read(): Disorder {
    const behind = this.#behind;
    return {
      behind: behind.count, behindBy: { p50: behind.at(0.5), p90: behind.at(0.9), p99: behind.at(0.99), p999: behind.at(0.999), max: behind.max },
      octaves: behind.octaves(), lateAt: bounds.map((bound, index) => ({ bound, rows: this.#late[index]! })),
      // A row at the watermark is late too.
      boundNoneLate: behind.count === 0 ? 0 : behind.max + 1, worst: this.#worst.items, jumps: this.#jumps,
    };
  }
}
