/** Rows of captured tables between the batches in which they were read and those in which they are applied. */
import { batchOf, cell, type Batch, type Column } from '../core/batch.js';
import { TRUNCATE } from '../core/change.js';
import { ColumnBuilder, gather } from '../core/column-builder.js';
import { storageOf } from '../core/types.js';
import { Assembler } from './assemble.js';
import { CHANGE, type CaptureBatch, type DecodedTable } from './capture-batch.js';
import type { ChangeEvent, SnapshotPlace, TransactionEnd } from '../cdc/event.js';
import type { Origin } from '../formats/debezium-shape.js';
import type { SourceColumn } from './source.js';

/** A batch whose rows are waited for: it is kept as long as one of them is. */
export interface CapturePiece {
  readonly batch: CaptureBatch;
  /** By table. */
  readonly tables: readonly Batch[];
  /** Those of the batch's `ends`, by table. */
  readonly counts: readonly ReadonlyMap<string, number>[];
}

/** A change, by its record. */
export interface CapturedRow {
  readonly piece: CapturePiece;
  readonly at: number;
}

/** A change whose numbers stay in the columns of its batch: most of them are looked at once. */
class CapturedChange implements ChangeEvent<CapturedRow>, CapturedRow {
  constructor(readonly piece: CapturePiece, readonly at: number, private readonly origin: Origin, readonly xid: string | null) {}

  get kind(): 'change' {
    return 'change';
  }

  get row(): CapturedRow {
    return this;
  }

  get topic(): string {
    return this.origin.topic;
  }

  get table(): string {
    return this.origin.table;
  }

  get snapshot(): SnapshotPlace | null {
    return this.origin.snapshot;
  }

  get run(): string | null {
    return this.origin.run;
  }

  get partition(): number {
    return this.piece.batch.partitions[this.at]!;
  }

  get offset(): number {
    return this.piece.batch.offsets[this.at]!;
  }

  get order(): number {
    return this.piece.batch.orders[this.at]!;
  }

  get lsn(): number | null {
    const lsn = this.piece.batch.lsns[this.at]!;
    return Number.isNaN(lsn) ? null : lsn;
  }

  get lastCommit(): number | null {
    const lastCommit = this.piece.batch.lastCommits[this.at]!;
    return Number.isNaN(lastCommit) ? null : lastCommit;
  }

  get time(): number {
    return this.piece.batch.times[this.at]!;
  }
}

/** Turns batches into events: the strings that those share are kept from batch to batch. */
export class CaptureEvents {
  readonly #assemblers: readonly Assembler[];
  #origins: Origin[] = [];
  #xids: string[] = [];

  constructor(tables: readonly DecodedTable[]) {
    this.#assemblers = tables.map(({ columns }) => new Assembler(columns));
  }

  piece(batch: CaptureBatch): CapturePiece {
    this.#origins.push(...batch.addedOrigins);
    if (batch.restartXids) this.#xids = [''];
    for (const xid of batch.addedXids) this.#xids.push(xid);
    const tables = batch.tables.map(({ length, columns }, table) =>
      this.#assemblers[table]!.assemble({ length, position: 0, positions: null, watermarks: null, columns, rejected: [] }).batch);
    return { batch, tables, counts: batch.ends.map((counts) => new Map(counts)) };
  }

  /** The change at `at` of the piece made last. */
  change(piece: CapturePiece, at: number): ChangeEvent<CapturedRow> {
    return new CapturedChange(piece, at, this.#origins[piece.batch.origins[at]!]!, this.#xid(piece.batch, at));
  }

  /** The end of a transaction at `at` of the piece made last. */
  end({ batch, counts }: CapturePiece, at: number): TransactionEnd {
    return { kind: 'end', xid: this.#xid(batch, at)!, lsn: batch.lsns[at]!, time: batch.times[at]!, counts: counts[batch.origins[at]!]! };
  }

  #xid({ xids }: CaptureBatch, at: number): string | null {
    return xids[at] === 0 ? null : this.#xids[xids[at]!]!;
  }
}

/** Where the row of `table`, the `nth` of its topic's, is in its piece; below 0: ~ which of `unreadable`. */
export const rowOf = ({ batch: { rows, width } }: CapturePiece, at: number, nth: number): number => rows[at * width + nth]!;

export const isChange = ({ kinds }: CaptureBatch, at: number): boolean => kinds[at] === CHANGE;

/** Rows of one table in the order in which they are applied. */
export class GatheredRows {
  length = 0;
  #pieces: Batch[] = [];
  #which: number[] = [];
  #rows: number[] = [];
  /** Of those that only say that all rows before them are gone. */
  #cuts: number[] = [];

  constructor(private readonly columns: readonly SourceColumn[]) {}

  add(rows: Batch, row: number, cut: boolean): void {
    let piece = this.#pieces.length - 1;
    if (piece < 0 || this.#pieces[piece] !== rows) {
      piece = this.#pieces.indexOf(rows);
      if (piece < 0) piece = this.#pieces.push(rows) - 1;
    }
    if (cut) this.#cuts.push(this.length);
    this.#which.push(piece);
    this.#rows.push(row);
    this.length += 1;
  }

  take(): Batch {
    const columns = this.columns.map((_, index) => this.#column(index));
    const batch = batchOf(this.length, this.#cuts.length === 0 ? columns : columns.map((column, index) => this.#cut(column, index)));
    this.length = 0;
    this.#pieces = [];
    this.#which = [];
    this.#rows = [];
    this.#cuts = [];
    return batch;
  }

  #column(index: number): Column {
    const one = this.#pieces[0]?.columns[index];
    if (one === undefined) return this.#values(index, () => null);
    if (this.#pieces.length === 1) return gather(one, this.#rows, this.length);
    const sources = this.#pieces.map(({ columns }) => columns[index]!);
    if (one.storage === 'text' && one.dictionary !== null && sources.every((source) => source.storage === 'text' && source.dictionary === one.dictionary)) {
      return { storage: 'text', values: this.#numbers(sources.map(({ values }) => values as Int32Array), new Int32Array(this.length)), dictionary: one.dictionary };
    }
    if (one.storage !== 'text' && sources.every(({ values }) => values instanceof Float64Array)) {
      const nulls = sources.map((source) => (source.storage === 'text' ? null : source.nulls));
      return {
        storage: one.storage, values: this.#numbers(sources.map(({ values }) => values as Float64Array), new Float64Array(this.length)),
        nulls: nulls.every((flags) => flags === null) ? null : this.#numbers(nulls.map((flags, piece) => flags ?? new Uint8Array(sources[piece]!.values.length)), new Uint8Array(this.length)),
      };
    }
    return this.#values(index, (row) => cell(sources[this.#which[row]!]!, this.#rows[row]!));
  }

  #numbers<Values extends Int32Array | Float64Array | Uint8Array>(sources: readonly Values[], into: Values): Values {
    const which = this.#which, rows = this.#rows;
    for (let row = 0; row < this.length; row += 1) into[row] = sources[which[row]!]![rows[row]!]!;
    return into;
  }

  #values(index: number, valueOf: (row: number) => ReturnType<typeof cell>): Column {
    const builder = new ColumnBuilder(storageOf(this.columns[index]!.type), Math.max(1, this.length));
    for (let row = 0; row < this.length; row += 1) builder.append(valueOf(row));
    return builder.finish();
  }

  #cut(column: Column, index: number): Column {
    const { metadata } = this.columns[index]!;
    if (metadata !== undefined && !metadata.startsWith('$')) return column;
    const cuts = new Set(this.#cuts);
    return this.#values(index, (row) => (!cuts.has(row) ? cell(column, row) : metadata === '$change' ? TRUNCATE : null));
  }
}
