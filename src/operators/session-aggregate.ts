/**
 * Aggregates over SESSION windows. A row joins the sessions of its key that it touches into one, and is late when it
 * touches none that is open and a session of its own would have fired: Flink's rule. A row exactly a gap after
 * another is of its session therefore, unless that has fired.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import type { Schema } from '../core/types.js';
import type { AggregateCall } from '../plan/plan.js';
import { bindAggregates, planAggregates, type AggregatePlan } from './aggregates.js';
import { Cells } from './cells.js';
import { KeyTable } from './key-table.js';
import { addLoop, type AddLoop } from './loops.js';
import { releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { Sessions } from './sessions.js';
import { WindowEmission } from './window-emission.js';
import { isLate } from './windows.js';

/** Below so many keys, forgetting any is not worth the while. */
const KEYS_MIN = 65_536;

export interface SessionAggregateSpec {
  readonly name: string;
  readonly input: Schema;
  /** Input column of the event time. */
  readonly time: number;
  /** Milliseconds. */
  readonly gap: number;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
}

export class SessionAggregate implements Operator {
  readonly name: string;
  readonly #spec: SessionAggregateSpec;
  readonly #plan: AggregatePlan;
  readonly #loops: AddLoop[];
  #keys: KeyTable;
  #sessions: Sessions;
  /** State by the sessions' slots. Slots without a session are as good as new. */
  readonly #cells: Cells;
  /** Keys at which it is worth seeing how many of them are still in use. */
  #compactAt = KEYS_MIN;
  #ids = new Int32Array(0);
  #slots = new Int32Array(0);

  constructor(spec: SessionAggregateSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#plan = planAggregates(spec.aggregates, spec.input, 'never');
    this.#loops = this.#plan.accumulators.map(addLoop);
    this.#keys = new KeyTable(spec.keys.length);
    this.#sessions = new Sessions(spec.gap);
    this.#cells = new Cells(this.#plan.realWidth, this.#plan.objectWidth);
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    const emission = new WindowEmission(this.#spec, this.#plan);
    if (rows.batch.length > 0) this.#take(rows, chunk, watermark, report, emission);
    const last = watermark.after[chunk.to - 1]!;
    this.#fire(this.#sessions.take(last), last, chunk, watermark, emission);
    this.#compact();
    return emission.finish(report);
  }

  #take(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report, emission: WindowEmission): void {
    const { columns, length } = rows.batch;
    if (this.#ids.length < length) {
      this.#ids = new Int32Array(length);
      this.#slots = new Int32Array(length);
    }
    const ids = this.#ids;
    const slots = this.#slots;
    const sessions = this.#sessions;
    this.#keys.fill(this.#spec.keys.map((column) => columns[column]!), length, ids);
    bindAggregates(this.#plan, columns, rows.time);
    const time = (columns[this.#spec.time] as Column & { values: Float64Array }).values;
    // Rows from..row have their slots and are not added yet.
    let from = 0;
    for (let row = 0; row < length; row += 1) {
      const before = watermarkBefore(watermark, chunk, rows.released[row]!);
      const at = time[row]!;
      if (before >= sessions.dueMin) {
        const due = sessions.take(before);
        if (due >= 0) {
          this.#add(slots, from, row);
          from = row;
          this.#fire(due, before, chunk, watermark, emission);
        }
      }
      const id = ids[row]!;
      let slot = sessions.touching(id, at);
      let absorbed = -1;
      if (slot >= 0) absorbed = sessions.widen(slot, at);
      else if (isLate(at + sessions.gap, before)) {
        this.#add(slots, from, row);
        from = row + 1;
        report.late({ rows, row, watermark: before, windowStart: at, windowEnd: at + sessions.gap, reason: 'the window has fired' });
        continue;
      } else {
        slot = sessions.open(id, at);
        while (this.#cells.size <= slot) this.#cells.allocate();
      }
      slots[row] = slot;
      if (absorbed >= 0) {
        this.#add(slots, from, row + 1);
        from = row + 1;
        this.#merge(slot, absorbed);
      }
    }
    this.#add(slots, from, length);
  }

  #add(slots: Int32Array, from: number, to: number): void {
    if (from < to) for (const loop of this.#loops) loop(this.#cells, slots, from, to);
  }

  /** The two have no instant in common, so ties in event time keep the order of arrival. */
  #merge(slot: number, absorbed: number): void {
    for (const accumulator of this.#plan.accumulators) accumulator.merge(this.#cells, slot, this.#cells, absorbed);
    this.#cells.reset(absorbed);
  }

  /** Fires `first`, which was taken, and every other session due by `limit`: by end, then key. */
  #fire(first: number, limit: number, chunk: Chunk, watermark: WatermarkPath, emission: WindowEmission): void {
    const sessions = this.#sessions;
    const keys = this.#keys;
    for (let slot = first; slot >= 0; ) {
      const end = sessions.ends[slot]!;
      const due = [slot];
      for (slot = sessions.take(limit); slot >= 0 && sessions.ends[slot] === end; slot = sessions.take(limit)) due.push(slot);
      if (due.length > 1 && !faults.keysUnordered) due.sort((a, b) => keys.compare(sessions.ids[a]!, sessions.ids[b]!));
      const released = releaseOf(watermark, chunk, end - 1);
      for (const one of due) {
        emission.group(keys, sessions.ids[one]!, this.#cells, one, sessions.starts[one]!, end, released);
        this.#cells.reset(one);
        sessions.free(one);
      }
    }
  }

  /** Forgets keys without a session once they outnumber the others, so that memory follows the open sessions. */
  #compact(): void {
    if (this.#keys.size < this.#compactAt) return;
    const live = [...new Set(this.#sessions.live().map((slot) => this.#sessions.ids[slot]!))];
    this.#compactAt = Math.max(KEYS_MIN, (live.length * 4 > this.#keys.size ? this.#keys.size : live.length) * 2);
    if (live.length * 4 > this.#keys.size) return;
    this.#keys = this.#keys.keeping(live);
    this.#sessions.renumber(new Map(live.map((id, index) => [id, index])));
  }

  snapshot(writer: ByteWriter): void {
    this.#keys.snapshot(writer);
    this.#sessions.snapshot(writer);
    this.#cells.snapshot(writer);
    for (let slot = 0; slot < this.#cells.size; slot += 1) {
      for (const accumulator of this.#plan.accumulators) accumulator.save(writer, this.#cells, slot);
    }
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#spec.keys.length);
    this.#keys.restore(reader);
    this.#sessions = new Sessions(this.#spec.gap);
    this.#sessions.restore(reader);
    this.#cells.restore(reader);
    for (let slot = 0; slot < this.#cells.size; slot += 1) {
      for (const accumulator of this.#plan.accumulators) accumulator.load(reader, this.#cells, slot);
      if (this.#sessions.ids[slot]! < 0) this.#cells.reset(slot);
    }
  }
}
