/** The row loop of a stage: generated code that evaluates the filter, then the computed outputs, and stores them. */
import type { Dictionary } from '../core/batch.js';
import type { TapewrightError } from '../core/errors.js';
import { storageOf } from '../core/types.js';
import type { Int64, Schema } from '../core/types.js';
import { CodeGenerator, isFailure } from './codegen.js';
import type { ColumnForm } from './codegen.js';
import type { Expression, Place } from './expression.js';
import type { FailedRow } from './stage.js';
import type { StageMemory } from './stage-memory.js';

/** A computed column as the loop leaves it: as long as the input, of which the first rows count. */
export interface Computed {
  readonly values: Float64Array | (string | null)[];
  readonly nulls: Uint8Array | null;
  /** Values of an int64 column that are no safe integers, by row. */
  readonly spilled: Map<number, Int64> | null;
}

/** `rows` takes the input row of each output row, where rows may be left out; numbers are stored in arrays 0, 1, … of `memory`. */
type Loop = (
  values: readonly unknown[], nulls: readonly (Uint8Array | null)[], dictionaries: readonly (Dictionary | null)[],
  now: Float64Array | null, from: number, to: number, rows: Int32Array | null, failed: FailedRow[], memory: StageMemory,
) => { readonly length: number; readonly computed: readonly Computed[] };

export interface CompiledLoop {
  readonly loop: Loop;
  readonly usesNow: boolean;
  /** Rows may be left out. */
  readonly selects: boolean;
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
    : [`if (${isNull}) { (empty${at} ??= new Uint8Array(to - from))[k] = 1; out${at}[k] = 0; } else {`, ...stored, '}'];
  return {
    declare: `const out${at} = memory.reals(${at}, to - from); let empty${at} = null, spilled${at} = null;`,
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

/** The loop over columns of these forms that filters and computes `outputs`. */
export function compileLoop(input: Schema, filter: Expression | null, outputs: readonly Expression[], forms: readonly ColumnForm[]): CompiledLoop {
  const generator = new CodeGenerator(input, forms);
  const condition = filter === null ? null : generator.truth(filter);
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
    'return function run(values, nulls, dictionaries, now, from, to, rows, failed, memory) {',
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
