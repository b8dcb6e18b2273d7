/** What must be done to a table that is held so that it is the one it is to be. */
import { TapewrightError } from '../core/errors.js';
import type { RowValues } from '../sources/row-columns.js';
import { stateHash, type TableShape, type TableState } from './table-state.js';

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
  /** Ascending by key. */
  readonly corrections: readonly Correction[];
}

/** @throws DATASET_INVALID where two rows of one side have the same key. */
export function compareStates(shape: TableShape, held: TableState, actual: TableState): Comparison {
  const [before, after] = [byKey(shape, held), byKey(shape, actual)];
  const corrections: (Correction & { readonly key: string })[] = [];
  for (const [key, row] of before) {
    const other = after.get(key);
    if (other === undefined) corrections.push({ key, kind: 'extra', held: row, actual: null, columns: [] });
    else {
      const columns = row.flatMap((value, index) => (isSame(value, other[index]!) ? [] : [index]));
      if (columns.length > 0) corrections.push({ key, kind: 'different', held: row, actual: other, columns });
    }
  }
  for (const [key, row] of after) if (!before.has(key)) corrections.push({ key, kind: 'missing', held: null, actual: row, columns: [] });
  const places = shape.key.map((name) => shape.columns.findIndex((column) => column.name === name));
  corrections.sort((a, b) => {
    const [left, right] = [a.held ?? a.actual!, b.held ?? b.actual!];
    for (const place of places) if (!isSame(left[place]!, right[place]!)) return order(left[place]!, right[place]!);
    return 0;
  });
  const [heldHash, actualHash] = [stateHash(shape, held.rows), stateHash(shape, actual.rows)];
  return {
    table: shape.name, held: { from: held.from, rows: held.rows.length, hash: heldHash }, actual: { from: actual.from, rows: actual.rows.length, hash: actualHash },
    equal: heldHash === actualHash && corrections.length === 0,
    corrections: corrections.map(({ kind, held: left, actual: right, columns }) => ({ kind, held: left, actual: right, columns })),
  };
}

type Cell = RowValues[number];

/** As the digest takes them: one NaN, one zero. */
const isSame = (a: Cell, b: Cell): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

function order(a: Cell, b: Cell): number {
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

function byKey({ name, columns, key }: TableShape, { from, rows }: TableState): Map<string, RowValues> {
  const places = key.map((column) => columns.findIndex((each) => each.name === column));
  const found = new Map<string, RowValues>();
  for (const row of rows) {
    const text = keyText(places.map((place) => row[place]!));
    if (found.has(text)) throw new TapewrightError('DATASET_INVALID', `${name}: two rows of ${from} have the same ${key.join(', ')}: by these columns no row can be told`, { table: name, key });
    found.set(text, row);
  }
  return found;
}

/** Different for different values: texts with their length before them. */
const keyText = (values: readonly Cell[]): string => values.map((value) => (typeof value === 'string' ? `${value.length}:${value}` : String(value))).join(',');
