/**
 * The rows that go through the plan at once: one run of rows of each input partition, interleaved. A chunk row is a
 * row's place in that order; operators know rows by it.
 */
import type { Chunk } from '../operators/operator.js';
import type { ScanBatch, SliceRows } from './scan-batch.js';

/** Rows [from, to) of one partition. `released[row - from]` is the chunk row of each; null: the batch row itself. */
export interface ChunkPart extends SliceRows {
  readonly released: Int32Array | null;
}

export interface ChunkSource {
  readonly chunk: Chunk;
  readonly parts: readonly ChunkPart[];
  /** Added to a chunk row: the row's number in the lane. */
  readonly ordinal: number;
  /** By chunk row: which part's turn it is, and the batch row. Null with a single part. */
  readonly turns: { readonly part: Int32Array; readonly row: Int32Array } | null;
  /** By chunk row: the last chunk row of the transaction that it belongs to, -1: to none. Null where there is none at all. */
  readonly transactions: Int32Array | null;
}

/** The batch and batch row at a chunk row; null where watermarks move without a row. */
export function rowAt(source: ChunkSource, at: number): { readonly batch: ScanBatch; readonly row: number } | null {
  if (source.parts.length === 0) return null;
  if (source.turns === null) return { batch: source.parts[0]!.batch, row: at };
  return { batch: source.parts[source.turns.part[at]!]!.batch, row: source.turns.row[at]! };
}

/** One moment, no row: the end of history, or a mark that the source gives. */
export function moment(ordinal: number): ChunkSource {
  return { chunk: { from: 0, to: 1 }, parts: [], ordinal, turns: null, transactions: null };
}

/** Slices in the order of interleaving; those of one partition follow each other in one batch. `ordinal`: rows before. */
export function chunkOf(slices: readonly SliceRows[], ordinal: number): ChunkSource {
  const isTransacted = slices.some(({ transaction }) => transaction !== undefined);
  if (slices.length === 1 && !isTransacted) {
    const { from, to } = slices[0]!;
    return { chunk: { from, to }, parts: [{ ...slices[0]!, released: null }], ordinal: ordinal - from, turns: null, transactions: null };
  }
  const runs: { batch: ScanBatch; from: number; to: number }[] = [];
  const runOf = new Map<ScanBatch, number>();
  let rows = 0;
  for (const { batch, from, to } of slices) {
    rows += to - from;
    const known = runOf.get(batch);
    if (known === undefined) runOf.set(batch, runs.push({ batch, from, to }) - 1);
    else runs[known]!.to = to;
  }
  const parts = runs.map((run) => ({ ...run, released: new Int32Array(run.to - run.from) }));
  const turns = { part: new Int32Array(rows), row: new Int32Array(rows) };
  let at = 0;
  for (const { batch, from, to } of slices) {
    const index = runOf.get(batch)!;
    const part = parts[index]!;
    for (let row = from; row < to; row += 1) {
      turns.part[at] = index;
      turns.row[at] = row;
      part.released[row - part.from] = at;
      at += 1;
    }
  }
  return { chunk: { from: 0, to: rows }, parts, ordinal, turns, transactions: isTransacted ? endsOf(slices, rows) : null };
}

/** See `ChunkSource.transactions`. */
function endsOf(slices: readonly SliceRows[], rows: number): Int32Array {
  const ends = new Int32Array(rows).fill(-1);
  let at = 0;
  let first = -1;
  for (const { from, to, transaction } of slices) {
    if (first < 0) first = at;
    at += to - from;
    if (transaction === 'end') ends.fill(at - 1, first, at);
    if (transaction !== 'open') first = -1;
  }
  return ends;
}
