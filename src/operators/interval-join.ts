/**
 * Joins rows of two inputs whose event times lie within bounds of each other. Rows meet as they arrive; a row without
 * partner leaves an outer join when the watermark says that none can come.
 *
 * As in Flink, a row is kept until the watermark is beyond the last time that a partner could have, and a row that comes
 * behind the watermark still meets what is kept. It is late for those of its partners' times that are forgotten.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { IntervalSide } from './interval-side.js';
import type { JoinSpec } from './join.js';
import { KeyTable } from './key-table.js';
import { releaseOf, watermarkBefore, type Chunk, type Report, type Rows, type TwoInputOperator, type WatermarkPath } from './operator.js';
import { Pairs } from './pairs.js';
import type { TimedRows } from './timed-rows.js';

export interface IntervalJoinSpec extends JoinSpec {
  readonly times: readonly [number, number];
  /** Milliseconds: rows match where left.time - right.time is within them. */
  readonly lower: number;
  readonly upper: number;
}

/** Below so many rows or keys, forgetting any is not worth the while. */
const SWEEP_MIN = 32_768;

const noTimes = new Float64Array(0);

/** A row that leaves without partner, if it has none. */
interface Pad {
  readonly side: 0 | 1;
  readonly slot: number;
  readonly released: number;
}

export class IntervalJoin implements TwoInputOperator {
  readonly name: string;
  readonly #spec: IntervalJoinSpec;
  readonly #sides: readonly [IntervalSide, IntervalSide];
  #keys: KeyTable;
  /** By key id: 1 where a part of the key is NULL, which equals nothing. */
  #isNull = new Uint8Array(0);
  #nullKnown = 0;
  readonly #pairs = new Pairs();
  #sweepAt = SWEEP_MIN;
  /** As of the last chunk. */
  #watermark = -Infinity;

  constructor(spec: IntervalJoinSpec) {
    this.name = spec.name;
    this.#spec = spec;
    const { inputs, type, keys, times, lower, upper } = spec;
    this.#keys = new KeyTable(keys.left.length);
    this.#sides = [
      new IntervalSide({ schema: inputs[0], time: times[0], keys: keys.left, first: -upper, last: -lower, isOuter: type === 'left' || type === 'full' }),
      new IntervalSide({ schema: inputs[1], time: times[1], keys: keys.right, first: lower, last: upper, isOuter: type === 'right' || type === 'full' }),
    ];
  }

  process(left: Rows, right: Rows, chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report]): Rows {
    const pads: Pad[] = [];
    if (left.batch.length + right.batch.length > 0) this.#meet([left, right], chunk, watermark, reports, pads);
    const [lefts, rights] = this.#sides;
    this.#watermark = watermark.after[chunk.to - 1]!;
    const columns = [lefts.store.columns(), rights.store.columns()] as const;
    this.#pairs.match(this.#spec, columns, reports[0]);
    if (lefts.spec.isOuter || rights.spec.isOuter) this.#pad(chunk, watermark, pads);
    const rows = this.#pairs.rows(columns[0], columns[1]);
    this.#pairs.clear();
    if (lefts.store.length + rights.store.length >= this.#sweepAt) this.#sweep();
    return rows;
  }

  /** Takes the rows of both inputs in the order of their release. */
  #meet(inputs: readonly [Rows, Rows], chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report], pads: Pad[]): void {
    const firsts = [this.#sides[0].append(inputs[0].batch, this.#keys), this.#sides[1].append(inputs[1].batch, this.#keys)] as const;
    this.#noteKeys();
    const [left, right] = inputs;
    const lengths = [left.batch.length, right.batch.length] as const;
    const times = inputs.map(({ batch }, index) => (lengths[index] === 0 ? noTimes : (batch.columns[this.#sides[index]!.spec.time] as Column & { values: Float64Array }).values));
    let l = 0;
    let r = 0;
    while (l < lengths[0] || r < lengths[1]) {
      const isLeft = r === lengths[1] || (l < lengths[0] && left.released[l]! <= right.released[r]!);
      const index = isLeft ? 0 : 1;
      const rows = inputs[index];
      const row = isLeft ? l++ : r++;
      this.#take(index, rows, row, firsts[index] + row, times[index]![row]!, watermarkBefore(watermark, chunk, rows.released[row]!), reports[index], pads);
    }
  }

  #take(index: 0 | 1, rows: Rows, row: number, slot: number, time: number, before: number, report: Report, pads: Pad[]): void {
    const side = this.#sides[index];
    const { first, last, isOuter } = side.spec;
    const released = rows.released[row]!;
    const id = side.newIds[row]!;
    const isNull = this.#isNull[id] === 1;
    const earliest = time + first;
    const latest = time + last;
    // Partners before this are forgotten: the last time at which they could meet a row is behind the watermark.
    const kept = before > time ? before + first : earliest;
    if (before > time) {
      report.late({
        rows, row, watermark: before, windowStart: earliest, windowEnd: Math.min(latest + 1, kept),
        reason: 'rows that it could match are forgotten',
      });
    }
    const partners = isNull ? undefined : this.#sides[index === 0 ? 1 : 0].byKey[id];
    if (partners !== undefined && kept <= latest) this.#join(index, slot, time, released, partners, kept, latest);
    if (before < latest) {
      if (!isNull || isOuter) side.keep(id, time, slot);
    } else if (isOuter) pads.push({ side: index, slot, released });
  }

  #join(index: 0 | 1, slot: number, time: number, released: number, partners: TimedRows, earliest: number, latest: number): void {
    const { times, slots } = partners;
    const pairs = this.#pairs;
    const last = faults.boundsLeftOut ? latest - 1 : latest;
    for (let at = partners.firstAt(earliest); at < times.length && times[at]! <= last; at += 1) {
      const partner = times[at]!;
      const cause = partner > time ? partner : time;
      if (index === 0) pairs.add(slot, slots[at]!, released, cause);
      else pairs.add(slots[at]!, slot, released, cause);
    }
  }

  /** Rows that are due go without partner, unless they have had one. */
  #pad(chunk: Chunk, watermark: WatermarkPath, pads: Pad[]): void {
    const { left, right, length } = this.#pairs;
    const [lefts, rights] = this.#sides;
    for (let pair = 0; pair < length; pair += 1) {
      if (lefts.spec.isOuter) lefts.matched[left[pair]!] = 1;
      if (rights.spec.isOuter) rights.matched[right[pair]!] = 1;
    }
    this.#sides.forEach(({ due: rows, matched }, side) => {
      for (let due = rows.first, slot = rows.take(this.#watermark); slot >= 0; due = rows.first, slot = rows.take(this.#watermark)) {
        if (matched[slot] === 0 || faults.pairedRowsPadded) pads.push({ side: side as 0 | 1, slot, released: releaseOf(watermark, chunk, due) });
      }
    });
    const timeOf = ({ side, slot }: Pad): number => this.#sides[side].times[slot]!;
    const idOf = ({ side, slot }: Pad): number => this.#sides[side].ids[slot]!;
    pads.sort((a, b) => a.released - b.released || timeOf(a) - timeOf(b) || this.#keys.compare(idOf(a), idOf(b)) || a.side - b.side || a.slot - b.slot);
    for (const pad of pads) {
      if (this.#sides[pad.side].matched[pad.slot] === 1 && !faults.pairedRowsPadded) continue;
      this.#pairs.add(pad.side === 0 ? pad.slot : -1, pad.side === 0 ? -1 : pad.slot, pad.released, timeOf(pad));
    }
  }

  /** Finds the NULLs among keys that are new. */
  #noteKeys(): void {
    const { size, width } = this.#keys;
    if (this.#isNull.length < size) {
      const larger = new Uint8Array(Math.max(size, this.#isNull.length * 2, 64));
      larger.set(this.#isNull);
      this.#isNull = larger;
    }
    // Without holes, the array stays one.
    for (const { byKey } of this.#sides) while (byKey.length < size) byKey.push(undefined);
    for (; this.#nullKnown < size; this.#nullKnown += 1) {
      let isNull = 0;
      for (let part = 0; part < width; part += 1) if (this.#keys.value(part, this.#nullKnown) === null) isNull = 1;
      this.#isNull[this.#nullKnown] = isNull;
    }
  }

  /** Forgets rows that the watermark has made useless, and keys without rows. What leaves does not depend on when. */
  #sweep(): void {
    const [left, right] = this.#sides;
    for (const side of this.#sides) side.compact(this.#watermark);
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * (left.store.length + right.store.length));
    if (this.#keys.size < SWEEP_MIN) return;
    const live: number[] = [];
    for (let id = 0; id < this.#keys.size; id += 1) if (left.byKey[id] !== undefined || right.byKey[id] !== undefined) live.push(id);
    if (live.length * 2 > this.#keys.size) return;
    const renumbered = new Int32Array(this.#keys.size);
    live.forEach((id, index) => { renumbered[id] = index; });
    this.#keys = this.#keys.keeping(live);
    for (const side of this.#sides) side.renumber(live, renumbered);
    this.#nullKnown = 0;
  }

  snapshot(writer: ByteWriter): void {
    this.#sweep();
    writer.f64(this.#watermark);
    this.#keys.snapshot(writer);
    for (const side of this.#sides) side.snapshot(writer);
  }

  restore(reader: ByteReader): void {
    this.#watermark = reader.f64();
    this.#keys = new KeyTable(this.#spec.keys.left.length);
    this.#keys.restore(reader);
    for (const side of this.#sides) side.restore(reader);
    this.#nullKnown = 0;
    this.#noteKeys();
    const [left, right] = this.#sides;
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * (left.store.length + right.store.length));
  }
}
