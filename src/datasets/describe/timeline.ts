/** Rows by time in a fixed number of stretches: they double in width as the span grows. */

const places = 240;

export class Timeline {
  /** Milliseconds of a stretch. */
  width = 1000;
  #first = 0;
  #used = false;
  #counts = new Float64Array(places);

  add(time: number): void {
    let key = Math.floor(time / this.width);
    if (!this.#used) {
      this.#first = key;
      this.#used = true;
    }
    while (key < this.#first || key >= this.#first + places) {
      if (key < this.#first && this.#last() - key < places) this.#move(key);
      else this.#widen();
      key = Math.floor(time / this.width);
    }
    this.#counts[key - this.#first]! += 1;
  }

  /** Epoch ms of the first stretch that has rows, and the rows of each up to the last that has. */
  read(): { readonly from: number; readonly width: number; readonly rows: number[] } {
    const rows = this.#used ? Array.from(this.#counts.subarray(0, this.#last() - this.#first + 1)) : [];
    return { from: this.#first * this.width, width: this.width, rows };
  }

  /** The last stretch with rows. */
  #last(): number {
    let last = places - 1;
    while (last > 0 && this.#counts[last] === 0) last -= 1;
    return this.#first + last;
  }

  #move(first: number): void {
    const moved = new Float64Array(places);
    moved.set(this.#counts.subarray(0, this.#last() - this.#first + 1), this.#first - first);
    this.#counts = moved;
    this.#first = first;
  }

  #widen(): void {
    const wider = new Float64Array(places);
    const first = Math.floor(this.#first / 2);
    for (let place = 0; place < places; place += 1) wider[Math.floor((this.#first + place) / 2) - first]! += this.#counts[place]!;
    this.width *= 2;
    this.#counts = wider;
    this.#first = first;
  }
}
