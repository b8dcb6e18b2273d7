/** The port through which history enters: files read in order, in columnar batches. */
import type { Batch } from '../core/batch.js';
import type { TimePeaks } from '../core/event-time.js';
import type { SqlType } from '../core/types.js';

/** What a table is bound to in replay. */
export interface Binding {
  /** A file, or a glob whose files are read in the order of their names; of an Iceberg table what `icebergPath` gives. */
  readonly path: string;
  readonly format: 'parquet' | 'csv' | 'jsonl' | 'arrow' | 'iceberg';
  /** DuckDB expressions over the file's columns, by table column: dataset.yaml `select`, or `--map`. */
  readonly select: Readonly<Record<string, string>>;
  /** Column that orders the rows (ties by file and row number); null: file order is arrival order. */
  readonly order: string | null;
}

export interface SourceColumn {
  readonly name: string;
  readonly type: SqlType;
  /** The event-time column: when the file lacks it, its `timestamp` column (epoch ms or a timestamp) stands in. */
  readonly eventTime: boolean;
  /** Of a metadata column of a table of changes: its key. */
  readonly metadata?: string;
}

/** A row that cannot be decoded into the declared types. Kept as a dead letter. */
export interface RejectedRow {
  readonly position: number;
  readonly column: string | null;
  readonly error: string;
  /** The row as it stood in the file, in bytes: one code unit a byte (latin1). */
  readonly value: string;
}

export interface SourceBatch {
  /** Columns as asked for, in that order. */
  readonly batch: Batch;
  /** Position (0-based row or line number) of row i: `positions[i]`, or `position + i` when null. */
  readonly position: number;
  readonly positions: Float64Array | null;
  /** JSON lines with `{"watermark": n}` between rows: the watermark in force before the first row and after each row (epoch ms). */
  readonly watermarks: { readonly before: number; readonly after: Float64Array } | null;
  /** Of the event-time column, where none of its rows is NULL. */
  readonly peaks?: TimePeaks | undefined;
  /** Its columns are to be given back when nobody reads them any more. */
  readonly lent?: boolean | undefined;
  readonly rejected: readonly RejectedRow[];
}

export interface Source {
  /** Rows in all when the format knows it, else null. */
  readonly rowsTotal: number | null;
  /** Things to say, e.g. that `event_time` was taken from `timestamp`, or that event times were floored to 1 ms. */
  readonly remarks: readonly string[];
  /** The next rows, or null at the end. One call at a time. */
  next(): Promise<SourceBatch | null>;
  /** A batch that was lent is read no more: the memory of its columns is used for other rows. */
  giveBack?(batch: SourceBatch): void;
  /** SHA-256 (hex) of the files' bytes, computed in the reader. Resolves once the files have been hashed. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}
