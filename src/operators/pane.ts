/** The groups of one pane: a slot of accumulator state for each key that occurs in it. */
import { Cells } from './cells.js';

export class Pane {
  /** Slot + 1 by key id; 0 where the key does not occur. */
  #slots = new Int32Array(64);
  /** Key ids by slot. */
  readonly ids: number[] = [];
  readonly cells: Cells;

  constructor(public end: number, realWidth: number, objectWidth: number) {
    this.cells = new Cells(realWidth, objectWidth);
  }

  /** The slot of a key, made if need be. */
  slotOf(id: number): number {
    if (id < this.#slots.length) {
      const slot = this.#slots[id]!;
      if (slot !== 0) return slot - 1;
    }
    return this.#make(id);
  }

  #make(id: number): number {
    if (id >= this.#slots.length) {
      const larger = new Int32Array(Math.max(id + 1, this.#slots.length * 2));
      larger.set(this.#slots);
      this.#slots = larger;
    }
    const slot = this.cells.allocate();
    this.#slots[id] = slot + 1;
    this.ids.push(id);
    return slot;
  }

  /** Key ids changed: `ids[slot]` is now `changed[slot]`. */
  renumber(changed: readonly number[]): void {
    this.#slots = new Int32Array(64);
    this.ids.length = 0;
    changed.forEach((id, slot) => {
      if (id >= this.#slots.length) {
        const larger = new Int32Array(Math.max(id + 1, this.#slots.length * 2));
        larger.set(this.#slots);
        this.#slots = larger;
      }
      this.#slots[id] = slot + 1;
      this.ids.push(id);
    });
  }
}
