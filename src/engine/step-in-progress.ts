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
  /** Whose turn it was, by slice, and how many rows it took, in pairs. */
  #turns = new Int32Array(16);
  #turned = 0;
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
    this.#turn(this.#sliceOf(rows), rows.to - rows.from);
  }

  recordTransacted({ rows: { batches, part }, from, to, parts }: TransactedSlice): void {
    const slices = new Int32Array(batches.length);
    for (const rows of parts) slices[batches.indexOf(rows.batch)] = this.#sliceOf(rows);
    for (let at = from; at < to;) {
      const index = slices[part[at]!]!, first = at;
      do at += 1; while (at < to && slices[part[at]!] === index);
      this.#turn(index, at - first);
    }
  }

  #turn(slice: number, rows: number): void {
    const turned = this.#turned;
    if (turned > 0 && this.#turns[turned - 2] === slice) {
      this.#turns[turned - 1]! += rows;
      return;
    }
    if (turned === this.#turns.length) {
      const longer = new Int32Array(2 * turned);
      longer.set(this.#turns);
      this.#turns = longer;
    }
    this.#turns[turned] = slice;
    this.#turns[turned + 1] = rows;
    this.#turned = turned + 2;
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
    if (this.#turned === 2 * this.slices.length) return [];
    // An array that is made from another goes through an iterator, which costs more than all else here.
    const order = new Array<number>(this.#turned);
    for (let at = 0; at < order.length; at += 1) order[at] = this.#turns[at]!;
    return order;
  }
}

