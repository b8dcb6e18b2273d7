/**
 * The rows of one key by event time, those of one instant by arrival: their times and slots, side by side. Keys may be
 * many and their rows few, so these are plain arrays that begin small.
 */
export class TimedRows {
  readonly times: number[];
  readonly slots: number[];

  constructor(time: number, slot: number) {
    this.times = [time];
    this.slots = [slot];
  }

  get length(): number {
    return this.times.length;
  }

  /** Most rows come in order: the place is looked for from the end. */
  add(time: number, slot: number): void {
    const { times, slots } = this;
    let at = times.length;
    times.push(time);
    slots.push(slot);
    while (at > 0 && times[at - 1]! > time) {
      times[at] = times[at - 1]!;
      slots[at] = slots[at - 1]!;
      at -= 1;
    }
    times[at] = time;
    slots[at] = slot;
  }

  /** Index of the first row at `time` or later; that after the last when there is none. */
  firstAt(time: number): number {
    const { times } = this;
    let low = 0;
    let high = times.length;
    // What is asked for mostly lies near the end: steps back that double, then halving.
    for (let step = 1; high - step > low; step *= 2) {
      if (times[high - step]! < time) {
        low = high - step + 1;
        break;
      }
      high -= step;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets rows before `time`. */
  forget(time: number): void {
    const { times, slots } = this;
    let from = 0;
    while (from < times.length && times[from]! < time) from += 1;
    if (from === 0) return;
    times.splice(0, from);
    slots.splice(0, from);
  }
}
