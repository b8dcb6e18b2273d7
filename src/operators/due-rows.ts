/** Rows by the watermark that lets them go: a binary heap of row numbers, least due first. */
export class DueRows {
  #rows = new Int32Array(64);
  #due = new Float64Array(64);
  #length = 0;

  /** The least watermark that lets a row go; Infinity when there is none. */
  get first(): number {
    return this.#length === 0 ? Infinity : this.#due[0]!;
  }

  clear(): void {
    this.#length = 0;
  }

  add(row: number, due: number): void {
    if (this.#length === this.#rows.length) this.#grow();
    const rows = this.#rows;
    const dues = this.#due;
    let at = this.#length;
    this.#length += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (dues[parent]! <= due) break;
      rows[at] = rows[parent]!;
      dues[at] = dues[parent]!;
      at = parent;
    }
    rows[at] = row;
    dues[at] = due;
  }

  /** Removes and returns a row due by `watermark`, the least first; -1 when there is none. */
  take(watermark: number): number {
    const rows = this.#rows;
    const dues = this.#due;
    if (this.#length === 0 || dues[0]! > watermark) return -1;
    const first = rows[0]!;
    this.#length -= 1;
    const length = this.#length;
    const row = rows[length]!;
    const due = dues[length]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && dues[child + 1]! < dues[child]!) child += 1;
      if (dues[child]! >= due) break;
      rows[at] = rows[child]!;
      dues[at] = dues[child]!;
      at = child;
    }
    rows[at] = row;
    dues[at] = due;
    return first;
  }

  #grow(): void {
    const rows = new Int32Array(this.#length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    const due = new Float64Array(this.#length * 2);
    due.set(this.#due);
    this.#due = due;
  }
}
