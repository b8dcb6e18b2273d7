/**
 * The captured tables of one database on their way into a lane: changes as they come in, transactions as they get whole.
 * What it gives depends on nothing but the order in which records come and where steps begin and end.
 */
import { ChangeByChange, type ChangeByChangeState } from '../cdc/change-by-change.js';
import type { CaptureEvent, ChangeEvent, Transaction } from '../cdc/event.js';
import { gapText, type Gap, type Incomplete } from '../cdc/gap.js';
import { readState, writeState, type ChangeValues } from '../cdc/state-bytes.js';
import { TransactionAssembler, type AssemblerState, type Outcome } from '../cdc/transactions.js';
import type { ByteReader } from '../core/byte-reader.js';
import type { ByteWriter } from '../core/bytes.js';
import { TRUNCATE } from '../core/change.js';
import { assert } from '../core/errors.js';
import type { Engine } from '../engine/engine.js';
import type { ScanBatch, SliceRows } from '../engine/scan-batch.js';
import type { CaptureRecord } from '../runtime/capture-reader.js';
import { batchOfRows, type RowValues } from '../sources/row-columns.js';
import type { SourceColumn } from '../sources/source.js';
import { textHeaders, type ChangeDecoder, type Unreadable } from './change-decoder.js';
import type { LogRecord } from './log.js';
import { transactionPieces, type Placed } from './transaction-pieces.js';
import type { Rejection } from './rerun.js';

/** A table of changes, as an input of the engine with one partition: its rows count in the order in which they are applied. */
export interface CapturedTopics {
  readonly input: number;
  readonly name: string;
  /** With the partitions of each. */
  readonly topics: ReadonlyMap<string, number>;
  readonly columns: readonly SourceColumn[];
}

/** Tables of one database. */
export interface CapturePlan {
  readonly tables: readonly CapturedTopics[];
  /** Null: nothing tells of transactions, and changes are applied one by one. */
  readonly transactionTopic: string | null;
  /** Of messages that clients write into the log; null: none is read. */
  readonly messageTopic: string | null;
  readonly stopsAtGaps: boolean;
}

/** Records of one partition of a captured topic. */
export interface CapturedRecords {
  /** Of the lane, as its journal counts inputs. */
  readonly input: number;
  /** Of the input, and of the topic. */
  readonly partition: number;
  readonly topicPartition: number;
  readonly decoder: ChangeDecoder;
  readonly records: readonly LogRecord[];
}

/** Where rows of a transaction go: one table's rows since the last batch. */
interface Filling {
  readonly table: CapturedTopics;
  rows: RowValues[];
  positions: number[];
}

export class LiveCapture {
  readonly #assembler: TransactionAssembler<ChangeValues> | ChangeByChange<ChangeValues>;
  readonly #fillings: ReadonlyMap<string, Filling>;
  /** What was given and is not used yet: it begins with the gap that stopped the run, or is empty between steps. */
  #held: Outcome<ChangeValues>[] = [];
  #gaps: Gap[] = [];
  #incomplete: readonly Incomplete[] = [];
  #undecodable = 0;
  #isPast = false;

  constructor(readonly plan: CapturePlan, private readonly engine: Engine) {
    const { tables, transactionTopic, messageTopic } = plan;
    const partitions = new Map(tables.flatMap(({ topics }) => [...topics]));
    this.#assembler = transactionTopic === null ? new ChangeByChange() : new TransactionAssembler([...partitions.keys()], { partitions: (topic) => partitions.get(topic)!, messageTopic });
    const fillings = tables.map((table): Filling => ({ table, rows: [], positions: [] }));
    this.#fillings = new Map(fillings.flatMap((filling) => [...filling.table.topics.keys()].map((topic) => [topic, filling])));
  }

  /** Takes records in; what cannot be read goes to `rejected`. */
  push({ input, partition, topicPartition, decoder, records }: CapturedRecords, rejected: Rejection[]): void {
    const reject = ({ offset, key, value, headers }: LogRecord, { column, error }: Unreadable): void => {
      this.#undecodable += 1;
      rejected.push({ input, partition, offset, expression: column ?? '', error, key: key?.toString('latin1') ?? null, value: value?.toString('latin1') ?? null, headers: textHeaders(headers) });
    };
    const events: { event: CaptureEvent<ChangeValues>; readonly record: LogRecord }[] = [];
    for (const record of records) {
      const { event, unreadable } = decoder.decode(record, topicPartition);
      if (unreadable !== null) reject(record, unreadable);
      if (event !== null) events.push({ event, record });
    }
    for (const { at, error } of this.#timeless(events.map(({ event }) => event))) {
      reject(events[at]!.record, error);
      events[at]!.event = { ...(events[at]!.event as ChangeEvent<ChangeValues>), row: null };
    }
    for (const { event } of events) this.#assembler.push(event);
  }

  /** Changes whose event time cannot be used: told while their bytes are at hand. */
  #timeless(events: readonly CaptureEvent<ChangeValues>[]): { readonly at: number; readonly error: Unreadable }[] {
    const found: { readonly at: number; readonly error: Unreadable }[] = [];
    for (const { table } of new Set(this.#fillings.values())) {
      const at: number[] = [], rows: RowValues[] = [];
      for (const [index, event] of events.entries()) {
        if (event.kind !== 'change' || event.row === null || this.#fillings.get(event.topic)?.table !== table) continue;
        at.push(index);
        rows.push(event.row);
      }
      if (rows.length === 0) continue;
      const { rejected } = this.engine.scan(table.input, 0, { batch: batchOfRows(table.columns, rows), position: 0, positions: null, watermarks: null });
      for (const { row, error, expression } of rejected) found.push({ at: at[row]!, error: { column: expression, error } });
    }
    return found;
  }

  /** Rows of what is whole, up to a gap that stops the run. `until`: transactions committed then or later are left out. */
  deliver(until: number | null): SliceRows[] {
    this.#held.push(...this.#assembler.take());
    const transactions: Placed<Filling>[][] = [];
    let used = 0;
    for (const outcome of this.#held) {
      if (outcome.kind === 'gap') {
        if (this.plan.stopsAtGaps) break;
        this.#gaps.push(outcome.gap);
      } else if (until === null || outcome.time < until) transactions.push(this.#fill(outcome));
      else this.#isPast = true;
      used += 1;
    }
    this.#held = this.#held.slice(used);
    const batches = new Map([...new Set(this.#fillings.values())].map((filling) => [filling, this.#scan(filling)]));
    const pieces = transactions.flatMap((placed) => transactionPieces(placed, batches));
    return this.plan.transactionTopic === null ? pieces.map(({ batch, from, to }) => ({ batch, from, to })) : pieces;
  }

  #fill({ events, renewed }: Transaction<ChangeValues>): Placed<Filling>[] {
    const placed: Placed<Filling>[] = [];
    const told = new Set<string>();
    const take = (filling: Filling, values: RowValues): void => {
      // Rows that are delivered move the engine's position; these wait for the batch.
      const position = this.engine.position(filling.table.input, 0) + filling.rows.length;
      placed.push({ table: filling, position });
      filling.rows.push(values);
      filling.positions.push(position);
    };
    for (const { topic, table, row } of events) {
      const filling = this.#fillings.get(topic)!;
      if (row === null) continue;
      if (renewed.includes(table) && !told.has(table)) {
        told.add(table);
        take(filling, truncated(filling.table.columns, row));
      }
      take(filling, row);
    }
    return placed;
  }

  #scan(filling: Filling): ScanBatch | null {
    const { table, rows, positions } = filling;
    if (rows.length === 0) return null;
    filling.rows = [];
    filling.positions = [];
    return this.engine.scan(table.input, 0, { batch: batchOfRows(table.columns, rows), position: positions[0]!, positions: Float64Array.from(positions), watermarks: null }).batch;
  }

  /** The end of the input: what is not whole never will be. */
  finish(until: number | null): SliceRows[] {
    const { outcomes, incomplete } = this.#assembler.finish();
    this.#incomplete = incomplete;
    this.#held.push(...outcomes);
    return this.deliver(until);
  }

  /** Nothing more of the topic is to be had for now. */
  caughtUp(topic: string): void {
    this.#assembler.caughtUp(topic);
  }

  /** Topics that keep what is there waiting. */
  get unsettled(): readonly string[] {
    return this.#assembler.unsettled;
  }

  /** A transaction came that the run ends before. */
  get isPast(): boolean {
    return this.#isPast;
  }

  /** The gap that stopped the run; null: none did. */
  get stoppedAt(): Gap | null {
    const [first] = this.#held;
    return first?.kind === 'gap' ? first.gap : null;
  }

  /** Goes on behind the gap that stopped the run; one that it went on behind already is passed over. */
  goOn(gap: Gap): void {
    const found = this.stoppedAt;
    if (found === null || found.kind !== gap.kind || found.before.lsn !== gap.before.lsn || found.before.xid !== gap.before.xid) return;
    this.#gaps.push(found);
    this.#held.shift();
  }

  get waiting(): number {
    return this.#assembler.waiting;
  }

  get record(): CaptureRecord {
    const { tables, transactionTopic } = this.plan;
    const { stoppedAt } = this;
    return {
      tables: tables.map(({ name }) => name), transactionTopic: transactionTopic ?? 'none', counts: { ...this.#assembler.counts },
      gaps: [...this.#gaps, ...(stoppedAt === null ? [] : [stoppedAt])].map((gap) => ({ ...gap, text: gapText(gap) })),
      incomplete: this.#incomplete, restarts: this.#assembler.restarts,
      ...(this.#assembler instanceof ChangeByChange ? { partitions: this.#assembler.reached() } : {}),
    };
  }

  /** Between steps. */
  snapshot(writer: ByteWriter): void {
    writeState(writer, { held: this.#held, gaps: this.#gaps, incomplete: this.#incomplete, undecodable: this.#undecodable, isPast: this.#isPast });
    writeState(writer, this.#assembler.snapshot());
  }

  restore(reader: ByteReader): void {
    assert(this.#held.length === 0 && this.waiting === 0, 'state is restored into a new capture');
    const { held, gaps, incomplete, undecodable, isPast } = readState(reader) as unknown as { held: Outcome<ChangeValues>[]; gaps: Gap[]; incomplete: Incomplete[]; undecodable: number; isPast: boolean };
    this.#gaps = gaps;
    this.#incomplete = incomplete;
    this.#undecodable = undecodable;
    this.#isPast = isPast;
    this.#held = held;
    const state = readState(reader);
    if (this.#assembler instanceof ChangeByChange) this.#assembler.restore(state as unknown as ChangeByChangeState);
    else this.#assembler.restore(state as unknown as AssemblerState<ChangeValues>);
  }
}

/** Before the first row of a table that a later snapshot tells anew: what it does not tell is gone. */
const truncated = (columns: readonly SourceColumn[], row: RowValues): RowValues => columns.map(({ metadata }, column) => {
  if (metadata === undefined || metadata === '$unchanged') return null;
  return metadata === '$change' ? TRUNCATE : row[column]!;
});
