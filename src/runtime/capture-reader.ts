/** The tables of one database from one recording: read together, and handed to the lane transaction by transaction. */
import type { ReachedPartition } from '../cdc/change-by-change.js';
import type { ChangeEvent, Transaction } from '../cdc/event.js';
import { gapError, gapText, incompleteText, type Gap, type Incomplete, type Restart } from '../cdc/gap.js';
import { cell } from '../core/batch.js';
import { TransactionAssembler, type AssemblerCounts, type Outcome } from '../cdc/transactions.js';
import type { TapewrightError } from '../core/errors.js';
import { utf8Units } from '../core/utf8.js';
import { CHANGE, END, MESSAGE, TRUNCATED } from '../sources/capture-batch.js';
import { CaptureEvents, GatheredRows, rowOf, type CapturedRow, type CapturePiece } from '../sources/capture-rows.js';
import { CaptureRuns } from '../sources/capture-runs.js';
import { openCaptureSource, type CaptureSource } from '../sources/capture-source.js';
import type { Recording } from '../sources/recorded-rows.js';
import type { SourceColumn } from '../sources/source.js';
import type { RunLane } from './input-reader.js';
import { TransactedBuilder, type ScannedTable } from './transacted-builder.js';

export interface CapturedTable {
  readonly input: number;
  readonly name: string;
  readonly topics: readonly string[];
  /** What to say where the recording has nothing of it. */
  readonly absence: string | null;
  readonly columns: readonly SourceColumn[];
}

export interface CaptureOptions {
  readonly recording: Recording;
  readonly transactionTopic: string;
  /** Of messages that clients write into the log; null: none is recorded. */
  readonly messageTopic: string | null;
  /** Of the topics recorded, how many partitions they have. */
  readonly partitions: ReadonlyMap<string, number>;
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
  readonly restarts: readonly (Restart & { readonly text: string })[];
  /** Where changes are applied one by one and `transactionTopic` is 'none': how far each partition was read. */
  readonly partitions?: readonly ReachedPartition[];
}

/** Where rows of a transaction go: one table's rows since the last batch. */
interface Filling {
  readonly table: CapturedTable;
  /** Number among the tables. */
  readonly index: number;
  readonly rows: GatheredRows;
  /** Position of the first of `rows`, and of the next row: rows count in the order in which they are applied. */
  first: number;
  next: number;
  /** Of rows before it, the lane has had all. */
  had: number;
}

/** Transactions that follow each other: of each, records [from, to) of the piece that was read last, and its time. */
interface SeenTogether {
  readonly kind: 'together';
  readonly from: number[];
  readonly to: number[];
  readonly time: number[];
}

/** Records, some of which may be of tables that are not read. */
const lengthOf = ({ from, to }: SeenTogether): number => to[to.length - 1]! - from[0]!;

/** Rows are few beside so many times as many. */
const littleOf = 8;

/** Remarks of one kind: what is beyond is counted. */
const remarksMost = 20;

export class CaptureReader {
  readonly #source: CaptureSource;
  readonly #events: CaptureEvents;
  readonly #assembler: TransactionAssembler<CapturedRow, SeenTogether>;
  readonly #fillings: readonly Filling[];
  readonly #byTopic: ReadonlyMap<string, readonly Filling[]>;
  /** By the number of a change's origin. */
  readonly #byOrigin: (readonly Filling[])[] = [];
  readonly #together: CaptureRuns;
  /** The one that goes on; null: something else came. */
  #seen: SeenTogether | null = null;
  /** Code of the transaction whose changes are pushed one by one; -1: of none. */
  #apart = -1;
  readonly #builder = new TransactedBuilder();
  /** The one that was read last. */
  #piece: CapturePiece | null = null;
  readonly #gaps: Gap[] = [];
  #incomplete: readonly Incomplete[] = [];
  #undecodable = 0;
  #undecodableFirst = '';
  #failure: TapewrightError | null = null;

  constructor(readonly tables: readonly CapturedTable[], private readonly options: CaptureOptions, private readonly lane: RunLane) {
    const { recording, transactionTopic, messageTopic, partitions } = options;
    this.#source = openCaptureSource({ recording, tables, transactionTopic, messageTopic, tellsAll: true });
    this.#events = new CaptureEvents(tables);
    this.#together = new CaptureRuns(this.#events.origins);
    const topics = [...new Set(tables.flatMap((table) => table.topics))];
    this.#assembler = new TransactionAssembler(topics, { partitions: (topic) => partitions.get(topic) ?? 1, messageTopic });
    const readers = (topic: string): readonly CapturedTable[] => tables.filter((table) => table.topics.includes(topic));
    this.#fillings = tables.map((table, index): Filling => ({
      table, index, rows: new GatheredRows(table.columns), first: 0, next: 0, had: 0,
    }));
    this.#byTopic = new Map(topics.map((topic) => [topic, readers(topic).map((table) => this.#fillings[tables.indexOf(table)]!)]));
  }

  /** Reads on; false at the end of the recording. Throws SOURCE_GAP once what lies before a gap was used. */
  async read(): Promise<boolean> {
    if (this.#failure !== null) throw this.#failure;
    const batch = await this.#source.next();
    if (batch === null) {
      const { outcomes, incomplete } = this.#assembler.finish();
      this.#incomplete = incomplete;
      this.#deliver(outcomes);
      if (this.#failure !== null) return true;
      for (const { input } of this.tables) this.lane.feed.end(input);
      return false;
    }
    const piece = this.#events.piece(batch);
    this.#piece = piece;
    this.#seen = null;
    this.#apart = -1;
    for (let at = 0; at < batch.length; at += 1) {
      if (batch.kinds[at] === CHANGE && this.#isTogether(piece, at)) at = this.#together.to;
      else {
        this.#seen = null;
        this.#push(piece, at);
      }
    }
    this.#give();
    return true;
  }

  #give(): void {
    // A table of which nothing is recorded keeps nobody waiting.
    for (const { absence, topics } of this.tables) if (absence !== null) for (const topic of topics) this.#assembler.caughtUp(topic);
    this.#deliver(this.#assembler.take());
  }

  #push(piece: CapturePiece, at: number): void {
    const { batch } = piece;
    const kind = batch.kinds[at];
    if (kind === CHANGE || kind === TRUNCATED) this.#assembler.push(this.#events.change(piece, at));
    else if (kind === END) this.#assembler.push(this.#events.end(piece, at));
    else if (kind === MESSAGE) this.#assembler.push({ kind: 'message', lsn: batch.lsns[at]! });
    else {
      // What is whole by now goes first: else its place would be that of its piece, and depend on how the file is cut.
      this.#give();
      if (this.#failure !== null) return;
      const { topic, error, line } = batch.bad[batch.origins[at]!]!;
      if (this.#undecodable === 0) this.#undecodableFirst = error;
      this.#undecodable += 1;
      this.#reject(this.#byTopic.get(topic)?.[0] ?? this.#fillings[0]!, null, `${error} (topic ${topic}, partition ${batch.partitions[at]}, offset ${batch.offsets[at]})`, line);
    }
  }

  /** Whether changes from `at` on are a transaction, and its turn is now. */
  #isTogether(piece: CapturePiece, at: number): boolean {
    const xid = piece.batch.xids[at]!;
    if (xid === this.#apart) return false;
    const seen = this.#seen ?? { kind: 'together', from: [], to: [], time: [] };
    const together = this.#together;
    if (!together.find(piece.batch, at) || !this.#events.endNumbers(piece, together.to, together.end) || !this.#assembler.pushTogether(together, seen)) {
      this.#apart = xid;
      return false;
    }
    this.#seen = seen;
    seen.from.push(this.#together.from);
    seen.to.push(this.#together.to);
    seen.time.push(this.#together.time);
    return true;
  }

  rowsOf(input: number): number {
    return this.#fillingOf(input).next;
  }

  fingerprint(): Promise<string> {
    return this.#source.fingerprint();
  }

  close(): Promise<void> {
    return this.#source.close();
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
    const left = this.#incomplete, most = left.length > remarksMost + 1 ? remarksMost : left.length;
    const unfinished = left.slice(0, most).map(incompleteText).map((text) => `${text[0]!.toUpperCase()}${text.slice(1)}.`);
    if (left.length > most) unfinished.push(`${left.length - most} more are not whole, and not applied: cdc.json of the bundle has all.`);
    return [
      ...this.tables.flatMap(({ absence }) => (absence === null ? [] : [`${absence}.`])),
      ...this.#assembler.restarts.filter(({ overlaps }) => !overlaps).map(({ text }) => `A warning: ${text}.`),
      ...this.#gaps.map((gap) => `A gap in the changes: ${gapText(gap)}.`), ...unfinished,
      ...(repeats + repeatedTransactions === 0 ? [] : [`${repeats} change${repeats === 1 ? '' : 's'} came again${repeatedTransactions === 0 ? '' : `, and the ends of ${repeatedTransactions} transactions`}: left out.`]),
      ...(this.#undecodable === 0 ? [] : [`${this.#undecodable} record${this.#undecodable === 1 ? '' : 's'} of captured topics cannot be read (dead letters), the first since ${this.#undecodableFirst}.`]),
    ];
  }

  #fillingOf(input: number): Filling {
    return this.#fillings.find(({ table }) => table.input === input)!;
  }

  /** Goes with the table's next row: a record that cannot be read is of no transaction. */
  #reject({ table, next }: Filling, column: string | null, error: string, value: string): void {
    if (next < this.lane.engine.position(table.input, 0)) return;
    this.lane.feed.reject(table.input, {
      input: table.name, partition: 0, position: next, eventTime: null, statement: -1, operator: 'source', expression: column ?? '', error, key: null, value,
    });
  }

  #deliver(outcomes: readonly (Outcome<CapturedRow> | SeenTogether)[]): void {
    for (const filling of this.#fillings) filling.had = this.lane.engine.position(filling.table.input, 0);
    for (const outcome of outcomes) {
      if (this.#failure !== null) break;
      if (outcome.kind === 'gap') this.#note(outcome.gap);
      else if (outcome.kind === 'together') {
        // What went over from the piece before goes first, where that is little: the rows of this one are then not copied.
        if (this.#builder.length > 0 && this.#builder.length * littleOf < lengthOf(outcome)) this.#send();
        this.#fillTogether(outcome);
      } else if (this.#isAsked(outcome.time)) this.#fill(outcome);
    }
    this.#send();
  }

  #send(): void {
    const { input } = this.tables[0]!;
    this.lane.feed.pushTransactions(input, this.#builder.take(this.#fillings.map((filling) => this.#scan(filling))));
  }

  #isAsked(time: number): boolean {
    return this.options.to === null || time < this.options.to;
  }

  #note(gap: Gap): void {
    this.#gaps.push(gap);
    if (!this.options.stopsAtGaps) return;
    this.#failure = gapError(gap);
  }

  /** The rows of a transaction, but for those that the lane has had already. */
  #fill({ events, renewed }: Transaction<CapturedRow>): void {
    const told = new Set<string>();
    for (const event of events) {
      const isTold = renewed.length === 0 || !renewed.includes(event.table) || told.has(event.table);
      if (!isTold) told.add(event.table);
      const fillings = this.#byTopic.get(event.topic)!;
      for (let nth = 0; nth < fillings.length; nth += 1) {
        if (!isTold) this.#add(fillings[nth]!, nth, event, true);
        this.#add(fillings[nth]!, nth, event, false);
      }
    }
    this.#builder.end();
  }

  /** As `#fill`, of the piece that was read last. */
  #fillTogether({ from, to, time }: SeenTogether): void {
    const piece = this.#piece!, { batch: { rows, width, origins } } = piece;
    for (let transaction = 0; transaction < from.length; transaction += 1) {
      if (!this.#isAsked(time[transaction]!)) continue;
      for (let at = from[transaction]!; at < to[transaction]!; at += 1) {
        const fillings = this.#fillingsOf(origins[at]!);
        for (let nth = 0; nth < fillings.length; nth += 1) {
          const row = rows[at * width + nth]!;
          if (row < 0) this.#add(fillings[nth]!, nth, this.#events.change(piece, at), false);
          else this.#place(fillings[nth]!, piece, row, false);
        }
      }
      this.#builder.end();
    }
  }

  #fillingsOf(origin: number): readonly Filling[] {
    return (this.#byOrigin[origin] ??= this.#byTopic.get(this.#events.origins[origin]!.topic)!);
  }

  /** `nth`: of the tables that are the topic's. `cut`: nothing of the row counts, but that all before it are gone. */
  #add(filling: Filling, nth: number, event: ChangeEvent<CapturedRow>, cut: boolean): void {
    const { piece, at } = event.row;
    const row = rowOf(piece, at, nth);
    const unreadable = row < 0 ? piece.batch.unreadable[~row]! : null;
    if (unreadable !== null && !cut) {
      this.#reject(filling, unreadable.column, `${unreadable.error} (topic ${event.topic}, partition ${event.partition}, offset ${event.offset})`, utf8Units(unreadable.image));
      return;
    }
    this.#place(filling, piece, unreadable?.row ?? row, cut);
  }

  #place(filling: Filling, piece: CapturePiece, row: number, cut: boolean): void {
    const position = filling.next;
    filling.next += 1;
    if (position < filling.had) return;
    const { rows } = filling;
    if (rows.length === 0) filling.first = position;
    this.#builder.add(filling.index, rows.length);
    rows.add(piece.tables[filling.index]!, row, cut);
  }

  /** Null: there are none. */
  #scan({ table, rows, first }: Filling): ScannedTable | null {
    if (rows.length === 0) return null;
    const batch = rows.take();
    const scanned = this.lane.engine.scan(table.input, 0, { batch, position: first, positions: null, watermarks: null });
    for (const { row, position, error, expression } of scanned.rejected) {
      this.lane.feed.reject(table.input, {
        input: table.name, partition: 0, position, eventTime: null, statement: -1, operator: 'source', expression, error, key: null,
        value: utf8Units(JSON.stringify(batch.columns.map((column) => String(cell(column, row))))),
      });
    }
    return { batch: scanned.batch, first, length: batch.length };
  }
}
