/** MIN and MAX, FIRST_VALUE and LAST_VALUE, LAG: accumulators that keep values rather than sums. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { assert } from '../core/errors.js';
import { faults } from '../core/faults.js';
import type { Column } from '../core/batch.js';
import { ArgumentReader, compareValues, type Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';

export type Value = number | bigint | string;

/** Smallest (sign −1) or greatest (+1) value of rows that never leave. State: one object. */
export class ExtremeAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 0;
  readonly objectWidth = 1;

  constructor(readonly sign: 1 | -1) {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.addValue(cells, slot, this.valueAt(row));
  }

  retract(): void {
    assert(false, 'rows of a window or an unbounded frame do not leave');
  }

  addValue(cells: Cells, slot: number, value: unknown): void {
    const at = slot * cells.objectWidth + this.objectAt;
    const current = cells.objects[at];
    if (current === undefined || compareValues(value as Value, current as Value) * this.sign > 0) cells.objects[at] = value;
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const other = from.objects[fromSlot * from.objectWidth + this.objectAt];
    if (other !== undefined) this.addValue(cells, slot, other);
  }

  value(cells: Cells, slot: number): Value | null {
    return (cells.objects[slot * cells.objectWidth + this.objectAt] as Value | undefined) ?? null;
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    writer.physical(this.value(cells, slot));
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    cells.objects[slot * cells.objectWidth + this.objectAt] = reader.physical() ?? undefined;
  }
}

/** MIN or MAX of doubles, times and small integers that never leave. State: [count, value]. */
export class RealExtremeAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 2;
  readonly objectWidth = 0;

  constructor(readonly sign: 1 | -1) {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#take(cells.reals, slot * cells.realWidth + this.realAt, (this.values as Float64Array)[row]!);
  }

  addAll({ reals, realWidth }: Cells, slots: Int32Array, from: number, to: number): void {
    const { realAt, sign } = this;
    const values = this.values as Float64Array;
    for (let row = from; row < to; row += 1) {
      const at = slots[row]! * realWidth + realAt;
      const value = values[row]!;
      const current = reals[at + 1]!;
      // As a rule it is another trade of a key that has had some, at no new extreme.
      if (reals[at] === 0 || !(sign > 0 ? value < current : value > current)) this.#take(reals, at, value);
    }
  }

  retract(): void {
    assert(false, 'rows of a window or an unbounded frame do not leave');
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const other = fromSlot * from.realWidth + this.realAt;
    if (from.reals[other]! > 0) this.#take(cells.reals, slot * cells.realWidth + this.realAt, from.reals[other + 1]!);
  }

  value(cells: Cells, slot: number): Value | null {
    const at = slot * cells.realWidth + this.realAt;
    return cells.reals[at]! > 0 ? cells.reals[at + 1]! : null;
  }

  #take(reals: Float64Array, at: number, value: number): void {
    if (reals[at] === 0) {
      reals[at] = 1;
      reals[at + 1] = faults.extremesStartAtZero && value * this.sign < 0 ? 0 : value;
      return;
    }
    const current = reals[at + 1]!;
    // The plain comparison settles all but ties, zeros and NaN.
    if (this.sign > 0 ? value > current : value < current) reals[at + 1] = value;
    else if (!(this.sign > 0 ? value < current : value > current) && compareValues(value, current) * this.sign > 0) reals[at + 1] = value;
  }
}

/** First (sign −1) or last (+1) value that is not NULL, by event time, ties by arrival. State: [time], [value]. */
export class EdgeAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 1;
  readonly objectWidth = 1;

  constructor(readonly sign: 1 | -1) {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#take(cells, slot, this.time[row]!, this.valueAt(row));
  }

  retract(): void {
    assert(false, 'rows of a window or an unbounded frame do not leave');
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const value = from.objects[fromSlot * from.objectWidth + this.objectAt];
    if (value !== undefined) this.#take(cells, slot, from.reals[fromSlot * from.realWidth + this.realAt]!, value);
  }

  value(cells: Cells, slot: number): Value | null {
    return (cells.objects[slot * cells.objectWidth + this.objectAt] as Value | undefined) ?? null;
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    writer.physical(this.value(cells, slot));
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    cells.objects[slot * cells.objectWidth + this.objectAt] = reader.physical() ?? undefined;
  }

  #take(cells: Cells, slot: number, time: number, value: unknown): void {
    const at = slot * cells.objectWidth + this.objectAt;
    const realAt = slot * cells.realWidth + this.realAt;
    const current = cells.reals[realAt]!;
    if (cells.objects[at] !== undefined && (this.sign > 0 ? time < current : time >= current)) return;
    cells.reals[realAt] = time;
    cells.objects[at] = value;
  }
}

/** As `EdgeAccumulator`, of doubles, times and small integers: no number is boxed. State: [1 once there is one, time, value]. */
export class RealEdgeAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 3;
  readonly objectWidth = 0;

  constructor(readonly sign: 1 | -1) {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#take(cells, slot, this.time[row]!, (this.values as Float64Array)[row]!);
  }

  retract(): void {
    assert(false, 'rows of a window or an unbounded frame do not leave');
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const at = fromSlot * from.realWidth + this.realAt;
    if (from.reals[at] === 1) this.#take(cells, slot, from.reals[at + 1]!, from.reals[at + 2]!);
  }

  value(cells: Cells, slot: number): Value | null {
    const at = slot * cells.realWidth + this.realAt;
    return cells.reals[at] === 1 ? cells.reals[at + 2]! : null;
  }

  #take(cells: Cells, slot: number, time: number, value: number): void {
    const at = slot * cells.realWidth + this.realAt;
    const { reals } = cells;
    if (reals[at] === 1 && (this.sign > 0 ? time < reals[at + 1]! : time >= reals[at + 1]!)) return;
    reals[at] = 1;
    reals[at + 1] = time;
    reals[at + 2] = value;
  }
}

/** Rows of a frame that may still be its extreme or edge, oldest first: pool rows and their values. */
class Candidates {
  rows: number[] = [];
  values: Value[] = [];
  head = 0;

  dropHead(row: number): void {
    if (this.head < this.rows.length && this.rows[this.head] === row) this.head += 1;
    if (this.head > 32 && this.head * 2 > this.rows.length) {
      this.rows = this.rows.slice(this.head);
      this.values = this.values.slice(this.head);
      this.head = 0;
    }
  }
}

/** MIN, MAX, FIRST_VALUE or LAST_VALUE of a frame whose oldest rows leave. State: one `Candidates`. */
export class SlidingAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 0;
  readonly objectWidth = 1;

  constructor(readonly keeps: 'min' | 'max' | 'first' | 'last') {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.objectWidth + this.objectAt;
    const candidates = (cells.objects[at] ??= new Candidates()) as Candidates;
    const value = this.valueAt(row) as Value;
    if (this.keeps === 'min' || this.keeps === 'max') {
      const sign = this.keeps === 'max' ? 1 : -1;
      // A row that came earlier and is not better can never be the extreme again.
      while (candidates.rows.length > candidates.head && compareValues(value, candidates.values[candidates.values.length - 1]!) * sign >= 0) {
        candidates.rows.pop();
        candidates.values.pop();
      }
    }
    candidates.rows.push(row);
    candidates.values.push(value);
  }

  retract(cells: Cells, slot: number, row: number): void {
    const candidates = cells.objects[slot * cells.objectWidth + this.objectAt] as Candidates | undefined;
    candidates?.dropHead(row);
  }

  merge(): void {
    assert(false, 'frames are not merged');
  }

  value(cells: Cells, slot: number): Value | null {
    const candidates = cells.objects[slot * cells.objectWidth + this.objectAt] as Candidates | undefined;
    if (candidates === undefined || candidates.rows.length === candidates.head) return null;
    return candidates.values[this.keeps === 'last' ? candidates.values.length - 1 : candidates.head]!;
  }
}

/** The value `offset` rows before the last row taken in, by (event time, arrival). State: the last values and the last default. */
export class LagAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 0;
  readonly objectWidth = 2;
  #default = new DefaultReader();

  constructor(readonly offset: number) {
    super();
  }

  bindDefault(column: Column): void {
    this.#default.bind(column, null, this.time);
  }

  add(cells: Cells, slot: number, row: number): void {
    const at = slot * cells.objectWidth + this.objectAt;
    const values = (cells.objects[at] ??= []) as (Value | null)[];
    values.push(this.takes(row) ? (this.valueAt(row) as Value) : null);
    if (values.length > this.offset + 1) values.shift();
    cells.objects[at + 1] = this.#default.at(row);
  }

  retract(): void {}

  merge(): void {
    assert(false, 'frames are not merged');
  }

  value(cells: Cells, slot: number): Value | null {
    const at = slot * cells.objectWidth + this.objectAt;
    const values = (cells.objects[at] ?? []) as (Value | null)[];
    return values.length > this.offset ? values[values.length - 1 - this.offset]! : ((cells.objects[at + 1] ?? null) as Value | null);
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    const at = slot * cells.objectWidth + this.objectAt;
    const values = (cells.objects[at] ?? []) as (Value | null)[];
    writer.varint(values.length);
    for (const value of values) writer.physical(value);
    writer.physical((cells.objects[at + 1] ?? null) as Value | null);
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    const at = slot * cells.objectWidth + this.objectAt;
    const length = reader.varint();
    cells.objects[at] = Array.from({ length }, () => reader.physical());
    cells.objects[at + 1] = reader.physical();
  }
}

/** LAG's third argument. Not bound: NULL. */
class DefaultReader extends ArgumentReader {
  #bound = false;

  override bind(argument: Column | null, filter: Column | null, time: Float64Array): void {
    this.#bound = true;
    super.bind(argument, filter, time);
  }

  at(row: number): unknown {
    return this.#bound && this.takes(row) ? this.valueAt(row) : null;
  }
}
