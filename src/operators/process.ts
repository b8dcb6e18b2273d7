/**
 * Operators in the user's code. Rows come to `onRow` in order of event time, once the watermark has reached them, or as
 * they arrive; timers come to `onTimer` when the watermark has reached them, after the rows of their instant.
 */
import { printable, type Column } from '../core/batch.js';
import { ByteWriter, type ByteReader } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { TapewrightError } from '../core/errors.js';
import { readPlain, writePlain } from '../core/plain-bytes.js';
import type { Physical, Schema, SqlType } from '../core/types.js';
import type { ProcessContext, UserProcess } from '../functions/process-function.js';
import type { ColumnTypes } from '../functions/process-function.js';
import { failure } from '../functions/kernel.js';
import { runUserCode } from '../functions/user-code.js';
import type { Place } from '../plan/expression.js';
import { KeyTable } from './key-table.js';
import { KeyedTimers, type KeyedTimer } from './keyed-timers.js';
import { noRows, releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { buildersOf, rowChecker, rowReader } from './user-rows.js';
import { WaitingRows } from './waiting-rows.js';

export interface ProcessSpec {
  readonly name: string;
  readonly input: Schema;
  /** Input column of the event time. */
  readonly time: number;
  readonly keys: readonly number[];
  /** Input columns that the code reads, in the order of its declaration. */
  readonly columns: readonly number[];
  readonly process: UserProcess;
  readonly place: Place;
}

/** What is given to the code: a row, or a timer. */
interface Call {
  readonly id: number;
  readonly time: number;
  readonly isLate: boolean;
  /** Timers at or before this watermark fire a half after it. */
  readonly floor: number;
  readonly isTimer: boolean;
}

const nothing: Call = { id: 0, time: 0, isLate: false, floor: 0, isTimer: false };

export class Process implements Operator {
  readonly name: string;
  readonly #spec: ProcessSpec;
  readonly #check: (row: unknown) => Physical[];
  readonly #types: readonly SqlType[];
  readonly #context: ProcessContext<ColumnTypes, unknown>;
  #keys: KeyTable;
  #timers: KeyedTimers;
  #waiting: WaitingRows;
  /** By key id; a key that is not there has no state. */
  #states = new Map<number, unknown>();
  #ids = new Int32Array(0);
  /** The call that is under way, and what it has put out. */
  #call: Call = nothing;
  #state: unknown;
  #isCleared = false;
  /** History has ended: a timer that sets the next one would go on for ever. */
  #isEnd = false;
  #emitted: Physical[][] = [];
  #builders: ColumnBuilder[] = [];
  #released: number[] = [];
  #time: number[] = [];

  constructor(spec: ProcessSpec) {
    this.name = spec.name;
    this.#spec = spec;
    const { input, keys, process } = spec;
    this.#check = rowChecker(process.output, process.name);
    this.#types = [...keys.map((key) => input[key]!.type), ...process.output.map(({ type }) => type), input[spec.time]!.type];
    this.#keys = new KeyTable(keys.length);
    this.#timers = this.#newTimers();
    this.#waiting = new WaitingRows(input);
    this.#context = this.#newContext();
    this.#checkState();
  }

  /** Says now that no snapshot can keep the state, rather than when the first one is taken. */
  #checkState(): void {
    const { code, name } = this.#spec.process;
    this.#writeState(new ByteWriter(), runUserCode(name, () => code.state()));
  }

  #writeState(writer: ByteWriter, state: unknown): void {
    const { code, name } = this.#spec.process;
    writePlain(writer, code.encode === undefined ? state : runUserCode(name, () => code.encode!(state)), `the state of the operator ${name}`);
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    this.#builders = buildersOf(this.#types);
    this.#released = [];
    this.#time = [];
    if (rows.batch.length > 0) this.#take(rows, chunk, watermark, report);
    const last = watermark.after[chunk.to - 1]!;
    this.#release(last, chunk, watermark, report);
    this.#isEnd = last === Infinity;
    this.#fire(last, chunk, watermark, report);
    const length = this.#time.length;
    if (length === 0) return noRows;
    const columns = this.#builders.map((builder) => builder.finish());
    return { batch: { length, columns }, released: Int32Array.from(this.#released), time: Float64Array.from(this.#time) };
  }

  #take(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const { columns, length } = rows.batch;
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    const ids = this.#ids;
    this.#keys.fill(this.#spec.keys.map((column) => columns[column]!), length, ids);
    const time = timesOf(columns[this.#spec.time]!);
    if (this.#spec.process.order === 'arrival') this.#takeAtOnce(rows, ids, time, chunk, watermark, report);
    else this.#takeToWait(rows, ids, time, chunk, watermark, report);
  }

  #takeAtOnce({ batch, released }: Rows, ids: Int32Array, time: Float64Array, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const read = this.#reader(batch.columns);
    for (let row = 0; row < batch.length; row += 1) {
      const before = watermarkBefore(watermark, chunk, released[row]!);
      this.#fire(before, chunk, watermark, report);
      this.#give({ id: ids[row]!, time: time[row]!, isLate: time[row]! <= before, floor: before, isTimer: false }, read, batch.columns, row, released[row]!, report);
    }
  }

  #takeToWait(rows: Rows, ids: Int32Array, time: Float64Array, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const { batch, released } = rows;
    let from = 0;
    for (let row = 0; row < batch.length; row += 1) {
      const before = watermarkBefore(watermark, chunk, released[row]!);
      if (time[row]! > before) continue;
      this.#waiting.append(batch, from, row, time, ids, null);
      from = row + 1;
      report.late({ rows, row, watermark: before, windowStart: null, windowEnd: null, reason: 'the watermark has passed this time' });
    }
    this.#waiting.append(batch, from, batch.length, time, ids, null);
  }

  /** Gives the rows that waited for the watermark, and the timers between them. */
  #release(last: number, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const rows = this.#waiting.release(last, this.#keys);
    if (rows === null) return;
    const read = this.#reader(rows.columns);
    for (let row = 0; row < rows.length; row += 1) {
      const time = rows.time[row]!;
      // Timers of an instant come after its rows.
      this.#fire(time - 0.5, chunk, watermark, report);
      this.#give({ id: rows.ids[row]!, time, isLate: false, floor: time - 0.5, isTimer: false }, read, rows.columns, row, releaseOf(watermark, chunk, time), report);
    }
  }

  #fire(limit: number, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    for (let timer = this.#timers.take(limit); timer !== null; timer = this.#timers.take(limit)) {
      this.#giveTimer(timer, releaseOf(watermark, chunk, timer.due), report);
    }
  }

  #reader(columns: readonly Column[]): (row: number) => Record<string, unknown> {
    return rowReader(this.#spec.process.input, this.#spec.columns.map((column) => columns[column]!));
  }

  #give(call: Call, read: (row: number) => Record<string, unknown>, columns: readonly Column[], row: number, released: number, report: Report): void {
    const { code } = this.#spec.process;
    const error = this.#run(call, () => code.onRow(read(row) as never, this.#context));
    if (error === null) return this.#put(call, released);
    const values = this.#spec.input.map(({ name }, column) => [name, printable(columns[column]!, row)]);
    report.failed({ released, time: call.time, place: this.#spec.place, error, row: JSON.stringify(Object.fromEntries(values)) });
  }

  #giveTimer({ id, time, due }: KeyedTimer, released: number, report: Report): void {
    const { code, name } = this.#spec.process;
    const call: Call = { id, time, isLate: false, floor: due, isTimer: true };
    const error = this.#run(call, () => {
      if (code.onTimer === undefined) throw failure(`${name} set a timer and has no onTimer`);
      code.onTimer(time, this.#context);
    });
    if (error === null) return this.#put(call, released);
    const keys = this.#spec.keys.map((key, part) => [this.#spec.input[key]!.name, shown(this.#keys.value(part, id))]);
    report.failed({ released, time, place: this.#spec.place, error, row: JSON.stringify({ ...Object.fromEntries(keys), timer: time }) });
  }

  /** Runs the code for one row or timer; null, or why it failed: what it put out then does not count, what it did to its state stays. */
  #run(call: Call, act: () => void): string | null {
    const { code, name } = this.#spec.process;
    this.#call = call;
    this.#isCleared = false;
    this.#emitted = [];
    let hasState = false;
    try {
      runUserCode(name, () => {
        this.#state = this.#states.has(call.id) ? this.#states.get(call.id) : code.state();
        hasState = true;
        act();
      });
      return null;
    } catch (error) {
      if (!(error instanceof TapewrightError) || error.code !== 'EXPRESSION_FAILED') throw error;
      return error.message;
    } finally {
      if (this.#isCleared) this.#states.delete(call.id);
      else if (hasState) this.#states.set(call.id, this.#state);
    }
  }

  #put({ id, time }: Call, released: number): void {
    const width = this.#spec.keys.length;
    for (const values of this.#emitted) {
      for (let part = 0; part < width; part += 1) this.#builders[part]!.append(this.#keys.value(part, id));
      values.forEach((value, index) => this.#builders[width + index]!.append(value));
      this.#builders[width + values.length]!.appendNumber(time);
      this.#released.push(released);
      this.#time.push(time);
    }
  }

  #newContext(): ProcessContext<ColumnTypes, unknown> {
    const call = (): Call => this.#call;
    const state = (): unknown => this.#state;
    const put = (value: unknown): void => {
      this.#state = value;
      this.#isCleared = false;
    };
    return {
      get time() { return call().time; },
      get isLate() { return call().isLate; },
      get state() { return state(); },
      set state(value) { put(value); },
      emit: (row) => { this.#emitted.push(this.#check(row)); },
      setTimer: (time) => this.#setTimer(time),
      deleteTimer: (time) => this.#timers.delete(this.#call.id, time),
      clear: () => {
        this.#isCleared = true;
        this.#timers.deleteAll(this.#call.id);
      },
    };
  }

  #setTimer(time: number): void {
    const { id, floor, isTimer, time: now } = this.#call;
    const { name } = this.#spec.process;
    if (!Number.isSafeInteger(time)) throw failure(`${name} sets a timer for ${time}, which is no whole number of milliseconds`);
    if (isTimer && time <= now) throw failure(`${name} sets a timer for ${time} in onTimer(${now}), which is not later: it would never end`);
    if (this.#isEnd && isTimer) return;
    this.#timers.set(id, time, time > floor ? time : floor + 0.5);
  }

  #newTimers(): KeyedTimers {
    return new KeyedTimers((a, b) => (a === b ? 0 : this.#keys.compare(a, b)));
  }

  snapshot(writer: ByteWriter): void {
    this.#keys.snapshot(writer);
    this.#timers.snapshot(writer);
    this.#waiting.snapshot(writer);
    const ids = [...this.#states.keys()].sort((a, b) => a - b);
    writer.varint(ids.length);
    for (const id of ids) {
      writer.varint(id);
      this.#writeState(writer, this.#states.get(id));
    }
  }

  restore(reader: ByteReader): void {
    const { code, name } = this.#spec.process;
    this.#keys = new KeyTable(this.#spec.keys.length);
    this.#keys.restore(reader);
    this.#timers = this.#newTimers();
    this.#timers.restore(reader);
    this.#waiting = new WaitingRows(this.#spec.input);
    this.#waiting.restore(reader);
    this.#states = new Map();
    for (let left = reader.varint(); left > 0; left -= 1) {
      const id = reader.varint();
      const data = readPlain(reader);
      this.#states.set(id, code.decode === undefined ? data : runUserCode(name, () => code.decode!(data)));
    }
  }
}

const timesOf = (column: Column): Float64Array => column.values as Float64Array;

const shown = (value: Physical): string | number | boolean | null => (typeof value === 'bigint' ? String(value) : value);
