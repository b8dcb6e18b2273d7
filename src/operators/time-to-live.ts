/** When each piece of state was last touched, by slot; what nothing touched for longer than the time-to-live is forgotten. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';

export class TimeToLive {
  #touched: Float64Array = new Float64Array(64);

  /** Milliseconds; null: nothing is ever forgotten, and nothing is kept here. */
  constructor(readonly millis: number | null) {}

  /** Whether at `now` the state is to be forgotten. As `now` never falls, it makes no difference when this is asked. */
  isOver(slot: number, now: number): boolean {
    return this.millis !== null && now - this.#touched[slot]! > this.millis;
  }

  /** When the state was last touched; 0 where nothing is ever forgotten. */
  touchedAt(slot: number): number {
    return this.millis === null ? 0 : this.#touched[slot]!;
  }

  touch(slot: number, now: number): void {
    if (this.millis === null) return;
    if (slot >= this.#touched.length) {
      const larger = new Float64Array(Math.max(slot + 1, this.#touched.length * 2));
      larger.set(this.#touched);
      this.#touched = larger;
    }
    this.#touched[slot] = now;
  }

  /** Only the given slots stay; they become 0, 1, 2 … */
  keep(slots: readonly number[]): void {
    if (this.millis !== null) this.#touched = Float64Array.from(slots, (slot) => this.#touched[slot] ?? 0);
  }

  snapshot(writer: ByteWriter, slots: number): void {
    if (this.millis === null) return;
    this.touch(slots, 0);
    writer.float64Array(this.#touched.subarray(0, slots));
  }

  restore(reader: ByteReader): void {
    if (this.millis !== null) this.#touched = reader.float64Array();
  }
}

/** The time at which a row that chunk row `released` let out counts, where there is a time-to-live. */
export const nowAt = (now: Float64Array | null | undefined, released: number): number => now?.[released] ?? 0;
