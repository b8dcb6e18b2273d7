/** Rows taken out of several batches that lie one after the other, without joining these first. */
import type { Column, Dictionary } from './batch.js';
import type { Int64 } from './types.js';

/** Neighbours of an order of rows that lie in one batch: from index `from` of the order to the next run's. */
export interface Run {
  readonly batch: number;
  readonly from: number;
  /** Number of the batch's first row. */
  readonly first: number;
}

/** Splits `order` where it goes from one batch to another. Row numbers go through all batches, which have `lengths` rows. */
export function runsOf(order: Int32Array, count: number, lengths: readonly number[]): Run[] {
  const runs: Run[] = [];
  let batch = 0;
  let first = 0;
  let end = lengths[0] ?? 0;
  for (let from = 0; from < count;) {
    const row = order[from]!;
    for (; row >= end; end += lengths[batch]!) {
      first = end;
      batch += 1;
    }
    while (row < first) {
      batch -= 1;
      end = first;
      first -= lengths[batch]!;
    }
    runs.push({ batch, from, first });
    for (from += 1; from < count && order[from]! >= first && order[from]! < end;) from += 1;
  }
  return runs;
}

/** The rows of `order` of one column, of which `columns` has a part for each batch. */
export function gatherRuns(columns: readonly Column[], order: Int32Array, count: number, runs: readonly Run[]): Column {
  const { storage } = columns[0]!;
  if (storage === 'text') return gatherText(columns, order, count, runs);
  let hasNulls = false;
  let isExact = false;
  for (const { batch } of runs) {
    const column = columns[batch]!;
    if (column.storage === 'text') continue;
    hasNulls ||= column.nulls !== null;
    isExact ||= !(column.values instanceof Float64Array);
  }
  const values = isExact ? new Array<Int64>(count) : new Float64Array(count);
  const nulls = hasNulls ? new Uint8Array(count) : null;
  runs.forEach(({ batch, from, first }, run) => {
    const end = runs[run + 1]?.from ?? count;
    const column = columns[batch]!;
    if (column.storage === 'text') return;
    const source = column.values;
    if (values instanceof Float64Array && source instanceof Float64Array) for (let k = from; k < end; k += 1) values[k] = source[order[k]! - first]!;
    else for (let k = from; k < end; k += 1) values[k] = source[order[k]! - first]! as number;
    if (nulls !== null && column.nulls !== null) for (let k = from; k < end; k += 1) nulls[k] = column.nulls[order[k]! - first]!;
  });
  return { storage, values, nulls } as Column;
}

/** Strings of different dictionaries become plain strings. */
function gatherText(columns: readonly Column[], order: Int32Array, count: number, runs: readonly Run[]): Column {
  const dictionaryOf = ({ batch }: Run): Dictionary | null => (columns[batch] as Column & { storage: 'text' }).dictionary;
  const dictionary = runs.length === 0 ? null : dictionaryOf(runs[0]!);
  if (dictionary !== null && runs.every((run) => dictionaryOf(run) === dictionary)) {
    const codes = new Int32Array(count);
    runs.forEach(({ batch, from, first }, run) => {
      const end = runs[run + 1]?.from ?? count;
      const source = columns[batch]!.values as Int32Array;
      for (let k = from; k < end; k += 1) codes[k] = source[order[k]! - first]!;
    });
    return { storage: 'text', values: codes, dictionary };
  }
  const texts = new Array<string | null>(count);
  runs.forEach((run, index) => {
    const end = runs[index + 1]?.from ?? count;
    const source = columns[run.batch]!.values as ArrayLike<unknown>;
    const strings = dictionaryOf(run)?.strings;
    for (let k = run.from; k < end; k += 1) {
      const value = source[order[k]! - run.first];
      texts[k] = strings === undefined ? value as string | null : strings[value as number]!;
    }
  });
  return { storage: 'text', values: texts, dictionary: null };
}
