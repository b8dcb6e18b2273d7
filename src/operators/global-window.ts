/**
 * Aggregates over global windows: each key has one, which a trigger makes speak, with a row or at a time. Rows are taken
 * in the order of event time, so that what fires does not depend on their arrival. A row is late when its key's window
 * has been emptied by a firing at a later time.
 */
import { cell } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { TapewrightError } from '../core/errors.js';
import { faults } from '../core/faults.js';
import type { Schema } from '../core/types.js';
import type { Place } from '../plan/expression.js';
import type { AggregateCall } from '../plan/plan.js';
import type { TriggerSpec } from '../plan/trigger.js';
import { bindAggregates, planAggregates, type AggregatePlan } from './aggregates.js';
import { Cells } from './cells.js';
import { addLoop, type AddLoop } from './loops.js';
import { releaseOf, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { Timeline, type Visitor } from './timeline.js';
import type { Timer } from './timers.js';
import { buildTrigger, type BuiltTrigger, type RowView } from './triggers.js';
import type { ReleasedRows } from './waiting-rows.js';
import { WindowEmission } from './window-emission.js';

export interface GlobalWindowSpec {
  readonly name: string;
  readonly input: Schema;
  /** Input column of the event time. */
  readonly time: number;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  readonly trigger: TriggerSpec;
  readonly purges: boolean;
  readonly place: Place;
}

export class GlobalWindow implements Operator, Visitor {
  readonly name: string;
  readonly #spec: GlobalWindowSpec;
  readonly #plan: AggregatePlan;
  readonly #loops: AddLoop[];
  readonly #trigger: BuiltTrigger;
  readonly #timeline: Timeline;
  /** One window of each key: its slot is the key's id. */
  readonly #cells: Cells;
  #state: Float64Array = new Float64Array(0);
  /** By key: rows since the window last spoke, event time of the window's first row, and the end of its last firing. */
  #fresh: Float64Array = new Float64Array(0);
  #start: Float64Array = new Float64Array(0);
  #fired: Float64Array = new Float64Array(0);
  /** Of the rows being visited: those before `#from` are in their windows. */
  #rows: ReleasedRows | null = null;
  #from = 0;
  #to = 0;
  /** Of the chunk at hand. */
  #emission: WindowEmission;
  #ids: number[] = [];
  #releaseOf: (due: number) => number = () => 0;
  #report: Report | null = null;

  constructor(spec: GlobalWindowSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#plan = planAggregates(spec.aggregates, spec.input, 'never');
    this.#loops = this.#plan.accumulators.map(addLoop);
    this.#trigger = buildTrigger(spec.trigger, spec.input);
    this.#timeline = new Timeline(spec);
    this.#cells = new Cells(this.#plan.realWidth, this.#plan.objectWidth);
    this.#emission = this.#newEmission();
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    this.#emission = this.#newEmission();
    this.#ids = [];
    this.#report = report;
    this.#releaseOf = (due) => releaseOf(watermark, chunk, due);
    this.#timeline.process(rows, chunk, watermark, this);
    if (this.#ids.length === 0) return this.#emission.finish(report);
    const { keys } = this.#timeline;
    return this.#emission.finishOrdered(report, (a, b) => keys.compare(this.#ids[a]!, this.#ids[b]!));
  }

  refuses(rows: Rows, row: number, id: number, time: number, watermark: number): boolean {
    this.#grow();
    if (!this.#spec.purges || time >= this.#fired[id]!) return false;
    this.#report!.late({ rows, row, watermark, windowStart: null, windowEnd: this.#fired[id]!, reason: 'the window has fired' });
    return true;
  }

  rows(rows: ReleasedRows): void {
    this.#grow();
    bindAggregates(this.#plan, rows.columns, rows.time);
    this.#rows = rows;
    this.#from = 0;
    this.#to = 0;
  }

  row(row: number): void {
    const rows = this.#rows!;
    const id = rows.ids[row]!;
    const time = rows.time[row]!;
    const view: RowView = { time, at: (column) => cell(rows.columns[column]!, row) };
    const why = this.#ask(id, time, rows.due[row]!, () => this.#trigger.onRow(view, this.#keyOf(id)));
    if (why === undefined) {
      this.#add();
      this.#from = row + 1;
      this.#to = row + 1;
      return;
    }
    if (this.#start[id]! > time) this.#start[id] = time;
    this.#fresh[id]! += 1;
    this.#to = row + 1;
    if (why !== null) this.#fire(id, time + 1, rows.due[row]!, why);
  }

  /** What the trigger says; undefined where it failed, for which the row that it was given goes to the dead letters. */
  #ask(id: number, time: number, due: number, ask: () => string | null): string | null | undefined {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof TapewrightError) || error.code !== 'EXPRESSION_FAILED') throw error;
      const { keys, input, place } = this.#spec;
      const names = keys.map((key, part) => [input[key]!.name, String(this.#timeline.keys.value(part, id))]);
      this.#report!.failed({ released: this.#releaseOf(due), time, place, error: error.message, row: JSON.stringify({ ...Object.fromEntries(names), event_time: time }) });
      return undefined;
    }
  }

  timer({ id, edge, due }: Timer): void {
    const why = this.#ask(id, edge, due, () => this.#trigger.onTime(edge + 1, this.#keyOf(id)));
    if (typeof why === 'string') this.#fire(id, edge + 1, due, why);
  }

  settled(): void {
    this.#add();
    this.#rows = null;
  }

  /** A window in which nothing is new says nothing. */
  #fire(id: number, end: number, due: number, why: string): void {
    if (this.#fresh[id] === 0) return;
    this.#add();
    this.#emission.group(this.#timeline.keys, id, this.#cells, id, this.#start[id]!, end, this.#releaseOf(due), why);
    this.#ids.push(id);
    this.#fresh[id] = 0;
    this.#fired[id] = Math.max(end, this.#fired[id]!);
    if (!this.#spec.purges) return;
    this.#cells.reset(id);
    this.#start[id] = Infinity;
  }

  /** Adds the rows visited so far to their windows. */
  #add(): void {
    if (this.#rows === null || this.#from === this.#to) return;
    for (const loop of this.#loops) loop(this.#cells, this.#rows.ids, this.#from, this.#to);
    this.#from = this.#to;
  }

  #keyOf(id: number): { readonly state: Float64Array; wakeAt(time: number): void } {
    const { stateSize } = this.#trigger;
    return { state: this.#state.subarray(id * stateSize, (id + 1) * stateSize), wakeAt: (time) => this.#timeline.setTimer(id, time - 1) };
  }

  #newEmission(): WindowEmission {
    const { input, keys, aggregates } = this.#spec;
    return new WindowEmission({ input, keys, aggregates, labelled: true }, this.#plan);
  }

  #grow(): void {
    const { size } = this.#timeline.keys;
    while (this.#cells.size < size) this.#cells.allocate();
    if (size <= this.#fresh.length) return;
    const length = Math.max(size, this.#fresh.length * 2, 16);
    this.#state = lengthened(this.#state, length * this.#trigger.stateSize, 0);
    this.#fresh = lengthened(this.#fresh, length, 0);
    this.#start = lengthened(this.#start, length, Infinity);
    this.#fired = lengthened(this.#fired, length, -Infinity);
  }

  snapshot(writer: ByteWriter): void {
    this.#timeline.snapshot(writer);
    this.#grow();
    const { size } = this.#timeline.keys;
    this.#cells.snapshot(writer);
    for (let id = 0; id < size; id += 1) {
      for (const accumulator of this.#plan.accumulators) accumulator.save(writer, this.#cells, id);
    }
    writer.float64Array(this.#state.subarray(0, faults.triggersNotSaved ? 0 : size * this.#trigger.stateSize));
    for (const values of [this.#fresh, this.#start, this.#fired]) writer.float64Array(values.subarray(0, faults.openWindowsNotSaved ? 0 : size));
  }

  restore(reader: ByteReader): void {
    this.#timeline.restore(reader);
    this.#cells.restore(reader);
    const { size } = this.#timeline.keys;
    for (let id = 0; id < size; id += 1) {
      for (const accumulator of this.#plan.accumulators) accumulator.load(reader, this.#cells, id);
    }
    this.#grow();
    this.#state.set(reader.float64Array());
    for (const values of [this.#fresh, this.#start, this.#fired]) values.set(reader.float64Array());
    for (let id = 0; id < size; id += 1) if (this.#start[id] === Infinity) this.#cells.reset(id);
  }
}

function lengthened(values: Float64Array, length: number, fill: number): Float64Array {
  const longer = new Float64Array(length).fill(fill);
  longer.set(values);
  return longer;
}
