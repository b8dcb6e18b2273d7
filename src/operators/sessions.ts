/**
 * Sessions that have not fired, by key: where a row belongs, which sessions it joins into one, and which are due.
 *
 * As in Flink, a row at t opens [t, t + gap), and what overlaps or touches is one session. Sessions of a key lie apart
 * therefore, and a list from the newest to the oldest, which mostly has one, is all the index there is.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { assert } from '../core/errors.js';
import { faults } from '../core/faults.js';
import { DueRows } from './due-rows.js';

const NONE = -1;

export class Sessions {
  /** By slot: [start, end) in milliseconds, the key's id (-1: no session), and the next older session of the key. */
  starts = new Float64Array(64);
  ends = new Float64Array(64);
  ids = new Int32Array(64);
  #older = new Int32Array(64);
  /** Slots that were ever used; of each the watermark that its place in `#due` waits for. */
  #size = 0;
  #asked = new Float64Array(64);
  /** By key: slot + 1 of its newest session, 0 where it has none. */
  #newest = new Int32Array(64);
  readonly #free: number[] = [];
  /**
   * Each slot that is not free is in it once, by a watermark at or below that of its end: a session that grows is
   * put off when its turn comes, not at each row.
   */
  readonly #due = new DueRows();

  constructor(readonly gap: number) {}

  /** Slots up to this one may hold sessions. */
  get size(): number {
    return this.#size;
  }

  /** No session is due before this watermark. */
  get dueMin(): number {
    return this.#due.first;
  }

  /** The newest session of the key that a row at `time` touches; -1: none. */
  touching(id: number, time: number): number {
    if (id >= this.#newest.length) return NONE;
    for (let slot = this.#newest[id]! - 1; slot >= 0; slot = this.#older[slot]!) {
      if (time > this.ends[slot]!) return NONE;
      if (time + this.gap >= this.starts[slot]!) return slot;
    }
    return NONE;
  }

  /** A new session for a row that touches none. */
  open(id: number, time: number): number {
    const slot = this.#free.pop() ?? this.#size;
    if (slot === this.#size) this.#size += 1;
    this.#place(slot, id, time, time + this.gap);
    return slot;
  }

  /** Makes the session that a row touches hold it. Returns an older session that it touches by that, and that is no more; or -1. */
  widen(slot: number, time: number): number {
    if (time + this.gap > this.ends[slot]!) this.ends[slot] = time + this.gap;
    if (time >= this.starts[slot]!) return NONE;
    this.starts[slot] = time;
    const older = this.#older[slot]!;
    if (older < 0 || time > this.ends[older]! || faults.sessionsApart) return NONE;
    this.starts[slot] = this.starts[older]!;
    this.#older[slot] = this.#older[older]!;
    // It has its place in the queue still, and is free when its turn comes.
    this.ids[older] = NONE;
    return older;
  }

  /** The session due first by `watermark`, which is no key's any more; -1: none. Its slot is the caller's until `free`. */
  take(watermark: number): number {
    for (;;) {
      const slot = this.#due.take(watermark);
      if (slot < 0) return NONE;
      const end = this.ends[slot]!;
      if (this.ids[slot]! < 0) this.#free.push(slot);
      else if (end - 1 > this.#asked[slot]!) this.#ask(slot);
      else {
        this.#unlink(slot);
        return slot;
      }
    }
  }

  /** Gives back a slot that `take` gave. */
  free(slot: number): void {
    this.ids[slot] = NONE;
    this.#free.push(slot);
  }

  /** Slots of all sessions, in no order that means anything. */
  live(): number[] {
    return Array.from({ length: this.#size }, (_, slot) => slot).filter((slot) => this.ids[slot]! >= 0);
  }

  /** Key ids changed. */
  renumber(changed: ReadonlyMap<number, number>): void {
    const newest = this.#newest;
    this.#newest = new Int32Array(64);
    for (const [before, after] of changed) {
      if (before >= newest.length) continue;
      this.#reserveKey(after);
      this.#newest[after] = newest[before]!;
    }
    for (const slot of this.live()) this.ids[slot] = changed.get(this.ids[slot]!)!;
  }

  snapshot(writer: ByteWriter): void {
    const live = faults.openWindowsNotSaved ? [] : this.live();
    writer.varint(this.#size);
    writer.varint(live.length);
    for (const slot of live) {
      writer.varint(slot);
      writer.varint(this.ids[slot]!);
      writer.f64(this.starts[slot]!);
      writer.f64(this.ends[slot]!);
    }
  }

  /** Into one that is new. */
  restore(reader: ByteReader): void {
    assert(this.#size === 0, 'state is restored before the first row');
    this.#size = reader.varint();
    if (this.#size > 0) this.#reserve(this.#size - 1);
    this.ids.fill(NONE, 0, this.#size);
    for (let left = reader.varint(); left > 0; left -= 1) this.#place(reader.varint(), reader.varint(), reader.f64(), reader.f64());
    for (let slot = 0; slot < this.#size; slot += 1) if (this.ids[slot]! < 0) this.#free.push(slot);
  }

  #place(slot: number, id: number, start: number, end: number): void {
    this.#reserve(slot);
    this.#reserveKey(id);
    this.ids[slot] = id;
    this.starts[slot] = start;
    this.ends[slot] = end;
    let newer = NONE;
    let older = this.#newest[id]! - 1;
    while (older >= 0 && this.starts[older]! > start) {
      newer = older;
      older = this.#older[older]!;
    }
    this.#older[slot] = older;
    if (newer < 0) this.#newest[id] = slot + 1;
    else this.#older[newer] = slot;
    this.#ask(slot);
  }

  #ask(slot: number): void {
    this.#asked[slot] = this.ends[slot]! - 1;
    this.#due.add(slot, this.#asked[slot]!);
  }

  #unlink(slot: number): void {
    const id = this.ids[slot]!;
    const older = this.#older[slot]!;
    let newer = this.#newest[id]! - 1;
    if (newer === slot) {
      this.#newest[id] = older + 1;
      return;
    }
    while (this.#older[newer]! !== slot) newer = this.#older[newer]!;
    this.#older[newer] = older;
  }

  #reserve(slot: number): void {
    if (slot < this.ids.length) return;
    const length = Math.max(slot + 1, this.ids.length * 2);
    this.starts = copied(new Float64Array(length), this.starts);
    this.ends = copied(new Float64Array(length), this.ends);
    this.ids = copied(new Int32Array(length), this.ids);
    this.#older = copied(new Int32Array(length), this.#older);
    this.#asked = copied(new Float64Array(length), this.#asked);
  }

  #reserveKey(id: number): void {
    if (id >= this.#newest.length) this.#newest = copied(new Int32Array(Math.max(id + 1, this.#newest.length * 2)), this.#newest);
  }
}

function copied<Values extends Float64Array | Int32Array>(into: Values, from: Values): Values {
  into.set(from);
  return into;
}
