/**
 * The rows of one side of a regular join, by key in the order of arrival; each knows how many partners it has. Here are
 * those of the keys at hand; all others are in pages, in blocks of a few rows.
 */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { PageLimits } from '../core/keyed-pages.js';
import type { Schema } from '../core/types.js';
import { ChangedBlocks } from './changed-blocks.js';
import { grown, grownTimes } from './grown.js';
import { KeyTable } from './key-table.js';
import { FoundRows, SidePages } from './side-pages.js';
import { SlotStore } from './slot-store.js';

const NONE = -1;
/** Rows of a block. */
const BLOCK_ROWS = 16;

export interface JoinSideSpec {
  readonly schema: Schema;
  /** Columns of the key. */
  readonly keyWidth: number;
  /** Columns by which a row is found again; none where rows are only ever added. */
  readonly identity: readonly number[];
  /** Whether they are there once at a time: another row of the same replaces the one before. */
  readonly isUnique: boolean;
  /** Whether anyone counts the partners of a row. */
  readonly isCounted: boolean;
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
  #block: Int32Array = new Int32Array(0);
  #identity: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** By key id. */
  #head: Int32Array = new Int32Array(0);
  #tail: Int32Array = new Int32Array(0);
  /** By key id: rows, the last block, and rows that it still takes. */
  #count: Int32Array = new Int32Array(0);
  #last: Int32Array = new Int32Array(0);
  #room: Int32Array = new Int32Array(0);
  readonly #changed = new ChangedBlocks();
  #pages: SidePages;
  /** Rows at hand, those forgotten but not met since among them. */
  size = 0;

  constructor(spec: JoinSideSpec) {
    this.#spec = spec;
    this.#store = new SlotStore(spec.schema);
    this.#identities = new KeyTable(spec.identity.length);
    this.#pages = new SidePages(spec);
  }

  limitPages(limits: PageLimits): void {
    this.#pages = new SidePages(this.#spec, limits);
  }

  /** What there is of the keys from `first` on comes to hand. Before `take`. */
  fetch(keys: KeyTable, first: number): void {
    const found = new FoundRows(this.#spec.schema);
    for (let id = first; id < keys.size; id += 1) this.#last[id] = this.#pages.fetch(keys, id, found);
    const { length } = found.ids;
    if (length === 0) return;
    const slots = new Int32Array(length);
    const columns = found.columns.map((column) => column.finish());
    this.#store.add(columns, length, slots);
    this.#reserveSlots();
    const identities = new Int32Array(length);
    if (this.#spec.identity.length > 0) this.#identities.fill(this.#spec.identity.map((column) => columns[column]!), length, identities);
    for (let row = 0; row < length; row += 1) {
      const slot = slots[row]!;
      const id = found.ids[row]!;
      const block = found.blocks[row]!;
      this.partners[slot] = found.partners[row]!;
      this.#touched[slot] = found.touched[row]!;
      this.#identity[slot] = identities[row]!;
      this.#block[slot] = block;
      this.#room[id] = row > 0 && found.ids[row - 1] === id && found.blocks[row - 1] === block ? this.#room[id]! - 1 : BLOCK_ROWS - 1;
      this.#link(id, this.#tail[id]!, slot);
      this.#link(id, slot, NONE);
      this.#count[id]! += 1;
    }
    this.size += length;
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
    this.#count = grown(this.#count, keys, 0);
    this.#last = grown(this.#last, keys, NONE);
    this.#room = grown(this.#room, keys, 0);
  }

  #reserveSlots(): void {
    const { capacity } = this.#store;
    this.partners = grown(this.partners, capacity, 0);
    this.#touched = grownTimes(this.#touched, capacity, 0);
    this.#block = grown(this.#block, capacity, 0);
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
    this.#block[slot] = replaced === NONE ? this.#blockAtEnd(id) : this.#block[replaced]!;
    this.#changed.mark(id, this.#block[slot]!);
    const before = replaced === NONE ? this.#tail[id]! : this.#previous[replaced]!;
    const after = replaced === NONE ? NONE : this.#next[replaced]!;
    this.#link(id, before, slot);
    this.#link(id, slot, after);
    if (replaced !== NONE) this.#store.free(replaced);
    else {
      this.size += 1;
      this.#count[id]! += 1;
    }
    return replaced !== NONE;
  }

  /** The block of a row that comes last. */
  #blockAtEnd(id: number): number {
    if (this.#last[id] === NONE || this.#room[id]! <= 0) {
      this.#last[id]! += 1;
      this.#room[id] = BLOCK_ROWS;
      // It says which block is the last.
      this.#changed.mark(id, 0);
    }
    this.#room[id]! -= 1;
    return this.#last[id]!;
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

  /** The row in `slot` has another number of partners. */
  count(id: number, slot: number, partners: number, now: number): void {
    this.partners[slot] = partners;
    this.#touched[slot] = now;
    this.#changed.mark(id, this.#block[slot]!);
  }

  #find(id: number, identity: number, now: number): number {
    for (let slot = this.first(id, now); slot !== NONE; slot = this.after(id, slot, now)) if (this.#identity[slot] === identity) return slot;
    return NONE;
  }

  #unlink(id: number, slot: number): void {
    this.#link(id, this.#previous[slot]!, this.#next[slot]!);
    this.#store.free(slot);
    this.#changed.mark(id, this.#block[slot]!);
    this.size -= 1;
    this.#count[id]! -= 1;
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

  /** Rows of a key at hand. */
  countOf(id: number): number {
    return this.#count[id]!;
  }

  /** Only the keys `ids`, all of whose changes are written, stay at hand: they become 0, 1, 2 … */
  keep(ids: readonly number[], keys: number): void {
    const isKept = new Uint8Array(keys);
    for (const id of ids) isKept[id] = 1;
    for (let id = 0; id < keys; id += 1) {
      if (isKept[id] === 0) for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) this.#store.free(slot);
    }
    const [head, tail, count, last, room] = [this.#head, this.#tail, this.#count, this.#last, this.#room].map((values) => Int32Array.from(ids, (id) => values[id]!));
    this.#head = head!;
    this.#tail = tail!;
    this.#count = count!;
    this.#last = last!;
    this.#room = room!;
    this.size = this.#count.reduce((sum, one) => sum + one, 0);
    this.#renumberIdentities(ids.length);
  }

  #renumberIdentities(keys: number): void {
    const renumbered = new Map<number, number>();
    for (let id = 0; id < keys; id += 1) {
      for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) {
        const identity = this.#identity[slot]!;
        if (!renumbered.has(identity)) renumbered.set(identity, renumbered.size);
        this.#identity[slot] = renumbered.get(identity)!;
      }
    }
    this.#identities = this.#identities.keeping([...renumbered.keys()]);
  }

  /** Brings the pages up to what is at hand. */
  write(keys: KeyTable): void {
    const rows = { views: this.views(), partners: this.partners, touched: this.#touched };
    for (const [id, changed] of this.#changed.each()) {
      const blocks = this.#blocksToWrite(keys, id, changed);
      for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) blocks.get(this.#block[slot]!)?.push(slot);
      for (const [block, slots] of blocks) {
        if (slots.length > 0 || (block === 0 && this.#count[id]! > 0)) this.#pages.put(keys, id, block, this.#last[id]!, slots, rows);
        else this.#pages.delete(keys, id, block);
      }
    }
    this.#changed.clear();
    this.#pages.settle();
  }

  /** Blocks that changed, for their slots; all where most are nearly empty: then the rows move together. */
  #blocksToWrite(keys: KeyTable, id: number, changed: ReadonlySet<number>): Map<number, number[]> {
    const blocks = new Map<number, number[]>();
    const last = this.#last[id]!;
    const wanted = Math.ceil(this.#count[id]! / BLOCK_ROWS);
    if (last + 1 > 4 * wanted + 4 || wanted === 0) {
      for (let block = 0; block <= last; block += 1) blocks.set(block, []);
      let row = 0;
      for (let slot = this.#head[id]!; slot !== NONE; slot = this.#next[slot]!) this.#block[slot] = Math.floor(row++ / BLOCK_ROWS);
      this.#last[id] = wanted - 1;
      this.#room[id] = wanted * BLOCK_ROWS - row;
      return blocks;
    }
    for (const block of changed) blocks.set(block, []);
    // It may have been forgotten since, and the others with it.
    if (!this.#pages.has(keys, id, 0)) blocks.set(0, []);
    return blocks;
  }

  /** Forgets what is over and not at hand, a little with each call. */
  sweep(now: number): void {
    this.#pages.sweep(now);
  }

  snapshot(writer: ByteWriter): Uint8Array[] {
    return this.#pages.snapshot(writer);
  }

  /** Into a new side; nothing is at hand. Takes its pages from the beginning of `pages`, and returns those behind. */
  restore(reader: ByteReader, pages: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.#pages.restore(reader, pages);
  }
}
