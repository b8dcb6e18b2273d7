/** Compiles a filter and projection into one loop over columns. See `stage.ts` for the contract. */
import type { Batch, Column } from '../core/batch.js';
import { assert } from '../core/errors.js';
import { storageOf } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import type { ColumnForm } from './codegen.js';
import { foldConstants } from './constants.js';
import { columnsOf } from './expression.js';
import { compileLoop } from './loop.js';
import type { CompiledLoop, Computed } from './loop.js';
import type { FailedRow, Stage, StageResult, StageSpec } from './stage.js';
import { LentMemory, newMemory, type StageMemory } from './stage-memory.js';

/**
 * Compiles once for each combination of forms in which batches hold the columns (with NULLs, with dictionary);
 * a stage that has seen many takes every column that may have NULLs for one that has.
 */
const variantsMax = 16;

export function compileStage(given: StageSpec): Stage {
  const spec = { ...given, filter: given.filter === null ? null : foldConstants(given.filter), outputs: given.outputs.map(foldConstants) };
  const used = [...usedColumns(spec)].sort((a, b) => a - b);
  const computed = spec.outputs.filter((output) => output.kind !== 'column');
  const variants = new Map<string, CompiledLoop>();
  const lent = new LentMemory();
  return {
    run(batch, from, to, now, lends = false) {
      assert(0 <= from && from <= to && to <= batch.length, 'a stage runs over rows of its batch');
      if (spec.filter === null && computed.length === 0) return picked(spec, batch, from, to);
      let forms = formsOf(batch, used, false);
      let variant = variants.get(keyOf(forms, used));
      if (variant === undefined) {
        if (variants.size >= variantsMax) forms = formsOf(batch, used, true);
        variant = variants.get(keyOf(forms, used)) ?? compileLoop(spec.input, spec.filter, computed, forms);
        variants.set(keyOf(forms, used), variant);
      }
      assert(!variant.usesNow || now !== null, 'a stage that asks for the time is told it');
      return runVariant(spec, variant, batch, from, to, now, lends ? lent : newMemory);
    },
  };
}

/** Columns that expressions read; others at the most pass through. */
function usedColumns(spec: StageSpec): Set<number> {
  const used = new Set<number>();
  if (spec.filter !== null) columnsOf(spec.filter, used);
  for (const output of spec.outputs) if (output.kind !== 'column') columnsOf(output, used);
  return used;
}

function formsOf(batch: Batch, used: readonly number[], general: boolean): ColumnForm[] {
  const forms: ColumnForm[] = [];
  for (const index of used) {
    const column = batch.columns[index]!;
    forms[index] = column.storage === 'text' ? { hasNulls: true, hasDictionary: column.dictionary !== null }
      : { hasNulls: general || column.nulls !== null, hasDictionary: false };
  }
  return forms;
}

const keyOf = (forms: readonly ColumnForm[], used: readonly number[]): string =>
  used.map((index) => (forms[index]!.hasDictionary ? 'd' : forms[index]!.hasNulls ? 'n' : '-')).join('');

function runVariant(spec: StageSpec, variant: CompiledLoop, batch: Batch, from: number, to: number, now: Float64Array | null, memory: StageMemory): StageResult {
  const columns = batch.columns;
  const values = columns.map((column) => column.values);
  const nulls = columns.map((column) => (column.storage === 'text' ? null : column.nulls));
  const dictionaries = columns.map((column) => (column.storage === 'text' ? column.dictionary : null));
  const { outputs } = spec;
  const selection = variant.selects ? memory.codes(0, to - from) : null;
  const failed: FailedRow[] = [];
  const { length, computed } = variant.loop(values, nulls, dictionaries, now, from, to, selection, failed, memory);
  const rows = selection === null || length === to - from ? null : memory.first(selection, length);
  let next = 0;
  const results = outputs.map((output, at) => {
    if (output.kind !== 'column') return finished(computed[next++]!, output.type, length, memory);
    const column = columns[output.index]!;
    return rows === null ? viewed(column, from, to) : gathered(column, rows, length, 1 + computed.length + at, memory);
  });
  return { columns: results, length, rows, failed };
}

/** Of a stage that only leaves columns out. */
function picked({ outputs }: StageSpec, batch: Batch, from: number, to: number): StageResult {
  const columns = outputs.map((output) => viewed(batch.columns[(output as { readonly index: number }).index]!, from, to));
  return { columns, length: to - from, rows: null, failed: [] };
}

function finished({ values, nulls, spilled }: Computed, type: SqlType, length: number, memory: StageMemory): Column {
  const storage = storageOf(type);
  if (storage === 'text') {
    const texts = values as (string | null)[];
    texts.length = length;
    return { storage, values: texts, dictionary: null };
  }
  const kept = memory.first(values as Float64Array, length);
  const keptNulls = nulls === null ? null : memory.first(nulls, length);
  if (storage === 'real' || spilled === null) return { storage, values: kept, nulls: keptNulls };
  return { storage, values: Array.from(kept, (value, row) => spilled.get(row) ?? value), nulls: keptNulls };
}

function viewed(column: Column, from: number, to: number): Column {
  if (from === 0 && to === column.values.length) return column;
  const cut = <Values extends Column['values']>(values: Values): Values =>
    (Array.isArray(values) ? (values.length === to - from ? values : values.slice(from, to)) : (values as Float64Array).subarray(from, to)) as Values;
  if (column.storage === 'text') return { ...column, values: cut(column.values) } as Column;
  return { ...column, values: cut(column.values), nulls: column.nulls === null ? null : column.nulls.subarray(from, to) } as Column;
}

function gatheredReals(values: Float64Array, rows: Int32Array, length: number, kept: Float64Array): Float64Array {
  for (let row = 0; row < length; row += 1) kept[row] = values[rows[row]!]!;
  return kept;
}

function gatheredCodes(values: Int32Array, rows: Int32Array, length: number, kept: Int32Array): Int32Array {
  for (let row = 0; row < length; row += 1) kept[row] = values[rows[row]!]!;
  return kept;
}

function gatheredNulls(nulls: Uint8Array, rows: Int32Array, length: number): Uint8Array {
  const kept = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) kept[row] = nulls[rows[row]!]!;
  return kept;
}

const gatheredObjects = <Value>(values: readonly Value[], rows: Int32Array): Value[] => Array.from(rows, (row) => values[row]!);

function gathered(column: Column, rows: Int32Array, length: number, at: number, memory: StageMemory): Column {
  if (column.storage === 'text') {
    if (column.dictionary !== null) return { ...column, values: gatheredCodes(column.values, rows, length, memory.codes(at, length)) };
    return { ...column, values: gatheredObjects(column.values, rows) };
  }
  const nulls = column.nulls === null ? null : gatheredNulls(column.nulls, rows, length);
  if (column.values instanceof Float64Array) return { ...column, values: gatheredReals(column.values, rows, length, memory.reals(at, length)), nulls };
  return { storage: 'int64', values: gatheredObjects(column.values, rows), nulls };
}
