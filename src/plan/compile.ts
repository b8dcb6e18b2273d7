/** Compiles a filter and projection into one loop over columns. See `stage.ts` for the contract. */
import { batchOf, cell } from '../core/batch.js';
import type { Batch, Column, Dictionary } from '../core/batch.js';
import { TapewrightError, assert } from '../core/errors.js';
import { storageOf } from '../core/types.js';
import type { Int64, Physical, SqlType } from '../core/types.js';
import { CodeGenerator, isFailure } from './codegen.js';
import type { ColumnForm } from './codegen.js';
import { columnsOf } from './expression.js';
import type { Expression, Place } from './expression.js';
import type { FailedRow, Stage, StageResult, StageSpec } from './stage.js';

/** A computed column as the loop leaves it: as long as the input, of which the first rows count. */
interface Computed {
  readonly values: Float64Array | (string | null)[];
  readonly nulls: Uint8Array | null;
  /** Values of an int64 column that are no safe integers, by row. */
  readonly spilled: Map<number, Int64> | null;
}

type Loop = (
  values: readonly unknown[], nulls: readonly (Uint8Array | null)[], dictionaries: readonly (Dictionary | null)[],
  now: Float64Array | null, from: number, to: number, rows: Int32Array | null, failed: FailedRow[],
) => { readonly length: number; readonly computed: readonly Computed[] };

interface Compiled {
  readonly loop: Loop;
  readonly usesNow: boolean;
  /** Rows may be left out. */
  readonly selects: boolean;
}

/**
 * Compiles once for each combination of forms in which batches hold the columns (with NULLs, with dictionary);
 * a stage that has seen many takes every column that may have NULLs for one that has.
 */
const variantsMax = 16;

export function compileStage(spec: StageSpec): Stage {
  const used = [...usedColumns(spec)].sort((a, b) => a - b);
  const computed = spec.outputs.filter((output) => output.kind !== 'column');
  const variants = new Map<string, Compiled>();
  return {
    run(batch, from, to, now) {
      assert(0 <= from && from <= to && to <= batch.length, 'a stage runs over rows of its batch');
      let forms = formsOf(batch, used, false);
      let variant = variants.get(keyOf(forms, used));
      if (variant === undefined) {
        if (variants.size >= variantsMax) forms = formsOf(batch, used, true);
        variant = variants.get(keyOf(forms, used)) ?? compile(spec, computed, forms);
        variants.set(keyOf(forms, used), variant);
      }
      assert(!variant.usesNow || now !== null, 'a stage that asks for the time is told it');
      return runVariant(spec, variant, batch, from, to, now);
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

function runVariant(spec: StageSpec, variant: Compiled, batch: Batch, from: number, to: number, now: Float64Array | null): StageResult {
  const columns = batch.columns;
  const values = columns.map((column) => column.values);
  const nulls = columns.map((column) => (column.storage === 'text' ? null : column.nulls));
  const dictionaries = columns.map((column) => (column.storage === 'text' ? column.dictionary : null));
  const selection = variant.selects ? new Int32Array(to - from) : null;
  const failed: FailedRow[] = [];
  const { length, computed } = variant.loop(values, nulls, dictionaries, now, from, to, selection, failed);
  const rows = selection === null || length === to - from ? null : trimmed(selection, length);
  let next = 0;
  const outputs = spec.outputs.map((output) => {
    if (output.kind !== 'column') return finished(computed[next++]!, output.type, length);
    const column = columns[output.index]!;
    return rows === null ? viewed(column, from, to) : gathered(column, rows, length);
  });
  return { columns: outputs, length, rows, failed };
}

/** The first rows; copied where most of the memory would be kept for nothing. */
function trimmed<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, length: number): Values {
  return (length < values.length / 4 ? values.slice(0, length) : values.subarray(0, length)) as Values;
}

function finished({ values, nulls, spilled }: Computed, type: SqlType, length: number): Column {
  const storage = storageOf(type);
  if (storage === 'text') {
    const texts = values as (string | null)[];
    texts.length = length;
    return { storage, values: texts, dictionary: null };
  }
  const kept = trimmed(values as Float64Array, length);
  const keptNulls = nulls === null ? null : trimmed(nulls, length);
  if (storage === 'real' || spilled === null) return { storage, values: kept, nulls: keptNulls };
  return { storage, values: Array.from(kept, (value, row) => spilled.get(row) ?? value), nulls: keptNulls };
}

function viewed(column: Column, from: number, to: number): Column {
  const cut = <Values extends Column['values']>(values: Values): Values =>
    (Array.isArray(values) ? (values.length === to - from ? values : values.slice(from, to)) : (values as Float64Array).subarray(from, to)) as Values;
  if (column.storage === 'text') return { ...column, values: cut(column.values) } as Column;
  return { ...column, values: cut(column.values), nulls: column.nulls === null ? null : column.nulls.subarray(from, to) } as Column;
}

function gatheredReals(values: Float64Array, rows: Int32Array, length: number): Float64Array {
  const kept = new Float64Array(length);
  for (let row = 0; row < length; row += 1) kept[row] = values[rows[row]!]!;
  return kept;
}

function gatheredCodes(values: Int32Array, rows: Int32Array, length: number): Int32Array {
  const kept = new Int32Array(length);
  for (let row = 0; row < length; row += 1) kept[row] = values[rows[row]!]!;
  return kept;
}

function gatheredNulls(nulls: Uint8Array, rows: Int32Array, length: number): Uint8Array {
  const kept = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) kept[row] = nulls[rows[row]!]!;
  return kept;
}

const gatheredObjects = <Value>(values: readonly Value[], rows: Int32Array): Value[] => Array.from(rows, (row) => values[row]!);

function gathered(column: Column, rows: Int32Array, length: number): Column {
  if (column.storage === 'text') {
    if (column.dictionary !== null) return { ...column, values: gatheredCodes(column.values, rows, length) };
    return { ...column, values: gatheredObjects(column.values, rows) };
  }
  const nulls = column.nulls === null ? null : gatheredNulls(column.nulls, rows, length);
  if (column.values instanceof Float64Array) return { ...column, values: gatheredReals(column.values, rows, length), nulls };
  return { storage: 'int64', values: gatheredObjects(column.values, rows), nulls };
}

/** How one computed output is declared before the loop, stored at a row's end, and handed over. */
function outputCode(generator: CodeGenerator, output: Expression, at: number): { readonly declare: string; readonly store: string[]; readonly result: string } {
  const { value, isNull } = generator.emit(output);
  const storage = storageOf(output.type);
  if (storage === 'text') {
    const text = isNull === null ? value : `${isNull} ? null : ${value}`;
    return { declare: `const out${at} = new Array(to - from);`, store: [`out${at}[k] = ${text};`], result: `{ values: out${at}, nulls: null, spilled: null }` };
  }
  const stored = storage === 'real' ? [`out${at}[k] = ${output.type.kind === 'BOOLEAN' ? `${value} ? 1 : 0` : value};`]
    : [`if (typeof ${value} === 'number') out${at}[k] = ${value};`, `else (spilled${at} ??= new Map()).set(k, ${value});`];
  const store = isNull === null ? stored
    : [`if (${isNull}) (empty${at} ??= new Uint8Array(to - from))[k] = 1; else {`, ...stored, '}'];
  return {
    declare: `const out${at} = new Float64Array(to - from); let empty${at} = null, spilled${at} = null;`,
    store,
    result: `{ values: out${at}, nulls: empty${at}, spilled: spilled${at} }`,
  };
}

function reporter(places: readonly Place[]): (error: unknown, row: number, place: number) => FailedRow {
  return (error, row, place) => {
    if (!isFailure(error)) throw error;
    return { row, place: places[place]!, error: (error as TapewrightError).message };
  };
}

function compile(spec: StageSpec, outputs: readonly Expression[], forms: readonly ColumnForm[]): Compiled {
  const generator = new CodeGenerator(spec.input, forms);
  const condition = spec.filter === null ? null : generator.truth(spec.filter);
  if (condition !== null) generator.lines.push(`if (!${condition}) continue;`);
  const codes = outputs.map((output, at) => outputCode(generator, output, at));
  const selects = condition !== null || generator.fails;
  const report = generator.constant(reporter(generator.places));
  // Values are stored when all are computed, so a row that fails leaves nothing behind.
  const row = [...generator.lines, ...codes.flatMap((code) => code.store), ...(selects ? ['rows[k] = i;'] : []), 'k += 1;'];
  const columns = [...generator.columns].flatMap((index) => columnCode(generator, index));
  const body = [
    '"use strict";',
    ...generator.constants.map((_, at) => `const k${at} = constants[${at}];`),
    'return function run(values, nulls, dictionaries, now, from, to, rows, failed) {',
    ...columns,
    ...generator.prologue,
    ...codes.map((code) => code.declare),
    'let k = 0, place = 0;',
    'for (let i = from; i < to; i += 1) {',
    ...(generator.fails ? ['try {', ...row, `} catch (error) { failed.push(${report}(error, i, place)); }`] : row),
    '}',
    `return { length: k, computed: [${codes.map((code) => code.result).join(', ')}] };`,
    '};',
  ].join('\n');
  const make = new Function('constants', body) as (constants: readonly unknown[]) => Loop;
  return { loop: make(generator.constants), usesNow: generator.usesNow, selects };
}

function columnCode(generator: CodeGenerator, index: number): string[] {
  const form = generator.forms[index]!;
  const lines = [`const values${index} = values[${index}];`];
  if (form.hasDictionary) lines.push(`const dictionary${index} = dictionaries[${index}], strings${index} = dictionary${index}.strings;`);
  else if (form.hasNulls && storageOf(generator.schema[index]!.type) !== 'text') lines.push(`const nulls${index} = nulls[${index}] ?? ${generator.constant(noNulls)}(to);`);
  return lines;
}

/** Stands in for the missing nulls of a column, in code that expects them. */
function noNulls(length: number): Uint8Array {
  return new Uint8Array(length);
}

/** The value of an expression without columns. Throws SQL_INVALID when it fails. */
export function evaluateConstant(expression: Expression): Physical {
  if (expression.kind === 'literal') return expression.value;
  assert(columnsOf(expression).size === 0, 'a constant has no columns');
  const { columns, failed } = compileStage({ input: [], filter: null, outputs: [expression] }).run(batchOf(1, []), 0, 1, new Float64Array(1));
  if (failed.length > 0) {
    const { place, error } = failed[0]!;
    throw new TapewrightError('SQL_INVALID', `line ${place.line}, column ${place.column}: ${error}, in: ${place.text}`, { place });
  }
  const value = cell(columns[0]!, 0);
  return expression.type.kind === 'BOOLEAN' && value !== null ? value !== 0 : value;
}
