/**
 * The rows that go through the plan at once: one run of rows of each input partition, interleaved. A chunk row is a
 * row's place in that order; operators know rows by it.
 */
import type { Chunk } from '../operators/operator.js';
import type { ScanBatch, SliceRows } from './scan-batch.js';
import type { TransactedSlice } from './transacted-rows.js';

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

/** Rows that were fed together. */
export type Fed = SliceRows | TransactedSlice;

const isTransacted = (fed: Fed): fed is TransactedSlice => 'rows' in fed;

/** What was fed, in the order of interleaving; rows of one partition follow each other in one batch. `ordinal`: rows before. */
export function chunkOf(fed: readonly Fed[], ordinal: number): ChunkSource {
  const [first] = fed;
  if (fed.length === 1 && !isTransacted(first!) && first!.transaction === undefined) {
    const { from, to } = first!;
    return { chunk: { from, to }, parts: [{ ...first!, released: null }], ordinal: ordinal - from, turns: null, transactions: null };
  }
  let rows = 0;
  for (const { from, to } of fed) rows += to - from;
  // One piece of memory for all: a chunk has few rows, and each piece costs.
  const room = new Int32Array(4 * rows);
  const parts = partsOf(fed, room.subarray(0, rows));
  const partOf = new Map(parts.map(({ batch }, index) => [batch, index]));
  const turns = { part: room.subarray(rows, 2 * rows), row: room.subarray(2 * rows, 3 * rows) };
  let at = 0;
  for (const each of fed) {
    if (isTransacted(each)) copyTurns(each, each.rows.batches.map((batch) => partOf.get(batch) ?? -1), parts, turns, at);
    else fillTurns(each, partOf.get(each.batch)!, parts, turns, at);
    at += each.to - each.from;
  }
  return { chunk: { from: 0, to: rows }, parts, ordinal, turns, transactions: endsOf(fed, room.subarray(3 * rows)) };
}

type Turns = NonNullable<ChunkSource['turns']>;
type Part = ChunkPart & { readonly released: Int32Array };

/** By their first rows. `room`: for all of `released`. */
function partsOf(fed: readonly Fed[], room: Int32Array): Part[] {
  const runs: { readonly batch: ScanBatch; readonly from: number; to: number }[] = [];
  const runOf = new Map<ScanBatch, number>();
  const add = ({ batch, from, to }: SliceRows): void => {
    const known = runOf.get(batch);
    if (known === undefined) runOf.set(batch, runs.push({ batch, from, to }) - 1);
    else runs[known]!.to = to;
  };
  for (const each of fed) {
    if (isTransacted(each)) each.parts.forEach(add);
    else add(each);
  }
  let at = 0;
  return runs.map(({ batch, from, to }) => {
    at += to - from;
    return { batch, from, to, released: room.subarray(at - to + from, at) };
  });
}

function fillTurns({ from, to }: SliceRows, index: number, parts: readonly Part[], turns: Turns, at: number): void {
  const { released, from: before } = parts[index]!;
  for (let row = from; row < to; row += 1) {
    turns.part[at] = index;
    turns.row[at] = row;
    released[row - before] = at;
    at += 1;
  }
}

/** `numbers`: of the parts, by batch. */
function copyTurns({ rows, from, to }: TransactedSlice, numbers: readonly number[], parts: readonly Part[], turns: Turns, at: number): void {
  const { part, row } = rows;
  for (let index = from; index < to; index += 1) {
    const number = numbers[part[index]!]!, place = row[index]!;
    const { released, from: before } = parts[number]!;
    turns.part[at] = number;
    turns.row[at] = place;
    released[place - before] = at;
    at += 1;
  }
}

/** See `ChunkSource.transactions`. `ends`: as long as all rows. */
function endsOf(fed: readonly Fed[], ends: Int32Array): Int32Array | null {
  if (fed.every((each) => !isTransacted(each) && each.transaction === undefined)) return null;
  ends.fill(-1);
  let at = 0;
  // Of a transaction that came in pieces.
  let first = -1;
  for (const each of fed) {
    if (isTransacted(each)) {
      for (let transaction = each.first, base = at - each.from; transaction < each.end; transaction += 1) {
        const last = base + each.rows.ends[transaction]! - 1;
        for (; at <= last; at += 1) ends[at] = last;
      }
      continue;
    }
    const { from, to, transaction } = each;
    if (first < 0) first = at;
    at += to - from;
    if (transaction === 'end') ends.fill(at - 1, first, at);
    if (transaction !== 'open') first = -1;
  }
  return ends;
}
