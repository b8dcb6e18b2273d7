/** The rows of one key by event time, those of one instant by arrival: their times and slots in arrays side by side. */
export class TimedRows {
  times = new Float64Array(4);
  slots = new Int32Array(4);
  from = 0;
  to = 0;

  get length(): number {
    return this.to - this.from;
  }

  /** Most rows come in order: the place is looked for from the end. */
  add(time: number, slot: number): void {
    if (this.to === this.times.length) this.#makeRoom();
    const { times, slots } = this;
    let at = this.to;
    while (at > this.from && times[at - 1]! > time) {
      times[at] = times[at - 1]!;
      slots[at] = slots[at - 1]!;
      at -= 1;
    }
    times[at] = time;
    slots[at] = slot;
    this.to += 1;
  }

  /** Index of the first row at `time` or later; `to` when there is none. */
  firstAt(time: number): number {
    const { times } = this;
    let low = this.from;
    let high = this.to;
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
    let { from } = this;
    while (from < this.to && this.times[from]! < time) from += 1;
    this.from = from;
  }

  #makeRoom(): void {
    const { times, slots, from, to } = this;
    const count = to - from;
    if (count * 2 > times.length) {
      this.times = new Float64Array(times.length * 2);
      this.slots = new Int32Array(times.length * 2);
    }
    this.times.set(times.subarray(from, to));
    this.slots.set(slots.subarray(from, to));
    this.from = 0;
    this.to = count;
  }
}
