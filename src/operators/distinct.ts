/** DISTINCT: hands each value to the accumulator inside once, however often it occurs. State: a map of counts. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ArgumentReader, type Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';

export interface ValueAccumulator extends Accumulator {
  addValue(cells: Cells, slot: number, value: unknown, sign: number): void;
}

/** Keys of maps: as in Flink, −0 is another value than 0, which a map takes for the same. */
const minusZero = Symbol('-0');
export const keyOf = (value: unknown): unknown => (Object.is(value, -0) ? minusZero : value);
export const valueOf = (key: unknown): unknown => (key === minusZero ? -0 : key);

export class DistinctAccumulator<Inner extends ValueAccumulator> extends ArgumentReader implements Accumulator {
  readonly realWidth: number;
  readonly objectWidth: number;

  constructor(readonly inner: Inner) {
    super();
    this.realWidth = inner.realWidth;
    this.objectWidth = inner.objectWidth + 1;
  }

  override place(realAt: number, objectAt: number): void {
    super.place(realAt, objectAt);
    this.inner.place(realAt, objectAt + 1);
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#change(cells, slot, this.valueAt(row), 1);
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#change(cells, slot, this.valueAt(row), -1);
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const counts = from.objects[fromSlot * from.objectWidth + this.objectAt] as Map<unknown, number> | undefined;
    if (counts === undefined) return;
    for (const [key, count] of counts) this.#change(cells, slot, valueOf(key), count);
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    const counts = cells.objects[slot * cells.objectWidth + this.objectAt] as Map<unknown, number> | undefined;
    writer.varint(counts?.size ?? 0);
    for (const [key, count] of counts ?? []) {
      writer.physical(valueOf(key) as number | bigint | string);
      writer.varint(count);
    }
    this.inner.save(writer, cells, slot);
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    const counts = new Map<unknown, number>();
    for (let left = reader.varint(); left > 0; left -= 1) {
      const value = reader.physical();
      counts.set(keyOf(value), reader.varint());
    }
    cells.objects[slot * cells.objectWidth + this.objectAt] = counts;
    this.inner.load(reader, cells, slot);
  }

  #change(cells: Cells, slot: number, value: unknown, change: number): void {
    const at = slot * cells.objectWidth + this.objectAt;
    const counts = (cells.objects[at] ??= new Map()) as Map<unknown, number>;
    const key = keyOf(value);
    const before = counts.get(key) ?? 0;
    // A value taken back that is not there belongs to a group that was forgotten since.
    const after = Math.max(0, before + change);
    if (after === 0) counts.delete(key);
    else counts.set(key, after);
    if (before === 0 && after > 0) this.inner.addValue(cells, slot, value, 1);
    else if (before > 0 && after === 0) this.inner.addValue(cells, slot, value, -1);
  }
}
