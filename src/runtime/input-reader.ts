/** One bound table: reads it batch by batch, and hands each lane its rows. */
import type { Schema } from '../core/types.js';
import { utf8Units } from '../core/utf8.js';
import type { Engine } from '../engine/engine.js';
import { rawSchema } from '../engine/physical.js';
import { rowJson } from '../engine/refused-rows.js';
import { columnRef, substitute } from '../plan/expression.js';
import { openSource } from '../sources/open.js';
import { ChangesSource } from '../sources/changes.js';
import type { Source, SourceBatch } from '../sources/source.js';
import type { CaptureRecord } from './capture-reader.js';
import { changesRecord, openChanges } from './captures.js';
import { Gate, type GateState, type Rejected } from './gate.js';
import type { LaneFeed } from './lane-feed.js';
import type { RunParameters } from './options.js';
import { Partitioner, pickRows, type LanePart } from './partition.js';
import type { Prepared } from './prepare.js';
import { sourceColumns } from './source-columns.js';

export interface RunLane {
  readonly engine: Engine;
  readonly feed: LaneFeed;
  /** By input, of the checkpoint that the lane was taken up from; null: it begins. */
  readonly gates: readonly GateState[] | null;
}

/** What a run asks of the reader of a table. */
export interface HistoryReader {
  readonly table: string;
  /** Rows read so far, those of earlier processes among them. */
  readonly rows: number;
  readonly source: Pick<Source, 'rowsTotal' | 'fingerprint' | 'close'>;
  /** Reads one batch; false at the end. */
  read(): Promise<boolean>;
  /** What a checkpoint of the lane keeps of this input. */
  gateState(lane: number): GateState;
  /** Least and greatest event time of all rows read under a span; null when none was. */
  readonly seen: { readonly from: number; readonly to: number } | null;
  remarks(): string[];
  /** Of a table of changes, where it is read by itself. */
  readonly changes?: CaptureRecord | null;
}

export class InputReader implements HistoryReader {
  /** Rows read so far, those of earlier processes among them. */
  rows: number;
  readonly #gates: Gate[];
  readonly #partitioner: Partitioner | null;
  /** Batches that the lane may still read. */
  readonly #lent: SourceBatch[] = [];

  private constructor(
    readonly input: number, readonly table: string, private readonly lanes: readonly RunLane[], readonly source: Source,
    /** Of the columns read. */
    private readonly schema: Schema, gates: Gate[], partitioner: Partitioner | null, from: number,
  ) {
    this.rows = from;
    this.#gates = gates;
    this.#partitioner = partitioner;
  }

  static async open(input: number, prepared: Prepared, parameters: RunParameters, lanes: readonly RunLane[]): Promise<InputReader> {
    const { pipeline, inputs } = prepared;
    const table = pipeline.sources[input]!;
    const read = lanes[0]!.engine.plan.columns[input]!;
    const from = Math.min(...lanes.map(({ engine }) => engine.position(input, 0)));
    const { binding } = inputs[input]!.record;
    const columns = sourceColumns(pipeline, input, read);
    const source = table.changeFormat === undefined
      ? await openSource(binding, columns, { table: table.name, from, batchRows: parameters.batchRows })
      : await openChanges(table, binding, columns, { from, batchRows: parameters.batchRows, settings: pipeline.settings });
    try {
      const raw = rawSchema(table);
      const schema = read.map((column) => raw[column]!);
      return new InputReader(input, table.name, lanes, source, schema, gatesOf(input, prepared, parameters, lanes), partitionerOf(prepared, input, read, lanes.length), from);
    } catch (error) {
      // Its thread would keep the process alive.
      await source.close();
      throw error;
    }
  }

  /** Reads one batch; false at the end. */
  async read(): Promise<boolean> {
    this.#giveBack();
    const read = await this.source.next();
    if (read === null) {
      this.lanes.forEach(({ feed }, lane) => {
        for (const rejected of this.#gates[lane]!.finish()) this.#rejectHeld(lane, rejected);
        feed.hold(this.input, Infinity);
        feed.end(this.input);
      });
      return false;
    }
    this.rows += read.batch.length + read.rejected.length;
    for (const { position, column, error, value } of read.rejected) {
      if (position >= this.lanes[0]!.engine.position(this.input, 0)) this.#reject(0, position, null, column, error, value);
    }
    const parts: readonly LanePart[] = this.#partitioner === null ? [read] : this.#partitioner.split(read);
    parts.forEach((part, lane) => this.#deliver(lane, part));
    if (read.lent === true) this.#lent.push(read);
    return true;
  }

  /** Batches that no lane will read again. Parts of several lanes are copies; one lane has run all rows of a batch when it takes the first of the next. */
  #giveBack(): void {
    const position = this.lanes[0]!.engine.position(this.input, 0);
    while (this.#lent.length > 0 && (this.#partitioner !== null || (this.#lent.length > 1 && this.#lent[1]!.position < position))) {
      this.source.giveBack?.(this.#lent.shift()!);
    }
  }

  #deliver(lane: number, part: LanePart): void {
    const { engine, feed } = this.lanes[lane]!;
    const rows = afterPosition(part, engine.position(this.input, 0));
    const scanned = engine.scan(this.input, 0, rows);
    for (const { row, position, error, expression } of scanned.rejected) this.#reject(lane, position, null, expression || null, error, utf8Units(rowJson(rows.batch, row, this.schema)));
    const passed = this.#gates[lane]!.pass(scanned.batch);
    for (const rejected of passed.rejected) this.#rejectHeld(lane, rejected);
    for (const batch of passed.batches) feed.push(batch);
    feed.hold(this.input, this.#gates[lane]!.held);
  }

  #rejectHeld(lane: number, { position, eventTime, error, batch, row }: Rejected): void {
    this.#reject(lane, position, eventTime, null, error, utf8Units(rowJson(batch, row, this.schema)));
  }

  #reject(lane: number, position: number, eventTime: number | null, expression: string | null, error: string, value: string | null): void {
    this.lanes[lane]!.feed.reject(this.input, {
      input: this.table, partition: 0, position, eventTime, statement: -1, operator: 'source', expression: expression ?? '', error, key: null, value,
    });
  }

  /** What a checkpoint of the lane keeps of this input. */
  gateState(lane: number): GateState {
    return this.#gates[lane]!.state(this.lanes[lane]!.engine.position(this.input, 0));
  }

  /** Least and greatest event time of all rows read under a span; null when none was. */
  get seen(): { readonly from: number; readonly to: number } | null {
    const from = Math.min(...this.#gates.map(({ seen }) => seen.from));
    const to = Math.max(...this.#gates.map(({ seen }) => seen.to));
    return from <= to ? { from, to } : null;
  }

  get changes(): CaptureRecord | null {
    return this.source instanceof ChangesSource ? changesRecord(this.source) : null;
  }

  /** Remarks of the source and of what its rows did to event time. */
  remarks(): string[] {
    const remarks = [...this.source.remarks];
    for (const { jumps } of this.#gates) {
      if (jumps.first === null) continue;
      const { position, from, to } = jumps.first;
      const hours = ((to - from) / 3_600_000).toFixed(1);
      const more = jumps.count > 1 ? `, and ${jumps.count - 1} more rows like it` : '';
      remarks.push(`${this.table}: row ${position} moves event time ahead by ${hours} hours, to ${new Date(to).toISOString()}${more}; --max-ahead holds such rows back`);
    }
    return remarks;
  }
}

function gatesOf(input: number, prepared: Prepared, parameters: RunParameters, lanes: readonly RunLane[]): Gate[] {
  const reach = prepared.lookBack === null || parameters.from === null ? null : parameters.from - prepared.lookBack;
  const watermarked = prepared.pipeline.sources[input]!.watermark !== null;
  return lanes.map(({ engine, gates: states }) => new Gate({
    from: watermarked ? reach : null, to: watermarked ? parameters.to : null, maxAhead: watermarked ? parameters.maxAhead : null,
    start: parameters.from ?? prepared.inputs[input]!.spanFrom,
  }, engine.delivered(input, 0), states?.[input] ?? null));
}

function partitionerOf(prepared: Prepared, input: number, read: readonly number[], lanes: number): Partitioner | null {
  if (prepared.laneColumns === null) return null;
  const table = prepared.pipeline.sources[input]!;
  const raw = rawSchema(table);
  const keys = prepared.laneColumns[input]!.map((column) =>
    substitute(table.columns[column]!.expression, (index) => columnRef(read.indexOf(index), raw[index]!.type)));
  return new Partitioner(read.map((column) => raw[column]!), keys, lanes);
}

/** Without the rows before `position`: what a lane that is taken up again has seen already. */
function afterPosition(part: LanePart, position: number): LanePart {
  const { batch } = part;
  const at = (row: number) => (part.positions === null ? part.position + row : part.positions[row]!);
  if (batch.length === 0 || at(0) >= position) return part;
  let first = 0;
  while (first < batch.length && at(first) < position) first += 1;
  const rows = Array.from({ length: batch.length - first }, (_, index) => first + index);
  return pickRows(part, rows);
}
