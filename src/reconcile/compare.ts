/** What must be done to a table that is held so that it is the one it is to be. */
import { TapewrightError } from '../core/errors.js';
import type { RowValues } from '../sources/row-columns.js';
import type { SortedRows } from './sorted-rows.js';
import { isSame, keyOrder } from './table-state.js';

export interface Correction {
  /** The held table lacks the row, has one too many, or has another. */
  readonly kind: 'missing' | 'extra' | 'different';
  /** Null: there is none. */
  readonly held: RowValues | null;
  readonly actual: RowValues | null;
  /** Indices of the columns that differ; of a row that only one side has, none. */
  readonly columns: readonly number[];
}

export interface Comparison {
  readonly table: string;
  readonly held: { readonly from: string; readonly rows: number; readonly hash: string };
  readonly actual: { readonly from: string; readonly rows: number; readonly hash: string };
  readonly equal: boolean;
  readonly corrections: number;
  /** Of the corrections those with the least keys, ascending: as many as people read. */
  readonly first: readonly Correction[];
}

const firstMost = 20;

/** `take`: of all corrections, some at a time, ascending by key. Throws DATASET_INVALID where two rows of one side have the same key, and the reason of `signal`. */
export async function compareRows(held: SortedRows, actual: SortedRows, take: (corrections: readonly Correction[]) => Promise<void>, signal: AbortSignal | null): Promise<Comparison> {
  const order = keyOrder(held.shape);
  const [ours, theirs] = [new Side(held, order), new Side(actual, order)];
  await ours.next();
  await theirs.next();
  const first: Correction[] = [];
  let corrections = 0, waiting: Correction[] = [];
  while (ours.row !== null || theirs.row !== null) {
    const place = ours.row === null ? 1 : theirs.row === null ? -1 : order(ours.row, theirs.row);
    const found = correctionOf(place > 0 ? null : ours.row, place < 0 ? null : theirs.row);
    if (found !== null) {
      corrections += 1;
      if (first.length < firstMost) first.push(found);
      waiting.push(found);
    }
    if (waiting.length === 1000) {
      await take(waiting);
      waiting = [];
    }
    // Only who has no more rows at hand waits for some.
    if (place <= 0 && !ours.step()) await ours.next();
    if (place >= 0 && !theirs.step()) await theirs.next();
    signal?.throwIfAborted();
  }
  await take(waiting);
  const sideOf = ({ from, rows, hash }: SortedRows): Comparison['held'] => ({ from, rows, hash });
  return { table: held.shape.name, held: sideOf(held), actual: sideOf(actual), equal: held.hash === actual.hash && corrections === 0, corrections, first };
}

function correctionOf(held: RowValues | null, actual: RowValues | null): Correction | null {
  if (held === null) return { kind: 'missing', held, actual, columns: [] };
  if (actual === null) return { kind: 'extra', held, actual, columns: [] };
  const columns = held.flatMap((value, index) => (isSame(value, actual[index]!) ? [] : [index]));
  return columns.length === 0 ? null : { kind: 'different', held, actual, columns };
}

/** Walks along the rows of one side. */
class Side {
  /** Null: there are no more. */
  row: RowValues | null = null;
  readonly #blocks: AsyncGenerator<readonly RowValues[], void, undefined>;
  #rows: readonly RowValues[] = [];
  #at = 0;

  constructor(private readonly rows: SortedRows, private readonly order: (a: RowValues, b: RowValues) => number) {
    this.#blocks = rows.read();
  }

  /** The next row of those at hand; false: there is none. */
  step(): boolean {
    if (this.#at === this.#rows.length) return false;
    const next = this.#rows[this.#at]!;
    if (this.row !== null && this.order(this.row, next) === 0) {
      const { shape: { name, key }, from } = this.rows;
      throw new TapewrightError('DATASET_INVALID', `${name}: two rows of ${from} have the same ${key.join(', ')}: by these columns no row can be told`, { table: name, key });
    }
    this.row = next;
    this.#at += 1;
    return true;
  }

  async next(): Promise<void> {
    const { value } = await this.#blocks.next();
    this.#rows = value ?? [];
    this.#at = 0;
    if (!this.step()) this.row = null;
  }
}
