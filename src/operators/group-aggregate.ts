/**
 * Aggregates of groups that never end: each row that comes in replaces its group's result at once, by Flink's rule. The
 * first row of a group adds a result, later ones take the old back and give the new where they differ, and a group whose
 * rows were all taken back is deleted. FIRST_VALUE and LAST_VALUE go by arrival.
 *
 * All groups are in pages but those that changed lately, which are at hand: they go to the pages when they are too many,
 * and when a snapshot is taken.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { KeyedPages, usualPages, type PageLimits } from '../core/keyed-pages.js';
import { writePacked } from '../core/packed.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE, isAdded } from '../core/row-kind.js';
import { storageOf, type Physical, type Schema } from '../core/types.js';
import type { AggregateCall } from '../plan/plan.js';
import { bindAggregates, planAggregates, type AggregatePlan } from './aggregates.js';
import { Cells } from './cells.js';
import { ChangeRows } from './change-rows.js';
import { KeyTable } from './key-table.js';
import { noRows, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { PageSweep } from './page-sweep.js';
import { TimeToLive, nowAt } from './time-to-live.js';

export interface GroupAggregateSpec {
  readonly name: string;
  readonly input: Schema;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  /** Milliseconds of `now` after which a group that was not touched is forgotten. */
  readonly ttl: number | null;
  /** Whether the input takes rows back. */
  readonly retracts: boolean;
}

/** A result that could not be computed: of which call, and why. */
interface Failure {
  readonly call: number;
  readonly error: string;
}

export class GroupAggregate implements Operator {
  readonly name: string;
  readonly #spec: GroupAggregateSpec;
  readonly #plan: AggregatePlan;
  /** One row to read a result from. */
  readonly #scratch: readonly ColumnBuilder[];
  readonly #given: Schema;
  #pages = new KeyedPages();
  #keysAtHand = usualPages.keysAtHand;
  #keys: KeyTable;
  /** By key id: the slot of the group's state; -1: it is not at hand, or there is none. */
  #slots: Int32Array = new Int32Array(64).fill(-1);
  #free: number[] = [];
  #cells: Cells;
  /** By slot: rows that are there, and the result that was given last; null: it could not be computed. */
  #counts: number[] = [];
  #results: (readonly Physical[] | null)[] = [];
  /** By slot: whether the pages have it otherwise. */
  #isChanged: boolean[] = [];
  readonly #ttl: TimeToLive;
  #pageSweep = new PageSweep(usualPages);
  #ids = new Int32Array(0);

  constructor(spec: GroupAggregateSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#plan = planAggregates(spec.aggregates, spec.input, spec.retracts ? 'any' : 'never');
    this.#scratch = spec.aggregates.map((call) => new ColumnBuilder(storageOf(call.type), 1));
    this.#given = [...spec.keys.map((key) => spec.input[key]!), ...spec.aggregates.map(({ name, type }) => ({ name, type }))];
    this.#keys = new KeyTable(spec.keys.length);
    this.#cells = new Cells(this.#plan.realWidth, this.#plan.objectWidth);
    this.#ttl = new TimeToLive(spec.ttl);
  }

  limitPages(limits: PageLimits): void {
    this.#pages = new KeyedPages(limits);
    this.#pageSweep = new PageSweep(limits);
    this.#keysAtHand = limits.keysAtHand;
  }

  process(rows: Rows, _chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    const { columns, length } = rows.batch;
    if (length === 0) return noRows;
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    const ids = this.#ids;
    this.#keys.fill(this.#spec.keys.map((column) => columns[column]!), length, ids);
    this.#growSlots(this.#keys.size);
    // One time for all: what comes first and last is a matter of arrival.
    bindAggregates(this.#plan, columns, new Float64Array(length));
    const changes = new ChangeRows(this.#given);
    for (let row = 0; row < length; row += 1) {
      const added = rows.kinds === undefined || isAdded(rows.kinds[row]!);
      if (!added && faults.retractionLeftOut) continue;
      this.#take(row, ids[row]!, added, rows, nowAt(watermark.now, rows.released[row]!), changes, report);
    }
    if (this.#keys.size > this.#keysAtHand) this.#putAway();
    this.#sweep(nowAt(watermark.now, rows.released[length - 1]!));
    return changes.finish();
  }

  #take(row: number, id: number, added: boolean, { released, time }: Rows, now: number, changes: ChangeRows, report: Report): void {
    let slot = this.#slots[id]!;
    if (slot < 0) slot = this.#fetch(id);
    if (slot >= 0 && this.#ttl.isOver(slot, now)) {
      this.#close(id);
      slot = -1;
    }
    const isFirst = slot < 0;
    if (isFirst) {
      // What it takes back was forgotten.
      if (!added) return;
      slot = this.#open(id);
    }
    for (const accumulator of this.#plan.accumulators) {
      if (added) accumulator.add(this.#cells, slot, row);
      else accumulator.retract(this.#cells, slot, row);
    }
    this.#counts[slot]! += added ? 1 : -1;
    this.#isChanged[slot] = true;
    const before = this.#results[slot]!;
    if (this.#counts[slot] === 0) {
      if (before !== null) this.#give(changes, DELETE, id, before, released[row]!, time[row]!);
      this.#close(id);
      return;
    }
    this.#ttl.touch(slot, now);
    const failure = this.#compute(slot);
    const after = this.#results[slot]!;
    if (failure !== null) this.#report(failure, id, released[row]!, time[row]!, report);
    if (before === null || after === null) {
      if (before !== null) this.#give(changes, DELETE, id, before, released[row]!, time[row]!);
      if (after !== null) this.#give(changes, INSERT, id, after, released[row]!, time[row]!);
    } else if (this.#spec.ttl !== null || !isSame(before, after)) {
      // With a time-to-live, operators above would forget what is not given again.
      this.#give(changes, UPDATE_BEFORE, id, before, released[row]!, time[row]!);
      this.#give(changes, UPDATE_AFTER, id, after, released[row]!, time[row]!);
    }
  }

  #give(changes: ChangeRows, kind: number, id: number, result: readonly Physical[], released: number, time: number): void {
    const width = this.#spec.keys.length;
    for (let part = 0; part < width; part += 1) changes.columns[part]!.append(this.#keys.value(part, id));
    for (let call = 0; call < result.length; call += 1) changes.columns[width + call]!.append(result[call]!);
    changes.add(kind, released, time);
  }

  /** Reads the results of a group; null where all could be computed. */
  #compute(slot: number): Failure | null {
    let failure: Failure | null = null;
    const { results } = this.#plan;
    const values = new Array<Physical>(results.length);
    for (let call = 0; call < results.length; call += 1) {
      const out = this.#scratch[call]!;
      const error = results[call]!.write(this.#cells, slot, out);
      if (error === null) values[call] = taken(out);
      else failure ??= { call, error };
    }
    this.#results[slot] = failure === null ? values : null;
    return failure;
  }

  #report({ call, error }: Failure, id: number, released: number, time: number, report: Report): void {
    const { keys, input, aggregates } = this.#spec;
    const parts = keys.map((key, part) => [input[key]!.name, printable(this.#keys.value(part, id))]);
    report.failed({ released, time, place: aggregates[call]!.place, error, row: JSON.stringify(Object.fromEntries(parts)) });
  }

  #open(id: number): number {
    const slot = this.#free.pop() ?? this.#cells.allocate();
    this.#slots[id] = slot;
    this.#counts[slot] = 0;
    this.#results[slot] = null;
    this.#isChanged[slot] = false;
    return slot;
  }

  /** The slot of a group that is in the pages, where it comes to hand; -1: there is none. */
  #fetch(id: number): number {
    const address = this.#find(id);
    if (address < 0) return -1;
    const slot = this.#open(id);
    const reader = this.#pages.valueAt(address);
    if (this.#spec.ttl !== null) this.#ttl.touch(slot, reader.f64());
    this.#counts[slot] = reader.varint();
    this.#cells.loadSlot(reader, slot);
    for (const accumulator of this.#plan.accumulators) accumulator.load(reader, this.#cells, slot);
    this.#compute(slot);
    return slot;
  }

  #find(id: number): number {
    if (this.#pages.size === 0) return -1;
    this.#writeKey(id);
    return this.#pages.find();
  }

  #writeKey(id: number): void {
    this.#pages.key.reset();
    for (let part = 0; part < this.#keys.width; part += 1) writePacked(this.#pages.key, this.#keys.value(part, id));
  }

  /** The group is no more. */
  #close(id: number): void {
    const slot = this.#slots[id]!;
    this.#cells.reset(slot);
    this.#results[slot] = null;
    this.#free.push(slot);
    this.#slots[id] = -1;
    this.#pages.delete(this.#find(id));
  }

  #growSlots(size: number): void {
    if (size <= this.#slots.length) return;
    const larger = new Int32Array(Math.max(size, this.#slots.length * 2)).fill(-1);
    larger.set(this.#slots);
    this.#slots = larger;
  }

  /** Brings the pages up to what is at hand. */
  #writeChanged(): void {
    const { size } = this.#keys;
    for (let id = 0; id < size; id += 1) {
      const slot = this.#slots[id] ?? -1;
      if (slot >= 0 && this.#isChanged[slot]!) this.#write(id, slot);
    }
    this.#pages.settle();
  }

  #write(id: number, slot: number): void {
    const { value } = this.#pages;
    value.reset();
    if (this.#spec.ttl !== null) value.f64(this.#ttl.touchedAt(slot));
    value.varint(this.#counts[slot]!);
    this.#cells.saveSlot(value, slot);
    for (const accumulator of this.#plan.accumulators) accumulator.save(value, this.#cells, slot);
    this.#writeKey(id);
    this.#pages.put(this.#pages.find());
    this.#isChanged[slot] = false;
  }

  /** Nothing is at hand. */
  #putAway(): void {
    this.#writeChanged();
    this.#keys = new KeyTable(this.#spec.keys.length);
    this.#slots.fill(-1);
    this.#cells.clear();
    this.#free = [];
    this.#counts = [];
    this.#results = [];
    this.#isChanged = [];
  }

  /** Forgets what is over, so that memory follows what is kept; what is at hand comes back if it changes. */
  #sweep(now: number): void {
    const { ttl } = this.#spec;
    if (ttl !== null) this.#pageSweep.step(this.#pages, (value) => now - value.f64() > ttl);
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    this.#writeChanged();
    return this.#pages.snapshot(writer);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#pages.restore(reader, pages);
  }
}

/** As Flink compares results: NaN differs from itself. */
function isSame(before: readonly Physical[], after: readonly Physical[]): boolean {
  for (let call = 0; call < before.length; call += 1) if (before[call] !== after[call]) return false;
  return true;
}

/** The only row of a column, which is empty again. */
function taken(out: ColumnBuilder): Physical {
  const isNull = out.nulls?.[0] === 1;
  const value = isNull ? null : out.objects.length > 0 ? out.objects[0]! : out.reals[0]!;
  out.length = 0;
  out.objects.length = 0;
  if (isNull) out.nulls![0] = 0;
  return value;
}

/** A part of a key as JSON can hold it. */
function printable(value: Physical): number | string | boolean | null {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? String(value) : value;
}
