/** The state of the accumulators of one pane or one operator: a row of numbers and a row of objects per slot. */
import { Spills } from '../core/exact-sum.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { readPacked, writePacked } from '../core/packed.js';

export class Cells {
  reals: Float64Array;
  objects: unknown[] = [];
  /** What exact sums cannot hold in their few doubles; keyed by the sum's index in `reals`. */
  readonly spills = new Spills();
  size = 0;

  constructor(readonly realWidth: number, readonly objectWidth: number, capacity = 16) {
    this.reals = new Float64Array(capacity * realWidth);
  }

  /** A new slot, all zero and undefined. */
  allocate(): number {
    const slot = this.size;
    this.size += 1;
    const needed = this.size * this.realWidth;
    if (needed > this.reals.length) {
      const larger = new Float64Array(Math.max(needed, this.reals.length * 2, 64));
      larger.set(this.reals);
      this.reals = larger;
    }
    for (let k = 0; k < this.objectWidth; k += 1) this.objects.push(undefined);
    return slot;
  }

  /** Room for so many slots in all, without another growth. */
  reserve(slots: number): void {
    if (slots * this.realWidth <= this.reals.length) return;
    const larger = new Float64Array(slots * this.realWidth);
    larger.set(this.reals);
    this.reals = larger;
  }

  /** Makes a slot as good as new. */
  reset(slot: number): void {
    const from = slot * this.realWidth;
    const to = from + this.realWidth;
    this.reals.fill(0, from, to);
    this.objects.fill(undefined, slot * this.objectWidth, (slot + 1) * this.objectWidth);
    if (!this.spills.isEmpty) for (let at = from; at < to; at += 1) this.spills.delete(at);
  }

  clear(): void {
    this.reals.fill(0, 0, this.size * this.realWidth);
    this.objects.length = 0;
    this.spills.clear();
    this.size = 0;
  }

  snapshot(writer: ByteWriter): void {
    writer.varint(this.size);
    writer.float64Array(this.reals.subarray(0, this.size * this.realWidth));
    this.spills.snapshot(writer);
  }

  /** Numbers and spills; the accumulators load their objects. */
  restore(reader: ByteReader): void {
    this.size = reader.varint();
    this.reals = reader.float64Array();
    this.objects = new Array(this.size * this.objectWidth).fill(undefined);
    this.spills.restore(reader);
  }

  /** The numbers and spills of one slot; the accumulators save its objects. */
  saveSlot(writer: ByteWriter, slot: number): void {
    const { reals, realWidth } = this;
    const from = slot * realWidth;
    // Most numbers of most sums are 0: a bit for each says which are not.
    for (let first = 0; first < realWidth; first += 8) {
      let bits = 0;
      for (let k = first; k < Math.min(first + 8, realWidth); k += 1) if (!Object.is(reals[from + k], 0)) bits |= 1 << (k - first);
      writer.u8(bits);
      for (let k = first; bits >> (k - first) !== 0; k += 1) if ((bits & (1 << (k - first))) !== 0) writePacked(writer, reals[from + k]!);
    }
    this.spills.saveRange(writer, from, from + realWidth);
  }

  /** Into a slot as good as new. */
  loadSlot(reader: ByteReader, slot: number): void {
    const { reals, realWidth } = this;
    const from = slot * realWidth;
    for (let first = 0; first < realWidth; first += 8) {
      const bits = reader.u8();
      for (let k = first; bits >> (k - first) !== 0; k += 1) if ((bits & (1 << (k - first))) !== 0) reals[from + k] = readPacked(reader) as number;
    }
    this.spills.loadRange(reader, from);
  }
}
