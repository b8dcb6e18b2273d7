/**
 * The versions of a table's rows, by key: a chain of slots from the oldest to the newest. A version is valid from its
 * time until the next one's; one that says that the row was deleted stands for no row.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { grown, grownTimes } from './grown.js';

const NONE = -1;

export class Versions {
  /** By slot. */
  #time: Float64Array = new Float64Array(0);
  #deleted = new Uint8Array(0);
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** By key: the oldest and the newest slot, the one found last, and the time of the oldest version ever dropped. */
  #head: Int32Array = new Int32Array(0);
  #tail: Int32Array = new Int32Array(0);
  #found: Int32Array = new Int32Array(0);
  #dropped: Float64Array = new Float64Array(0);

  /** `free` is told of slots that nobody can ask for any more. */
  constructor(private readonly free: (slot: number) => void) {}

  /** Room for so many keys and slots. */
  reserve(keys: number, slots: number): void {
    this.#head = grown(this.#head, keys, NONE);
    this.#tail = grown(this.#tail, keys, NONE);
    this.#found = grown(this.#found, keys, NONE);
    this.#dropped = grownTimes(this.#dropped, keys, Infinity);
    this.#time = grownTimes(this.#time, slots, 0);
    this.#next = grown(this.#next, slots, NONE);
    this.#previous = grown(this.#previous, slots, NONE);
    if (this.#deleted.length < slots) {
      const deleted = new Uint8Array(this.#time.length);
      deleted.set(this.#deleted);
      this.#deleted = deleted;
    }
  }

  /** The version in `slot` is valid from `time` on. It takes the place of another of the same time. */
  put(id: number, slot: number, time: number, isDeleted: boolean): void {
    const times = this.#time;
    times[slot] = time;
    this.#deleted[slot] = isDeleted ? 1 : 0;
    let before = this.#tail[id]!;
    // Versions mostly come in order.
    while (before !== NONE && times[before]! > time) before = this.#previous[before]!;
    const after = before === NONE ? this.#head[id]! : this.#next[before]!;
    if (before !== NONE && times[before] === time) {
      const replaced = before;
      before = this.#previous[replaced]!;
      if (this.#found[id] === replaced) this.#found[id] = slot;
      this.free(replaced);
    }
    this.#link(id, before, slot);
    this.#link(id, slot, after);
  }

  /** The slot of the version valid at `time`; -1 when there is none or the row was deleted. */
  at(id: number, time: number): number {
    const times = this.#time;
    // Times asked for mostly ascend.
    let slot = this.#found[id]!;
    if (slot === NONE || times[slot]! > time) slot = this.#head[id]!;
    if (slot === NONE || times[slot]! > time) return NONE;
    for (let next = this.#next[slot]!; next !== NONE && times[next]! <= time; next = this.#next[slot]!) slot = next;
    this.#found[id] = slot;
    return this.#deleted[slot] === 1 ? NONE : slot;
  }

  /** Drops all versions but the one valid at `time` and those that come after it. */
  drop(id: number, time: number): void {
    let slot = this.#head[id]!;
    if (slot === NONE) return;
    for (let next = this.#next[slot]!; next !== NONE && this.#time[next]! <= time; next = this.#next[slot]!) {
      if (this.#time[slot]! < this.#dropped[id]!) this.#dropped[id] = this.#time[slot]!;
      if (this.#found[id] === slot) this.#found[id] = next;
      this.free(slot);
      slot = next;
    }
    this.#link(id, NONE, slot);
  }

  /** Whether a version was valid at `time` that has been dropped, and none that is kept is as old. */
  isGone(id: number, time: number): boolean {
    const head = this.#head[id]!;
    return time >= this.#dropped[id]! && (head === NONE || this.#time[head]! > time);
  }

  /** Whether the key has a version, if only one that says that the row was deleted. */
  has(id: number): boolean {
    return this.#head[id] !== NONE;
  }

  /** Whether the key has one version. */
  isSingle(id: number): boolean {
    return this.#head[id] !== NONE && this.#head[id] === this.#tail[id];
  }

  /** Of a key, oldest first. */
  slotsOf(id: number): number[] {
    const slots: number[] = [];
    for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) slots.push(slot);
    return slots;
  }

  timeAt(slot: number): number {
    return this.#time[slot]!;
  }

  isDeletedAt(slot: number): boolean {
    return this.#deleted[slot] === 1;
  }

  /** The time of the oldest version ever dropped; Infinity: none was. */
  droppedOf(id: number): number {
    return this.#dropped[id]!;
  }

  /** A key that comes to hand again, and whose oldest version ever dropped was of `time`. */
  dropBefore(id: number, time: number): void {
    this.#dropped[id] = time;
  }

  /** Keys that are kept become 0, 1, 2 … */
  keep(ids: readonly number[]): void {
    this.#head = Int32Array.from(ids, (id) => this.#head[id]!);
    this.#tail = Int32Array.from(ids, (id) => this.#tail[id]!);
    this.#found = Int32Array.from(ids, (id) => this.#found[id]!);
    this.#dropped = Float64Array.from(ids, (id) => this.#dropped[id]!);
  }

  #link(id: number, before: number, after: number): void {
    if (before === NONE) this.#head[id] = after;
    else this.#next[before] = after;
    if (after === NONE) this.#tail[id] = before;
    else this.#previous[after] = before;
  }

  /** Slots by key, oldest first: the order in which `restore` numbers them. */
  slots(keys: number): Int32Array {
    return Int32Array.from(Array.from({ length: keys }, (_, id) => this.slotsOf(id)).flat());
  }

  snapshot(writer: ByteWriter, keys: number): void {
    const slots = this.slots(keys);
    writer.float64Array(Float64Array.from(slots, (slot) => this.#time[slot]!));
    writer.bytes(Uint8Array.from(slots, (slot) => this.#deleted[slot]!));
    for (let id = 0; id < keys; id += 1) {
      let count = 0;
      for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) count += 1;
      writer.varint(count);
    }
    writer.float64Array(this.#dropped.subarray(0, keys));
  }

  /** Into new versions with room enough. */
  restore(reader: ByteReader, keys: number): void {
    const times = reader.float64Array();
    const deleted = reader.bytes();
    let slot = 0;
    for (let id = 0; id < keys; id += 1) {
      for (let left = reader.varint(); left > 0; left -= 1) {
        this.put(id, slot, times[slot]!, deleted[slot] === 1);
        slot += 1;
      }
    }
    this.#dropped.set(reader.float64Array());
  }
}
