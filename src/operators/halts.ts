/**
 * Trading halts: an anomaly halts its key, another one meanwhile makes the halt longer, and when its time has passed and
 * the key has been quiet, trading resumes. Nothing is late: an anomaly that comes behind halts when it comes.
 */
import { cell } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { storageOf, type Schema } from '../core/types.js';
import type { HaltRule } from '../plan/halts.js';
import { noRows, releaseOf, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { Timeline, type Visitor } from './timeline.js';
import type { Timer } from './timers.js';
import type { ReleasedRows } from './waiting-rows.js';

export interface HaltsSpec {
  readonly name: string;
  readonly input: Schema;
  readonly time: number;
  readonly keys: readonly number[];
  readonly anomaly: number;
  readonly rules: readonly HaltRule[];
}

/** Of a key that is halted; all in epoch ms but `quiet`. */
interface Halt {
  until: number;
  /** When trading may resume by the rules of the anomalies so far. */
  earliest: number;
  /** The last anomaly of any type, and how long after it trading may resume. */
  last: number;
  quiet: number;
  /** The type that made it as long as it is. */
  reason: string;
}

interface Action {
  readonly id: number;
  readonly released: number;
  readonly time: number;
  readonly action: 'HALT' | 'RESUME';
  readonly reason: string;
  readonly until: number | null;
}

export class Halts implements Operator, Visitor {
  readonly name: string;
  readonly #spec: HaltsSpec;
  readonly #rules: ReadonlyMap<string, HaltRule>;
  readonly #timeline: Timeline;
  readonly #halts = new Map<number, Halt>();
  #rows: ReleasedRows | null = null;
  #actions: Action[] = [];
  #releaseOf: (due: number) => number = () => 0;

  constructor(spec: HaltsSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#rules = new Map(spec.rules.map((rule) => [rule.anomaly, rule]));
    this.#timeline = new Timeline(spec);
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, _report: Report): Rows {
    this.#actions = [];
    this.#releaseOf = (due) => releaseOf(watermark, chunk, due);
    this.#timeline.process(rows, chunk, watermark, this);
    return this.#emit();
  }

  refuses(): boolean {
    return false;
  }

  rows(rows: ReleasedRows): void {
    this.#rows = rows;
  }

  row(row: number): void {
    const rows = this.#rows!;
    const anomaly = cell(rows.columns[this.#spec.anomaly]!, row);
    if (anomaly === null) return;
    const id = rows.ids[row]!;
    const time = rows.time[row]!;
    const rule = this.#rules.get(anomaly as string);
    const halt = this.#halts.get(id);
    if (rule !== undefined && time + rule.halt > (halt?.until ?? -Infinity)) this.#halt(id, time, rule, rows.due[row]!);
    else if (halt !== undefined) {
      if (rule !== undefined) this.#lengthen(halt, time, rule);
      halt.last = Math.max(halt.last, time);
    }
    const now = this.#halts.get(id);
    if (now !== undefined) this.#timeline.setTimer(id, resumeOf(now));
  }

  /** Begins a halt or moves its end, and says so. */
  #halt(id: number, time: number, rule: HaltRule, due: number): void {
    const until = time + rule.halt;
    let halt = this.#halts.get(id);
    if (halt === undefined) this.#halts.set(id, halt = { until, earliest: -Infinity, last: time, quiet: 0, reason: rule.anomaly });
    halt.until = until;
    halt.reason = rule.anomaly;
    halt.last = Math.max(halt.last, time);
    this.#lengthen(halt, time, rule);
    this.#actions.push({ id, released: this.#releaseOf(due), time, action: 'HALT', reason: rule.anomaly, until });
  }

  #lengthen(halt: Halt, time: number, { after, quiet }: HaltRule): void {
    halt.earliest = Math.max(halt.earliest, time + after);
    halt.quiet = Math.max(halt.quiet, quiet);
  }

  timer({ id, edge, due }: Timer): void {
    const halt = this.#halts.get(id);
    // An anomaly meanwhile has put it off.
    if (halt === undefined || resumeOf(halt) !== edge) return;
    this.#halts.delete(id);
    this.#actions.push({ id, released: this.#releaseOf(due), time: edge, action: 'RESUME', reason: halt.reason, until: null });
  }

  settled(): void {
    this.#rows = null;
  }

  #emit(): Rows {
    const actions = this.#actions;
    if (actions.length === 0) return noRows;
    const { keys } = this.#timeline;
    actions.sort((a, b) => a.released - b.released || a.time - b.time || keys.compare(a.id, b.id));
    const { input, keys: parts } = this.#spec;
    const columns = [
      ...parts.map((column, part) => {
        const builder = new ColumnBuilder(storageOf(input[column]!.type), actions.length);
        for (const { id } of actions) builder.append(keys.value(part, id));
        return builder;
      }),
      filled('real', actions.map(({ time }) => time)), filled('text', actions.map(({ action }) => action)),
      filled('text', actions.map(({ reason }) => reason)), filled('real', actions.map(({ until }) => until)),
    ];
    return {
      batch: { length: actions.length, columns: columns.map((column) => column.finish()) },
      released: Int32Array.from(actions, ({ released }) => released), time: Float64Array.from(actions, ({ time }) => time),
    };
  }

  snapshot(writer: ByteWriter): void {
    this.#timeline.snapshot(writer);
    const halted = faults.openWindowsNotSaved ? [] : [...this.#halts.keys()].sort((a, b) => a - b);
    writer.varint(halted.length);
    for (const id of halted) {
      const { until, earliest, last, quiet, reason } = this.#halts.get(id)!;
      writer.varint(id);
      for (const value of [until, earliest, last, quiet]) writer.f64(value);
      writer.string(reason);
    }
  }

  restore(reader: ByteReader): void {
    this.#timeline.restore(reader);
    for (let left = reader.varint(); left > 0; left -= 1) {
      const id = reader.varint();
      this.#halts.set(id, { until: reader.f64(), earliest: reader.f64(), last: reader.f64(), quiet: reader.f64(), reason: reader.string() });
    }
  }
}

const resumeOf = ({ until, earliest, last, quiet }: Halt): number => Math.max(until, earliest, last + quiet);

function filled(storage: 'real' | 'text', values: readonly (number | string | null)[]): ColumnBuilder {
  const builder = new ColumnBuilder(storage, values.length);
  for (const value of values) builder.append(value);
  return builder;
}
