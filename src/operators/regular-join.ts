/**
 * Every pair of rows of two tables that match, kept up to date as either changes; kinds of rows, and their order, are
 * those of Flink. A row of an outer side counts its partners: with the first it is taken back as a row without any, with
 * the last it comes back as such.
 *
 * Rows are in pages but those of keys met lately, which are at hand.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { usualPages, type PageLimits } from '../core/keyed-pages.js';
import { DELETE, INSERT, isAdded } from '../core/row-kind.js';
import { JoinSide } from './join-side.js';
import type { JoinSpec } from './join.js';
import { KeyTable } from './key-table.js';
import { noRows, type Chunk, type Report, type Rows, type TwoInputOperator, type WatermarkPath } from './operator.js';
import { Pairs } from './pairs.js';

export interface RegularJoinSpec extends JoinSpec {
  /** Milliseconds of `now` after which a row of the side that was not touched is forgotten. */
  readonly ttl: readonly [number | null, number | null];
  /** Columns by which a row of the side is found again when it is taken back. */
  readonly identities: readonly [readonly number[], readonly number[]];
  /** Whether these are there once at a time. */
  readonly unique: readonly [boolean, boolean];
}

/** A key of more rows stays at hand while it is in use: they are not read and written again and again. */
const ROWS_MANY = 64;
/** Rows at hand are at most so many times the keys. */
const ROWS_A_KEY = 4;

type Side = 0 | 1;

export class RegularJoin implements TwoInputOperator {
  readonly name: string;
  readonly #spec: RegularJoinSpec;
  readonly #outer: readonly [boolean, boolean];
  #keys: KeyTable;
  readonly #sides: readonly [JoinSide, JoinSide];
  readonly #ids: [Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0)];
  /** By key id: 1 where a part of the key is NULL, which equals nothing; and how many ids have been looked at. */
  #isNull = new Uint8Array(0);
  #known = 0;
  #keysAtHand = usualPages.keysAtHand;
  /** Keys and rows at hand at which they go to the pages. */
  #putAwayAt = { keys: usualPages.keysAtHand, rows: usualPages.keysAtHand * ROWS_A_KEY };
  /** Key ids that have been looked for in the pages. */
  #fetched = 0;
  /** What leaves, by slot; and its kinds. */
  readonly #pairs = new Pairs();
  #kinds: number[] = [];
  /** The row under way: chunk row that released it, and the latest event time among the rows that it released. */
  #released = -1;
  #time = -Infinity;

  constructor(spec: RegularJoinSpec) {
    this.name = spec.name;
    this.#spec = spec;
    const { type } = spec;
    this.#outer = [type === 'left' || type === 'full' || type === 'semi' || type === 'anti', type === 'right' || type === 'full'];
    this.#keys = new KeyTable(spec.keys.left.length);
    this.#sides = this.#newSides();
  }

  limitPages(limits: PageLimits): void {
    for (const side of this.#sides) side.limitPages(limits);
    this.#keysAtHand = limits.keysAtHand;
    this.#putAwayAt = { keys: limits.keysAtHand, rows: limits.keysAtHand * ROWS_A_KEY };
  }

  process(left: Rows, right: Rows, chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report]): Rows {
    const total = left.batch.length + right.batch.length;
    if (total === 0) return noRows;
    this.#intern([left, right]);
    const now = watermark.now ?? null;
    this.#pairs.clear();
    this.#kinds = [];
    this.#released = -1;
    let l = 0;
    let r = 0;
    while (l + r < total) {
      const side: Side = r === right.batch.length || (l < left.batch.length && left.released[l]! <= right.released[r]!) ? 0 : 1;
      const rows = side === 0 ? left : right;
      const row = side === 0 ? l++ : r++;
      this.#begin(rows, row);
      this.#take(side, row, rows.kinds?.[row] ?? INSERT, now === null ? 0 : now[rows.released[row]!]!, reports[0]);
    }
    const out = this.#rows();
    if (this.#keys.size > this.#putAwayAt.keys || this.#sides[0].size + this.#sides[1].size > this.#putAwayAt.rows) this.#putAway([left.batch.length, right.batch.length]);
    if (now !== null) for (const side of this.#sides) side.sweep(now[chunk.to - 1]!);
    return out;
  }

  #intern(inputs: readonly [Rows, Rows]): void {
    const { keys } = this.#spec;
    inputs.forEach(({ batch: { columns, length } }, side) => {
      if (length === 0) return;
      if (this.#ids[side]!.length < length) this.#ids[side as Side] = new Int32Array(length * 2);
      this.#keys.fill((side === 0 ? keys.left : keys.right).map((column) => columns[column]!), length, this.#ids[side]!);
    });
    this.#reserve();
    for (const side of this.#sides) side.fetch(this.#keys, this.#fetched);
    this.#fetched = this.#keys.size;
    inputs.forEach(({ batch }, side) => this.#sides[side as Side].take(batch));
  }

  #reserve(): void {
    const { size, width } = this.#keys;
    for (const side of this.#sides) side.reserve(size);
    if (this.#isNull.length < size) {
      const longer = new Uint8Array(size * 2);
      longer.set(this.#isNull);
      this.#isNull = longer;
    }
    for (; this.#known < size; this.#known += 1) {
      this.#isNull[this.#known] = 0;
      for (let part = 0; part < width; part += 1) if (this.#keys.value(part, this.#known) === null) this.#isNull[this.#known] = 1;
    }
  }

  /** What one row causes leaves in one piece: no later row with an earlier time may come before it. */
  #begin(rows: Rows, row: number): void {
    const released = rows.released[row]!;
    const time = rows.time[row]!;
    this.#time = released === this.#released && this.#time > time ? this.#time : time;
    this.#released = released;
  }

  #take(side: Side, row: number, kind: number, now: number, report: Report): void {
    const id = this.#ids[side][row]!;
    const { type } = this.#spec;
    if (this.#isNull[id] === 1) this.#takeAlone(side, row, kind);
    else if (type === 'semi' || type === 'anti') {
      if (side === 0) this.#takeTested(id, row, kind, now, type === 'semi', report);
      else this.#takeWitness(id, row, kind, now, type === 'semi', report);
    } else if (isAdded(kind)) this.#add(side, id, row, kind, now, report);
    else this.#retract(side, id, row, kind, now, report);
  }

  /** A row whose key is NULL has no partner, ever. */
  #takeAlone(side: Side, row: number, kind: number): void {
    const own = this.#sides[side];
    const { type } = this.#spec;
    if (type === 'anti' ? side === 0 : type !== 'semi' && this.#outer[side]) this.#emit(side, own.slots[row]!, -1, type === 'anti' ? kind : isAdded(kind) ? INSERT : DELETE);
    own.pass(row);
  }

  #add(side: Side, id: number, row: number, kind: number, now: number, report: Report): void {
    const own = this.#sides[side];
    const others = this.#sides[1 - side as Side];
    const slot = own.slots[row]!;
    const isOuter = this.#outer[side];
    const countsHere = this.#outer[1 - side]!;
    const matches = this.#matches(side, id, slot, now, report);
    const replaces = own.add(id, row, matches.length, now);
    if (isOuter && matches.length === 0) this.#emit(side, slot, -1, INSERT);
    for (const other of matches) {
      if (countsHere) {
        const count = others.partners[other]!;
        if (count === 0 || faults.partnersNotCounted) this.#emit(1 - side as Side, other, -1, DELETE);
        if (count === 0 || !replaces) others.count(id, other, count + 1, now);
      }
      this.#emit(side, slot, other, isOuter || countsHere ? INSERT : kind);
    }
  }

  #retract(side: Side, id: number, row: number, kind: number, now: number, report: Report): void {
    const own = this.#sides[side];
    const others = this.#sides[1 - side as Side];
    const slot = own.slots[row]!;
    const isOuter = this.#outer[side];
    const matches = this.#matches(side, id, slot, now, report);
    own.remove(id, row, now);
    if (isOuter && matches.length === 0) this.#emit(side, slot, -1, DELETE);
    for (const other of matches) {
      this.#emit(side, slot, other, isOuter ? DELETE : kind);
      if (!this.#outer[1 - side]) continue;
      const count = others.partners[other]!;
      if (count === 1) this.#emit(1 - side as Side, other, -1, INSERT);
      others.count(id, other, count - 1, now);
    }
  }

  /** The left's row of a semi or anti join: it leaves if a partner is there, or if none is. */
  #takeTested(id: number, row: number, kind: number, now: number, wanted: boolean, report: Report): void {
    const own = this.#sides[0];
    const slot = own.slots[row]!;
    const matches = this.#matches(0, id, slot, now, report);
    if (matches.length > 0 === wanted) this.#emit(0, slot, -1, kind);
    if (isAdded(kind)) own.add(id, row, matches.length, now);
    else own.remove(id, row, now);
  }

  /** The right's row of a semi or anti join: with the first partner, or after the last, the left's rows come and go. */
  #takeWitness(id: number, row: number, kind: number, now: number, wanted: boolean, report: Report): void {
    const own = this.#sides[1];
    const tested = this.#sides[0];
    const matches = this.#matches(1, id, own.slots[row]!, now, report);
    const added = isAdded(kind);
    if (added) own.add(id, row, 0, now);
    else own.remove(id, row, now);
    for (const other of matches) {
      const count = tested.partners[other]!;
      if (count === (added ? 0 : 1)) this.#emit(0, other, -1, wanted ? kind : added ? DELETE : INSERT);
      tested.count(id, other, count + (added ? 1 : -1), now);
    }
  }

  /** Slots of the other side's rows that match the row in `slot`, in the order of their arrival. */
  #matches(side: Side, id: number, slot: number, now: number, report: Report): readonly number[] {
    const others = this.#sides[1 - side as Side];
    const found: number[] = [];
    for (let other = others.first(id, now); other >= 0; other = others.after(id, other, now)) found.push(other);
    if (this.#spec.condition === null || found.length === 0) return found;
    const pairs = new Pairs();
    for (const other of found) pairs.add(side === 0 ? slot : other, side === 0 ? other : slot, this.#released, this.#time);
    pairs.match(this.#spec, [this.#sides[0].views(), this.#sides[1].views()], report);
    return Array.from((side === 0 ? pairs.right : pairs.left).subarray(0, pairs.length));
  }

  /** A row of `side`, with one of the other side or alone. */
  #emit(side: Side, slot: number, other: number, kind: number): void {
    this.#pairs.add(side === 0 ? slot : other, side === 0 ? other : slot, this.#released, this.#time);
    this.#kinds.push(kind);
  }

  #rows(): Rows {
    const { type } = this.#spec;
    const kinds = this.#kinds.some((kind) => kind !== INSERT) ? Uint8Array.from(this.#kinds) : undefined;
    const lefts = this.#sides[0].views();
    return { ...this.#pairs.rows(lefts, type === 'semi' || type === 'anti' ? null : this.#sides[1].views()), kinds };
  }

  /** Nothing is at hand but keys of many rows, if the chunk that was taken, of so many rows on each side, has met them. */
  #putAway(lengths: readonly [number, number]): void {
    const { size } = this.#keys;
    const isMet = new Uint8Array(size);
    lengths.forEach((length, side) => { for (let row = 0; row < length; row += 1) isMet[this.#ids[side]![row]!] = 1; });
    const kept: number[] = [];
    for (let id = 0; id < size; id += 1) {
      if (isMet[id] === 1 && this.#sides[0].countOf(id) + this.#sides[1].countOf(id) > ROWS_MANY) kept.push(id);
    }
    for (const side of this.#sides) {
      side.write(this.#keys);
      side.keep(kept, size);
    }
    this.#keys = this.#keys.keeping(kept);
    this.#fetched = kept.length;
    this.#known = 0;
    this.#reserve();
    const rows = this.#sides[0].size + this.#sides[1].size;
    this.#putAwayAt = { keys: Math.max(this.#keysAtHand, 2 * kept.length), rows: Math.max(this.#keysAtHand * ROWS_A_KEY, 2 * rows) };
  }

  #newSides(): readonly [JoinSide, JoinSide] {
    const { inputs, identities, unique, ttl, keys } = this.#spec;
    const side = (index: Side): JoinSide => new JoinSide({
      schema: inputs[index], keyWidth: keys.left.length, identity: identities[index], isUnique: unique[index], isCounted: this.#outer[index], ttl: ttl[index],
    });
    return [side(0), side(1)];
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    return this.#sides.flatMap((side) => {
      side.write(this.#keys);
      return side.snapshot(writer);
    });
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#sides.reduce((rest, side) => side.restore(reader, rest), pages);
  }
}
