/** The inner port: what a reader thread makes of files, as plain data that can cross to the main thread. */
import type { AsciiTexts } from '../core/batch.js';
import { peaksOf, type TimePeaks } from '../core/event-time.js';
import type { Binding, RejectedRow, SourceColumn } from './source.js';

export interface ReaderRequest {
  readonly table: string;
  readonly binding: Binding;
  /** The binding's files, absolute, in the order they are read. */
  readonly files: readonly string[];
  readonly columns: readonly SourceColumn[];
  /** First position to deliver. */
  readonly from: number;
  readonly batchRows: number;
}

/**
 * One column of a batch. Numbers: `values` and `nulls` (null: none is NULL). 64-bit integers beyond ±2^53: `wide`.
 * Strings: codes, with the strings whose codes are new, or their bytes in `ascii`; `restart` says that codes begin anew at 1 with this batch.
 */
export type RawColumn =
  | { readonly kind: 'number'; readonly values: Float64Array; readonly nulls: Uint8Array | null }
  | { readonly kind: 'wide'; readonly values: BigInt64Array | readonly bigint[]; readonly nulls: Uint8Array | null }
  | { readonly kind: 'text'; readonly codes: Int32Array; readonly added: readonly string[]; readonly ascii?: AsciiTexts | null; readonly restart: boolean };

export interface RawBatch {
  readonly length: number;
  readonly position: number;
  readonly positions: Float64Array | null;
  readonly watermarks: { readonly before: number; readonly after: Float64Array } | null;
  readonly columns: readonly RawColumn[];
  /** Of the event-time column, where none of its rows is NULL: found in the reader's thread, the engine's has more to do. */
  readonly peaks?: TimePeaks;
  /** The reader takes the buffers of `lentBuffers` back: memory that goes round need be neither found, nor cleared, nor collected. */
  readonly lent?: boolean;
  readonly rejected: readonly RejectedRow[];
}

export interface Reader {
  readonly rowsTotal: number | null;
  /** Grows while reading. */
  readonly remarks: readonly string[];
  next(): Promise<RawBatch | null>;
  /** Buffers of batches that were lent. */
  takeBack?(buffers: readonly ArrayBuffer[]): void;
  /** Makes a `next` under way give up soon. */
  interrupt(): void;
  /** No `next` may be under way. */
  close(): Promise<void>;
}

/** The batch with its event times told by their peaks. */
export function withPeaks(batch: RawBatch, columns: readonly SourceColumn[]): RawBatch {
  const column = batch.columns[columns.findIndex(({ eventTime }) => eventTime)];
  return column?.kind === 'number' && column.nulls === null ? { ...batch, peaks: peaksOf(column.values.subarray(0, batch.length)) } : batch;
}

/** Buffers that move to the receiving thread instead of being copied. */
export function buffersOf(batch: RawBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBufferLike>();
  for (const column of batch.columns) {
    if (column.kind === 'text') {
      buffers.add(column.codes.buffer);
      if (column.ascii != null) buffers.add(column.ascii.bytes.buffer);
    }
    else {
      if (!Array.isArray(column.values)) buffers.add((column.values as Float64Array).buffer);
      if (column.nulls !== null) buffers.add(column.nulls.buffer);
    }
  }
  if (batch.positions !== null) buffers.add(batch.positions.buffer);
  if (batch.watermarks !== null) buffers.add(batch.watermarks.after.buffer);
  return [...buffers] as ArrayBuffer[];
}

/** Of a batch that is lent: those of its values and codes. */
export const lentBuffers = ({ columns }: RawBatch): ArrayBuffer[] =>
  columns.flatMap((column) => (column.kind === 'text' ? [column.codes.buffer] : column.kind === 'number' ? [column.values.buffer] : [])) as ArrayBuffer[];

/** When a column has had more distinct strings than this, its dictionary begins anew: memory stays bounded. */
export const distinctMax = 65_536;

/** Batches that may lie between the threads, and how many the main thread asks for at once: waking the other for each costs both. */
export const batchesAhead = 4;
export const creditBatches = 2;
