/** The tables of one database from one recording: read together, and handed to the lane transaction by transaction. */
import type { ChangeEvent, Transaction } from '../cdc/event.js';
import { gapPlace, gapText, type Gap, type Incomplete, type Restart } from '../cdc/gap.js';
import { TransactionAssembler, type AssemblerCounts, type Outcome } from '../cdc/transactions.js';
import { TRUNCATE } from '../core/change.js';
import { TapewrightError } from '../core/errors.js';
import { utf8Units } from '../core/utf8.js';
import { positionOf, type ScanBatch, type SliceRows } from '../engine/scan-batch.js';
import type { DebeziumAvro } from '../formats/debezium-avro.js';
import { decodeRecord, type Change } from '../formats/debezium-envelope.js';
import { captureOf, topicAhead } from '../formats/debezium-record.js';
import { ChangeReader } from '../formats/debezium-values.js';
import { captureLines } from '../sources/capture-lines.js';
import { fingerprintOf } from '../sources/files.js';
import { batchOfRows, type RowValues } from '../sources/row-columns.js';
import type { SourceColumn } from '../sources/source.js';
import type { FedTransaction } from './capture-queue.js';
import type { RunLane } from './input-reader.js';

export interface CapturedTable {
  readonly input: number;
  readonly name: string;
  readonly topics: readonly string[];
  /** What to say where the recording has nothing of it. */
  readonly absence: string | null;
  readonly columns: readonly SourceColumn[];
}

export interface CaptureOptions {
  readonly files: readonly string[];
  readonly transactionTopic: string;
  readonly avro: DebeziumAvro | null;
  readonly stopsAtGaps: boolean;
  /** Transactions committed at this time or later are left out, epoch ms; null: none are. */
  readonly to: number | null;
}

/** What a run says of the changes that it read: `cdc.json` of a bundle. */
export interface CaptureRecord {
  readonly tables: readonly string[];
  readonly transactionTopic: string;
  readonly counts: AssemblerCounts;
  readonly gaps: readonly (Gap & { readonly text: string })[];
  readonly incomplete: readonly Incomplete[];
  readonly restarts: readonly Restart[];
}

/** Where rows of a transaction go: one table's rows since the last batch. */
interface Filling {
  readonly table: CapturedTable;
  readonly reader: ChangeReader;
  rows: RowValues[];
  positions: number[];
  /** Position of the next row: rows count in the order in which they are applied. */
  next: number;
}

interface Placed {
  readonly filling: Filling;
  readonly position: number;
}

export class CaptureReader {
  readonly #lines: AsyncGenerator<readonly string[]>;
  readonly #assembler: TransactionAssembler<Change>;
  readonly #fillings: ReadonlyMap<string, Filling>;
  #line = 0;
  readonly #gaps: Gap[] = [];
  #incomplete: readonly Incomplete[] = [];
  #undecodable = 0;
  #failure: TapewrightError | null = null;
  #hash: Promise<string> | null = null;

  constructor(readonly tables: readonly CapturedTable[], private readonly options: CaptureOptions, private readonly lane: RunLane) {
    this.#lines = captureLines(options.files);
    this.#assembler = new TransactionAssembler(tables.flatMap(({ topics }) => topics));
    const fillings = tables.map((table): Filling => ({ table, reader: new ChangeReader(table.columns), rows: [], positions: [], next: 0 }));
    this.#fillings = new Map(fillings.flatMap((filling) => filling.table.topics.map((topic) => [topic, filling])));
  }

  /** Reads on; false at the end of the recording. Throws SOURCE_GAP once what lies before a gap was used. */
  async read(): Promise<boolean> {
    if (this.#failure !== null) throw this.#failure;
    const piece = await this.#lines.next();
    if (piece.done === true) {
      const { outcomes, incomplete } = this.#assembler.finish();
      this.#incomplete = incomplete;
      this.#deliver(outcomes);
      if (this.#failure !== null) return true;
      for (const { input } of this.tables) this.lane.feed.end(input);
      return false;
    }
    for (const line of piece.value) this.#take(line);
    // A table of which nothing is recorded keeps nobody waiting.
    for (const { absence, topics } of this.tables) if (absence !== null) for (const topic of topics) this.#assembler.caughtUp(topic);
    this.#deliver(this.#assembler.take());
    return true;
  }

  rowsOf(input: number): number {
    return this.#fillingOf(input).next;
  }

  fingerprint(): Promise<string> {
    return (this.#hash ??= fingerprintOf(this.options.files));
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }

  get record(): CaptureRecord {
    return {
      tables: this.tables.map(({ name }) => name), transactionTopic: this.options.transactionTopic, counts: { ...this.#assembler.counts },
      gaps: this.#gaps.map((gap) => ({ ...gap, text: gapText(gap) })), incomplete: this.#incomplete,
      restarts: this.#assembler.restarts,
    };
  }

  remarks(): readonly string[] {
    const { repeats, repeatedTransactions } = this.#assembler.counts;
    const unfinished = this.#incomplete.map(({ xid, found, expected }) =>
      `${xid === null ? 'The snapshot' : `Transaction ${xid}`} is not whole where the recording ends (${found} of ${expected ?? 'unknown'} changes): it is not applied.`);
    return [
      ...this.tables.flatMap(({ absence }) => (absence === null ? [] : [`${absence}.`])),
      ...this.#assembler.restarts.filter(({ overlaps }) => !overlaps).map((restart) =>
        `The connector was started anew ${gapPlace(restart)}, and sent nothing again: whether its slot was the same, only the database knows.`),
      ...this.#gaps.map((gap) => `A gap in the changes: ${gapText(gap)}.`), ...unfinished,
      ...(repeats + repeatedTransactions === 0 ? [] : [`${repeats} changes came again${repeatedTransactions === 0 ? '' : `, and the ends of ${repeatedTransactions} transactions`}: left out.`]),
      ...(this.#undecodable === 0 ? [] : [`${this.#undecodable} records of captured topics cannot be read.`]),
    ];
  }

  #fillingOf(input: number): Filling {
    return [...this.#fillings.values()].find(({ table }) => table.input === input)!;
  }

  #take(line: string): void {
    const at = this.#line;
    this.#line += 1;
    const ahead = topicAhead(line);
    if (ahead !== null && ahead !== this.options.transactionTopic && !this.#fillings.has(ahead)) return;
    const record = captureOf(line, at);
    if (record === null || (record.topic !== this.options.transactionTopic && !this.#fillings.has(record.topic))) return;
    const decoded = decodeRecord(record, this.options.avro);
    if (decoded.kind === 'event') this.#assembler.push(decoded.event);
    else if (decoded.kind === 'bad') {
      this.#undecodable += 1;
      const filling = this.#fillings.get(record.topic) ?? [...this.#fillings.values()][0]!;
      this.#reject(filling, null, `${decoded.error} (topic ${record.topic}, partition ${record.partition}, offset ${record.offset})`, line);
    }
  }

  /** Goes with the table's next row: a record that cannot be read is of no transaction. */
  #reject({ table, next }: Filling, column: string | null, error: string, value: string): void {
    if (next < this.lane.engine.position(table.input, 0)) return;
    this.lane.feed.reject(table.input, {
      input: table.name, partition: 0, position: next, eventTime: null, statement: -1, operator: 'source', expression: column ?? '', error, key: null, value: utf8Units(value),
    });
  }

  #deliver(outcomes: readonly Outcome<Change>[]): void {
    const transactions: Placed[][] = [];
    for (const outcome of outcomes) {
      if (this.#failure !== null) break;
      if (outcome.kind === 'gap') this.#note(outcome.gap);
      else if (this.options.to === null || outcome.time < this.options.to) transactions.push(this.#fill(outcome));
    }
    const batches = new Map([...new Set(this.#fillings.values())].map((filling) => [filling, this.#scan(filling)]));
    const fed = transactions.flatMap((placed) => fedTransaction(placed, batches));
    if (fed.length > 0) this.lane.feed.pushTransactions(this.tables[0]!.input, fed);
  }

  #note(gap: Gap): void {
    this.#gaps.push(gap);
    if (!this.options.stopsAtGaps) return;
    this.#failure = new TapewrightError('SOURCE_GAP',
      `${gapText(gap)}; the run stops before it. Compare with a new snapshot; with SET 'cdc.gaps' = 'go-on' a run tells gaps and goes on`, { ...gap });
  }

  /** The rows of a transaction, but for those that the lane has had already. */
  #fill({ events, renewed }: Transaction<Change>): Placed[] {
    const placed: Placed[] = [];
    const told = new Set<string>();
    const take = (event: ChangeEvent<Change>, change: Change): void => {
      const filling = this.#fillings.get(event.topic)!;
      const values = filling.reader.read(change);
      if ('error' in values) {
        this.#reject(filling, values.column, `${values.error} (topic ${event.topic}, partition ${event.partition}, offset ${event.offset})`, JSON.stringify(change.image, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)));
        return;
      }
      const position = filling.next;
      filling.next += 1;
      if (position < this.lane.engine.position(filling.table.input, 0)) return;
      placed.push({ filling, position });
      filling.rows.push(values);
      filling.positions.push(position);
    };
    for (const event of events) {
      if (renewed.includes(event.table) && !told.has(event.table)) {
        told.add(event.table);
        take(event, { ...event.row, operation: TRUNCATE, image: {}, text: null });
      }
      take(event, event.row);
    }
    return placed;
  }

  #scan(filling: Filling): ScanBatch | null {
    const { table, rows, positions } = filling;
    if (rows.length === 0) return null;
    const scanned = this.lane.engine.scan(table.input, 0, { batch: batchOfRows(table.columns, rows), position: positions[0]!, positions: Float64Array.from(positions), watermarks: null });
    for (const { position, error, expression } of scanned.rejected) {
      this.lane.feed.reject(table.input, {
        input: table.name, partition: 0, position, eventTime: null, statement: -1, operator: 'source', expression, error, key: null,
        value: utf8Units(JSON.stringify(rows[positions.indexOf(position)]!.map(String))),
      });
    }
    filling.rows = [];
    filling.positions = [];
    return scanned.batch;
  }
}

/** Runs of rows of one table each; none where all its rows were left out. */
function fedTransaction(placed: readonly Placed[], batches: ReadonlyMap<Filling, ScanBatch | null>): FedTransaction[] {
  const pieces: { batch: ScanBatch; from: number; to: number }[] = [];
  let time = -Infinity;
  for (const { filling, position } of placed) {
    const batch = batches.get(filling)!;
    const at = rowIn(batch, position);
    if (at < 0) continue;
    time = Math.max(time, batch.time[at]!);
    const last = pieces[pieces.length - 1];
    if (last !== undefined && last.batch === batch && last.to === at) last.to = at + 1;
    else pieces.push({ batch, from: at, to: at + 1 });
  }
  if (pieces.length === 0) return [];
  return [{ time, pieces: pieces.map((piece, index): SliceRows => ({ ...piece, transaction: index === pieces.length - 1 ? 'end' : 'open' })) }];
}

/** Where the row at `position` is in its batch, from which rows without event time were left out; -1: it is one of them. */
function rowIn(batch: ScanBatch, position: number): number {
  if (batch.batch.length === 0) return -1;
  const at = position - positionOf(batch, 0);
  return at >= 0 && at < batch.batch.length && positionOf(batch, at) === position ? at : batch.positions!.indexOf(position);
}
