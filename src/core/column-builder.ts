/** Grows one column row by row: what operators emit. */
import type { Column } from './batch.js';
import type { ColumnMemory } from './column-memory.js';
import type { Int64, Physical, Storage } from './types.js';

const none = new Float64Array(0);

export class ColumnBuilder {
  reals: Float64Array = none;
  objects: (Int64 | string | null)[] = [];
  nulls: Uint8Array | null = null;
  length = 0;

  /** `capacity`: rows that there is room for, once there is one. */
  constructor(readonly storage: Storage, private readonly capacity = 64) {}

  /** A number that is not NULL; for 'int64' a safe integer. */
  appendNumber(value: number): void {
    if (this.length === this.reals.length) this.#grow();
    this.reals[this.length] = value;
    if (this.objects.length > 0) this.objects[this.length] = value;
    this.length += 1;
  }

  /** A text, or NULL; for 'text' only. */
  appendText(text: string | null): void {
    this.objects[this.length] = text;
    this.length += 1;
  }

  append(value: Physical): void {
    if (this.storage === 'text') {
      this.objects[this.length] = value as string | null;
      this.length += 1;
    } else if (typeof value === 'number') this.appendNumber(value);
    else if (value === null) this.appendNull();
    else if (typeof value === 'boolean') this.appendNumber(value ? 1 : 0);
    else this.#appendBig(value as bigint);
  }

  appendNull(): void {
    if (this.storage === 'text') {
      this.objects[this.length] = null;
      this.length += 1;
      return;
    }
    this.appendNumber(0);
    this.nulls ??= new Uint8Array(this.reals.length);
    this.nulls[this.length - 1] = 1;
  }

  /** Row `row` again, at the end. */
  repeat(row: number): void {
    if (this.storage === 'text') this.append(this.objects[row]!);
    else if (this.nulls !== null && this.nulls[row] === 1) this.appendNull();
    else if (this.objects.length > 0) this.append(this.objects[row]!);
    else this.appendNumber(this.reals[row]!);
  }

  finish(): Column {
    const nulls = this.nulls === null ? null : this.nulls.subarray(0, this.length);
    if (this.storage === 'text') return { storage: 'text', values: this.objects as (string | null)[], dictionary: null };
    if (this.objects.length > 0) return { storage: 'int64', values: this.objects as Int64[], nulls };
    return { storage: this.storage, values: this.reals.subarray(0, this.length), nulls };
  }

  #appendBig(value: bigint): void {
    // From the first integer beyond 2^53 on, the column is an array of exact values.
    if (this.objects.length === 0) for (let row = 0; row < this.length; row += 1) this.objects.push(this.reals[row]!);
    if (this.length === this.reals.length) this.#grow();
    this.objects[this.length] = value;
    this.length += 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.reals.length === 0 ? Math.max(1, this.capacity) : Math.max(64, this.reals.length * 2));
    if (this.length > 0) larger.set(this.reals);
    this.reals = larger;
    if (this.nulls !== null) {
      const nulls = new Uint8Array(larger.length);
      nulls.set(this.nulls);
      this.nulls = nulls;
    }
  }
}

/** The given rows of a column, in the order given. `memory`: where arrays come from. */
export function gather(column: Column, rows: ArrayLike<number>, length: number, memory: ColumnMemory | null = null): Column {
  if (column.storage === 'text') {
    if (column.dictionary !== null) {
      const codes = memory === null ? new Int32Array(length) : memory.codes(length), source = column.values;
      for (let row = 0; row < length; row += 1) codes[row] = source[rows[row]!]!;
      return { storage: 'text', values: codes, dictionary: column.dictionary };
    }
    const texts = new Array<string | null>(length);
    for (let row = 0; row < length; row += 1) texts[row] = column.values[rows[row]!]!;
    return { storage: 'text', values: texts, dictionary: null };
  }
  let nulls: Uint8Array | null = null;
  if (column.nulls !== null) {
    nulls = memory === null ? new Uint8Array(length) : memory.bytes(length);
    for (let row = 0; row < length; row += 1) nulls[row] = column.nulls[rows[row]!]!;
  }
  const source = column.values;
  if (source instanceof Float64Array) {
    const values = memory === null ? new Float64Array(length) : memory.reals(length);
    for (let row = 0; row < length; row += 1) values[row] = source[rows[row]!]!;
    return { storage: column.storage, values, nulls } as Column;
  }
  const values = new Array<Int64>(length);
  for (let row = 0; row < length; row += 1) values[row] = source[rows[row]!]!;
  return { storage: 'int64', values, nulls };
}

/** Rows from..to of a column as a view; arrays of exact integers or strings are sliced. */
export function view(column: Column, from: number, to: number): Column {
  if (column.storage === 'text') {
    return column.dictionary !== null
      ? { storage: 'text', values: column.values.subarray(from, to), dictionary: column.dictionary }
      : { storage: 'text', values: column.values.slice(from, to), dictionary: null };
  }
  const nulls = column.nulls === null ? null : column.nulls.subarray(from, to);
  const values = column.values instanceof Float64Array ? column.values.subarray(from, to) : column.values.slice(from, to);
  return { storage: column.storage, values, nulls } as Column;
}
