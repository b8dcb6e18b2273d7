/** Rows waiting to be written, one growing array a column. Copied in, so that no batch of the engine is kept alive. */
import type { Batch, Column } from '../core/batch.js';
import { storageOf, type Int64, type Schema } from '../core/types.js';
import { BatchMemory } from '../sources/parquet/batch-memory.js';
import { capacityFor, TextColumn, unitsOf, type BlockText } from './block-text.js';

/** A column of a block as it crosses to the writer. */
export type BlockColumn =
  | { readonly kind: 'number'; readonly values: Float64Array; readonly nulls: Uint8Array | null }
  | { readonly kind: 'wide'; readonly values: readonly Int64[]; readonly nulls: Uint8Array | null }
  | BlockText;

export interface Block {
  readonly length: number;
  readonly columns: readonly BlockColumn[];
}

export const blockRows = 65_536;

/** Units of texts in one block, those of each row counted, or a row more: DuckDB holds them all while it writes a row group. */
export const blockUnits = 1 << 23;

export function blockBuffers(block: Block): ArrayBuffer[] {
  const buffers: ArrayBufferLike[] = [];
  for (const column of block.columns) {
    if (column.kind === 'text') buffers.push(column.bytes.buffer, column.ends.buffer, ...(column.codes === null ? [] : [column.codes.buffer]));
    else {
      if (column.kind === 'number') buffers.push(column.values.buffer);
      if (column.nulls !== null) buffers.push(column.nulls.buffer);
    }
  }
  return buffers as ArrayBuffer[];
}

/** Takes rows until it holds `blockRows`, or `blockUnits`. */
export class BlockBuilder {
  length = 0;
  /** Of the texts of all rows. */
  units = 0;
  readonly #columns: readonly (NumberColumn | TextColumn)[];

  /** `memory`: takes the buffers of blocks back once they were read. */
  constructor(schema: Schema, memory = new BatchMemory()) {
    this.#columns = schema.map((field) => (storageOf(field.type) === 'text' ? new TextColumn(memory, field.type.kind === 'BYTES') : new NumberColumn(memory)));
  }

  /** None where the texts have become many units before the rows became many. */
  get room(): number {
    return this.units > blockUnits ? 0 : blockRows - this.length;
  }

  /** Takes rows of `batch` from `from` on, at least one of which there must be room for; returns where those begin that it left. */
  append(batch: Batch, from: number, to: number): number {
    let end = Math.min(to, from + this.room);
    let units = unitsIn(batch, from, end);
    while (end - from > 1 && this.units + units > blockUnits) {
      end = from + ((end - from) >> 1);
      units = unitsIn(batch, from, end);
    }
    this.#columns.forEach((column, index) => column.append(batch.columns[index]!, from, end, this.length));
    this.length += end - from;
    this.units += units;
    return end;
  }

  take(): Block {
    const block = { length: this.length, columns: this.#columns.map((column) => column.take()) };
    this.length = this.units = 0;
    return block;
  }
}

function unitsIn({ columns }: Batch, from: number, to: number): number {
  let units = 0;
  for (const column of columns) if (column.storage === 'text') units += unitsOf(column, from, to);
  return units;
}

/** Steps may have a few rows each: a call to copy those costs more than they do. */
function copy<Values extends Float64Array | Uint8Array>(source: Values, from: number, to: number, target: Values, at: number): void {
  if (to - from > 64) target.set(source.subarray(from, to), at);
  else for (let row = from; row < to; row += 1) target[at + row - from] = source[row]!;
}

class NumberColumn {
  #values: Float64Array = new Float64Array(0);
  #nulls: Uint8Array | null = null;
  #wide: Int64[] | null = null;

  constructor(private readonly memory: BatchMemory) {}

  append(column: Column, from: number, to: number, at: number): void {
    if (column.storage === 'text') throw new TypeError('a text column where numbers are declared');
    const end = at + to - from;
    if (end > this.#values.length) this.#grow(end);
    if (column.values instanceof Float64Array && this.#wide === null) copy(column.values, from, to, this.#values, at);
    else {
      this.#wide ??= Array.from(this.#values.subarray(0, at));
      for (let row = from; row < to; row += 1) this.#wide.push(column.values[row]!);
    }
    if (column.nulls !== null) {
      this.#nulls ??= new Uint8Array(this.#values.length);
      copy(column.nulls, from, to, this.#nulls, at);
    }
  }

  #grow(rows: number): void {
    const larger = this.memory.reals(capacityFor(rows));
    larger.set(this.#values);
    this.memory.takeBack([this.#values.buffer as ArrayBuffer]);
    this.#values = larger;
    if (this.#nulls === null) return;
    const nulls = new Uint8Array(larger.length);
    nulls.set(this.#nulls);
    this.#nulls = nulls;
  }

  take(): BlockColumn {
    const values = this.#values, nulls = this.#nulls, wide = this.#wide;
    this.#values = new Float64Array(0);
    this.#nulls = this.#wide = null;
    return wide === null ? { kind: 'number', values, nulls } : { kind: 'wide', values: wide, nulls };
  }
}
