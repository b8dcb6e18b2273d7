/** Rows of captured tables between the batches in which they were read and those in which they are applied. */
import { batchOf, cell, Dictionary, type Batch, type Column } from '../core/batch.js';
import { concatColumns } from '../core/column-bytes.js';
import { TRUNCATE } from '../core/change.js';
import { ColumnBuilder, view } from '../core/column-builder.js';
import { TapewrightError } from '../core/errors.js';
import { storageOf } from '../core/types.js';
import { Assembler } from './assemble.js';
import { CHANGE, TRUNCATED, partitionsMost, type CaptureBatch, type DecodedTable } from './capture-batch.js';
import { numberOf, numberOfBytes } from '../cdc/xid.js';
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

  get isTruncate(): boolean {
    return this.piece.batch.kinds[this.at] === TRUNCATED;
  }
}

/** What the end of a transaction says whose id is a number. */
export interface EndNumbers {
  xid: number;
  lsn: number;
  time: number;
  counts: ReadonlyMap<string, number>;
}

/** Turns batches into events: the strings that those share are kept from batch to batch. */
export class CaptureEvents {
  readonly #assemblers: readonly Assembler[];
  /** By number. */
  readonly origins: Origin[] = [];
  #xids = new Dictionary();

  constructor(tables: readonly DecodedTable[]) {
    this.#assemblers = tables.map(({ columns }) => new Assembler(columns));
  }

  /** Throws DATASET_CORRUPT where a change names a partition that no topic has. */
  piece(batch: CaptureBatch): CapturePiece {
    this.origins.push(...batch.addedOrigins);
    this.#refusePartitions(batch);
    if (batch.restartXids) this.#xids = new Dictionary();
    if (batch.asciiXids === null) this.#xids.add(batch.addedXids);
    else this.#xids.addAscii(batch.asciiXids);
    const tables = batch.tables.map(({ length, columns }, table) =>
      this.#assemblers[table]!.assemble({ length, position: 0, positions: null, watermarks: null, columns, rejected: [] }).batch);
    return { batch, tables, counts: batch.ends.map((counts) => new Map(counts)) };
  }

  #refusePartitions({ length, kinds, origins, partitions, offsets }: CaptureBatch): void {
    for (let at = 0; at < length; at += 1) {
      const partition = partitions[at]!;
      // As an index: the remainder of a division costs more than all else here.
      if ((partition < partitionsMost && partition >>> 0 === partition) || !isChangeKind(kinds[at]!)) continue;
      const { topic } = this.origins[origins[at]!]!;
      throw new TapewrightError('DATASET_CORRUPT', `a record of ${topic} (offset ${offsets[at]}) names the partition ${partition}: partitions are whole numbers from 0 to ${partitionsMost - 1}; record the topic again`, { topic, partition });
    }
  }

  /** The change at `at` of the piece made last. */
  change(piece: CapturePiece, at: number): ChangeEvent<CapturedRow> {
    return new CapturedChange(piece, at, this.origins[piece.batch.origins[at]!]!, this.#xid(piece.batch, at));
  }

  /** The end of a transaction at `at` of the piece made last. */
  end({ batch, counts }: CapturePiece, at: number): TransactionEnd {
    return { kind: 'end', xid: this.#xid(batch, at)!, lsn: batch.lsns[at]!, time: batch.times[at]!, counts: counts[batch.origins[at]!]! };
  }

  /** As `end`, in numbers; false: its id is none. */
  endNumbers({ batch, counts }: CapturePiece, at: number, end: EndNumbers): boolean {
    end.xid = this.#xidNumber(batch.xids[at]!);
    end.lsn = batch.lsns[at]!;
    end.time = batch.times[at]!;
    end.counts = counts[batch.origins[at]!]!;
    return end.xid === end.xid;
  }

  #xid({ xids }: CaptureBatch, at: number): string | null {
    return this.#xids.text(xids[at]!);
  }

  #xidNumber(code: number): number {
    const { ascii, asciiStarts, asciiEnds } = this.#xids;
    // Those that came as bytes would be made strings, and few are asked for otherwise.
    const end = code < asciiEnds.length ? asciiEnds[code]! : 0;
    return end > 0 ? numberOfBytes(ascii, asciiStarts[code]!, end) : numberOf(this.#xids.text(code) ?? '');
  }
}

/** Where the row of `table`, the `nth` of its topic's, is in its piece; below 0: ~ which of `unreadable`. */
export const rowOf = ({ batch: { rows, width } }: CapturePiece, at: number, nth: number): number => rows[at * width + nth]!;

const isChangeKind = (kind: number): boolean => kind === CHANGE || kind === TRUNCATED;

export const isChange = ({ kinds }: CaptureBatch, at: number): boolean => isChangeKind(kinds[at]!);

/** Rows of one table in the order in which they are applied: most of them follow each other in their pieces. */
export class GatheredRows {
  length = 0;
  /** Rows [from, to) of a piece each. */
  readonly #pieces: Batch[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** Of those that only say that all rows before them are gone. */
  readonly #cuts: number[] = [];

  constructor(private readonly columns: readonly SourceColumn[]) {}

  add(rows: Batch, row: number, cut: boolean): void {
    if (cut) this.#cuts.push(this.length);
    const last = this.#pieces.length - 1;
    if (last >= 0 && this.#to[last] === row && this.#pieces[last] === rows) this.#to[last] = row + 1;
    else {
      this.#pieces.push(rows);
      this.#from.push(row);
      this.#to.push(row + 1);
    }
    this.length += 1;
  }

  take(): Batch {
    const columns = this.columns.map((_, index) => this.#column(index));
    const batch = batchOf(this.length, this.#cuts.length === 0 ? columns : columns.map((column, index) => this.#cut(column, index)));
    this.length = 0;
    for (const list of [this.#pieces, this.#from, this.#to, this.#cuts]) list.length = 0;
    return batch;
  }

  #column(index: number): Column {
    const parts = this.#pieces.map(({ columns }, part) => view(columns[index]!, this.#from[part]!, this.#to[part]!));
    if (parts.length === 0) return new ColumnBuilder(storageOf(this.columns[index]!.type), 1).finish();
    if (parts.length === 1) return parts[0]!;
    const lengths = parts.map((_, part) => this.#to[part]! - this.#from[part]!);
    return concatColumns(parts, lengths);
  }

  #cut(column: Column, index: number): Column {
    const { metadata } = this.columns[index]!;
    if (metadata !== undefined && !metadata.startsWith('$')) return column;
    const cuts = new Set(this.#cuts);
    const builder = new ColumnBuilder(storageOf(this.columns[index]!.type), Math.max(1, this.length));
    for (let row = 0; row < this.length; row += 1) builder.append(!cuts.has(row) ? cell(column, row) : metadata === '$change' ? TRUNCATE : null);
    return builder.finish();
  }
}
