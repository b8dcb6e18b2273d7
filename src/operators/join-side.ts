/** The rows of one side of a regular join, by key in the order of arrival; each knows how many partners it has. */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { gather } from '../core/column-builder.js';
import type { Schema } from '../core/types.js';
import { grown, grownTimes } from './grown.js';
import { KeyTable } from './key-table.js';
import { SlotStore } from './slot-store.js';

const NONE = -1;

export interface JoinSideSpec {
  readonly schema: Schema;
  /** Columns by which a row is found again; none where rows are only ever added. */
  readonly identity: readonly number[];
  /** Whether they are there once at a time: another row of the same replaces the one before. */
  readonly isUnique: boolean;
  /** Milliseconds after which a row that was not touched is forgotten; null: never. */
  readonly ttl: number | null;
}

export class JoinSide {
  readonly #spec: JoinSideSpec;
  readonly #store: SlotStore;
  #identities: KeyTable;
  /** Slots of the chunk's rows, and their identities. */
  slots: Int32Array = new Int32Array(0);
  #chunkIdentities = new Int32Array(0);
  /** By slot: partners of the row, where anyone counts them, and when it was last written, by `now`. */
  partners: Int32Array = new Int32Array(0);
  #touched: Float64Array = new Float64Array(0);
  #identity: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** By key id. */
  #head: Int32Array = new Int32Array(0);
  #tail: Int32Array = new Int32Array(0);
  /** Rows that are kept, those forgotten but not swept among them. */
  size = 0;

  constructor(spec: JoinSideSpec) {
    this.#spec = spec;
    this.#store = new SlotStore(spec.schema);
    this.#identities = new KeyTable(spec.identity.length);
  }

  /** Gives the rows of a chunk slots, readable at least until the next chunk; nothing finds them yet. */
  take({ columns, length }: Batch): void {
    if (length === 0) return;
    if (this.slots.length < length) {
      this.slots = new Int32Array(length * 2);
      this.#chunkIdentities = new Int32Array(length * 2);
    }
    this.#store.add(columns, length, this.slots);
    if (this.#spec.identity.length > 0) this.#identities.fill(this.#spec.identity.map((column) => columns[column]!), length, this.#chunkIdentities);
    this.#reserveSlots();
  }

  /** Room for so many keys. */
  reserve(keys: number): void {
    this.#head = grown(this.#head, keys, NONE);
    this.#tail = grown(this.#tail, keys, NONE);
  }

  #reserveSlots(): void {
    const { capacity } = this.#store;
    this.partners = grown(this.partners, capacity, 0);
    this.#touched = grownTimes(this.#touched, capacity, 0);
    this.#identity = grown(this.#identity, capacity, 0);
    this.#next = grown(this.#next, capacity, NONE);
    this.#previous = grown(this.#previous, capacity, NONE);
  }

  /** The oldest row of a key that is not forgotten by `now`, and the one after another; -1: there is none. */
  first(id: number, now: number): number {
    return this.#alive(id, this.#head[id]!, now);
  }

  after(id: number, slot: number, now: number): number {
    return this.#alive(id, this.#next[slot]!, now);
  }

  #alive(id: number, from: number, now: number): number {
    const { ttl } = this.#spec;
    if (ttl === null) return from;
    let slot = from;
    while (slot !== NONE && now - this.#touched[slot]! > ttl) {
      const next = this.#next[slot]!;
      this.#unlink(id, slot);
      slot = next;
    }
    return slot;
  }

  /** Keeps chunk row `row`; returns whether it took the place of another. */
  add(id: number, row: number, partners: number, now: number): boolean {
    const slot = this.slots[row]!;
    const identity = this.#chunkIdentities[row]!;
    const replaced = this.#spec.isUnique ? this.#find(id, identity, now) : NONE;
    this.partners[slot] = partners;
    this.#touched[slot] = now;
    this.#identity[slot] = identity;
    const before = replaced === NONE ? this.#tail[id]! : this.#previous[replaced]!;
    const after = replaced === NONE ? NONE : this.#next[replaced]!;
    this.#link(id, before, slot);
    this.#link(id, slot, after);
    if (replaced === NONE) this.size += 1;
    else this.#store.free(replaced);
    return replaced !== NONE;
  }

  /** Takes out the row that chunk row `row` takes back, if it is there. */
  remove(id: number, row: number, now: number): void {
    const slot = this.#find(id, this.#chunkIdentities[row]!, now);
    if (slot !== NONE) this.#unlink(id, slot);
    this.pass(row);
  }

  /** Chunk row `row` is not kept. */
  pass(row: number): void {
    this.#store.free(this.slots[row]!);
  }

  touch(slot: number, now: number): void {
    this.#touched[slot] = now;
  }

  #find(id: number, identity: number, now: number): number {
    for (let slot = this.first(id, now); slot !== NONE; slot = this.after(id, slot, now)) if (this.#identity[slot] === identity) return slot;
    return NONE;
  }

  #unlink(id: number, slot: number): void {
    this.#link(id, this.#previous[slot]!, this.#next[slot]!);
    this.#store.free(slot);
    this.size -= 1;
  }

  #link(id: number, before: number, after: number): void {
    if (before === NONE) this.#head[id] = after;
    else this.#next[before] = after;
    if (after === NONE) this.#tail[id] = before;
    else this.#previous[after] = before;
  }

  /** The columns by slot. */
  views(): Column[] {
    return this.#store.views();
  }

  /** Gives back the memory of what is forgotten by `now`, which changes nothing else; true where a key has rows. */
  sweep(keys: number, now: number): Uint8Array {
    const used = new Uint8Array(keys);
    for (let id = 0; id < keys; id += 1) {
      for (let slot = this.first(id, now); slot !== NONE; slot = this.after(id, slot, now)) used[id] = 1;
    }
    if (this.#identities.size > 4 * this.size + 1024) this.#renumberIdentities(keys);
    return used;
  }

  #renumberIdentities(keys: number): void {
    const slots = this.#slotsOf(keys);
    const kept = [...new Set(Array.from(slots, (slot) => this.#identity[slot]!))];
    const renumbered = new Map(kept.map((id, index) => [id, index]));
    for (const slot of slots) this.#identity[slot] = renumbered.get(this.#identity[slot]!)!;
    this.#identities = this.#identities.keeping(kept);
  }

  /** Keys that are kept become 0, 1, 2 … */
  keep(ids: readonly number[]): void {
    this.#head = Int32Array.from(ids, (id) => this.#head[id]!);
    this.#tail = Int32Array.from(ids, (id) => this.#tail[id]!);
  }

  #slotsOf(keys: number): Int32Array {
    const slots = new Int32Array(this.size);
    let at = 0;
    for (let id = 0; id < keys; id += 1) for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) slots[at++] = slot;
    return slots;
  }

  snapshot(writer: ByteWriter, keys: number): void {
    const slots = this.#slotsOf(keys);
    this.#store.snapshot(writer, slots);
    for (let id = 0; id < keys; id += 1) {
      let count = 0;
      for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) count += 1;
      writer.varint(count);
    }
    writer.int32Array(Int32Array.from(slots, (slot) => this.partners[slot]!));
    writer.float64Array(Float64Array.from(slots, (slot) => this.#touched[slot]!));
  }

  /** Into a new side. */
  restore(reader: ByteReader, keys: number): void {
    const length = this.#store.restore(reader);
    this.reserve(keys);
    this.#reserveSlots();
    this.size = length;
    let slot = 0;
    for (let id = 0; id < keys; id += 1) {
      for (let left = reader.varint(); left > 0; left -= 1) {
        this.#link(id, this.#tail[id]!, slot);
        this.#link(id, slot, NONE);
        slot += 1;
      }
    }
    this.partners.set(reader.int32Array());
    this.#touched.set(reader.float64Array());
    const { identity } = this.#spec;
    if (identity.length === 0) return;
    const all = Int32Array.from({ length }, (_, row) => row);
    const columns = this.views();
    this.#identities.fill(identity.map((column) => gather(columns[column]!, all, length)), length, this.#identity);
  }
}
