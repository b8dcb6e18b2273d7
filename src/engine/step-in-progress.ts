/** A step while its rows are fed: what went in, and what has come out so far. */
import type { Batch } from '../core/batch.js';
import type { DeadLetter, LateRow, ReleasedBy, Slice } from '../core/step.js';
import { positionOf, type SliceRows } from './scan-batch.js';
import type { TransactedSlice } from './transacted-rows.js';

/** What a step refused, with its place in the order of the lane: the row that released it, then the node. */
export interface Placed<Item> {
  readonly ordinal: number;
  readonly node: number;
  readonly item: Item;
}

/** Nodes see a chunk one after the other; by row and node, the order does not depend on how rows were cut. */
export function inOrder<Item>(placed: readonly Placed<Item>[]): Item[] {
  if (placed.length === 0) return [];
  return [...placed].sort((a, b) => a.ordinal - b.ordinal || a.node - b.node).map(({ item }) => item);
}

export class StepInProgress {
  readonly outputs: Batch[][];
  /** Beside the batches of `outputs`, where it was asked for. */
  readonly releasedBy: ReleasedBy[][];
  readonly late: Placed<LateRow>[] = [];
  readonly deadLetters: Placed<DeadLetter>[] = [];
  readonly slices: { -readonly [Member in Exclude<keyof Slice, 'checksum'>]: Slice[Member] }[] = [];
  readonly checksums: string[] = [];
  readonly turns: number[] = [];
  readonly endedBeyond = new Set<number>();

  constructor(tables: number) {
    this.outputs = [];
    this.releasedBy = [];
    for (let table = 0; table < tables; table += 1) {
      this.outputs.push([]);
      this.releasedBy.push([]);
    }
  }

  /** Adds rows to their partition's slice, and notes whose turn it was. */
  record(rows: SliceRows): void {
    const { turns } = this;
    const index = this.#sliceOf(rows), count = rows.to - rows.from;
    if (turns.length > 0 && turns[turns.length - 2] === index) turns[turns.length - 1]! += count;
    else turns.push(index, count);
  }

  recordTransacted({ rows: { batches, part }, from, to, parts }: TransactedSlice): void {
    const { turns } = this;
    const slices = new Int32Array(batches.length);
    for (const rows of parts) slices[batches.indexOf(rows.batch)] = this.#sliceOf(rows);
    let turn = turns.length === 0 ? -1 : turns[turns.length - 2]!;
    let count = turns.length === 0 ? 0 : turns.pop()!;
    for (let at = from; at < to; at += 1) {
      const index = slices[part[at]!]!;
      if (index === turn) count += 1;
      else {
        if (turn >= 0) turns.push(count);
        turns.push(index);
        turn = index;
        count = 1;
      }
    }
    turns.push(count);
  }

  /** The index of the partition's slice, which has these rows from now on. */
  #sliceOf({ batch, from, to }: SliceRows): number {
    const { input, partition } = batch;
    const end = positionOf(batch, to - 1) + 1;
    const { slices } = this;
    // Where inputs take turns row by row this runs for each of them: slices grow in place.
    let index = 0;
    while (index < slices.length && (slices[index]!.input !== input || slices[index]!.partition !== partition)) index += 1;
    if (index === slices.length) slices.push({ input, partition, from: positionOf(batch, from), to: end, rows: to - from });
    else {
      slices[index]!.to = end;
      slices[index]!.rows += to - from;
    }
    return index;
  }

  /** Drops what has come out: the rows so far only build state. */
  forget(): void {
    for (const batches of this.outputs) batches.length = 0;
    for (const releasers of this.releasedBy) releasers.length = 0;
    this.late.length = 0;
    this.deadLetters.length = 0;
  }

  /** The interleaving as the journal has it: empty when each slice was delivered whole, one after the other. */
  get order(): readonly number[] {
    return this.turns.length === 2 * this.slices.length ? [] : this.turns;
  }
}

