/** The groups of one pane: a slot of accumulator state for each key that occurs in it. */
import { Cells } from './cells.js';

/** Of so many keys a pane has room from the beginning. */
const KEYS = 64;
/** A table of slots that is not worth letting go. */
const SHORT = 256;
const none = new Int32Array(0);

export class Pane {
  /** Slot + 1 by key id; 0 where the key does not occur. Empty while the pane is cold. */
  #slots = new Int32Array(KEYS);
  /** Key ids by slot. */
  readonly ids: number[] = [];
  readonly cells: Cells;

  /** `keys`: of so many there is room from the beginning. */
  constructor(public end: number, realWidth: number, objectWidth: number, keys = 2) {
    this.cells = new Cells(realWidth, objectWidth, keys);
  }

  /** Makes this pane hold the groups of `from` and nothing else. False, with nothing done, where their state is more than numbers. */
  copy(from: Pane): boolean {
    const { realWidth, objectWidth, size, spills, reals } = from.cells;
    if (objectWidth > 0 || !spills.isEmpty || !this.cells.spills.isEmpty) return false;
    this.cells.reserve(size);
    // Beyond them lies zero, as new slots need it.
    this.cells.reals.set(reals.subarray(0, size * realWidth));
    this.cells.reals.fill(0, size * realWidth);
    this.cells.size = size;
    this.ids.length = size;
    for (let slot = 0; slot < size; slot += 1) this.ids[slot] = from.ids[slot]!;
    if (from.isCold) this.#slots = none;
    else {
      if (this.#slots.length < from.#slots.length) this.#slots = new Int32Array(from.#slots.length);
      this.#slots.set(from.#slots);
      this.#slots.fill(0, from.#slots.length);
    }
    return true;
  }

  /** The slot of a key, made if need be. */
  slotOf(id: number): number {
    if (id < this.#slots.length) {
      const slot = this.#slots[id]!;
      if (slot !== 0) return slot - 1;
    }
    return this.#make(id);
  }

  get isCold(): boolean {
    return this.#slots === none;
  }

  /** Lets go of what finds slots, where it is long for the keys that there are. Asking for a slot brings it back. */
  cool(): void {
    if (this.#slots.length > SHORT && this.#slots.length > this.ids.length * 4) this.#slots = none;
  }

  #make(id: number): number {
    if (this.isCold) {
      this.#place();
      return this.slotOf(id);
    }
    const slot = this.cells.allocate();
    this.ids.push(id);
    this.#enter(id, slot);
    return slot;
  }

  #place(): void {
    this.#slots = new Int32Array(KEYS);
    this.ids.forEach((id, slot) => this.#enter(id, slot));
  }

  #enter(id: number, slot: number): void {
    if (id >= this.#slots.length) {
      const larger = new Int32Array(Math.max(id + 1, this.#slots.length * 2));
      larger.set(this.#slots);
      this.#slots = larger;
    }
    this.#slots[id] = slot + 1;
  }

  /** Key ids changed: `ids[slot]` is now `changed[slot]`. */
  renumber(changed: readonly number[]): void {
    this.ids.length = 0;
    for (const id of changed) this.ids.push(id);
    if (!this.isCold) this.#place();
  }
}
