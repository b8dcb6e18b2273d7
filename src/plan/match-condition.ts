/** A condition of DEFINE as a function: whether a row may be one of a variable, given the rows taken before it. */
import { storageOf, type Physical } from '../core/types.js';
import type { TapewrightError } from '../core/errors.js';
import { CodeGenerator, isFailure } from './codegen.js';
import { foldConstants } from './constants.js';
import type { Place } from './expression.js';
import type { MatchExpression, MatchReference } from './match.js';

/**
 * `values` and `nulls` are the columns of the key's rows; `at` is the index of the row on trial in them, `base` the
 * number of the row with index 0. Variable v's rows so far are those numbered bounds[2v] to bounds[2v + 1], −1 for none;
 * `start` is the match's first row, beyond all before there is one.
 */
export type MatchTest = (
  values: readonly unknown[], nulls: readonly (Uint8Array | null)[], at: number, base: number,
  bounds: readonly number[], start: number,
) => boolean;

export interface ConditionSource {
  /** The value of an aggregate for the row on trial. */
  readonly aggregate: (reference: MatchReference & { kind: 'aggregate' }) => Physical;
  /** Told where and why the condition could not be computed; it then does not hold. */
  readonly fail: (place: Place, error: string) => void;
}

/** The condition of `variable`; its references are numbered by the columns of the key's rows. */
export function compileMatchCondition({ references, expression: given }: MatchExpression, variable: number, source: ConditionSource): MatchTest {
  const expression = foldConstants(given);
  const generator: CodeGenerator = new CodeGenerator(references.map(({ type }, index) => ({ name: `r${index}`, type })), [], (index) => {
    const reference = references[index]!;
    if (reference.kind === 'row') return rowCode(index, reference, variable);
    const aggregate = generator.constant(source.aggregate);
    const value = `r${index}a`;
    const lines = [`const ${value} = ${aggregate}(${generator.constant(reference)});`];
    return { lines, value: reference.type.kind === 'BOOLEAN' ? `(${value} !== 0)` : value, isNull: `(${value} === null)` };
  });
  const truth = generator.truth(expression);
  const lines = [...generator.lines, `return ${truth};`];
  const report = generator.constant((error: unknown, place: number): boolean => {
    if (!isFailure(error)) throw error;
    source.fail(generator.places[place]!, (error as TapewrightError).message);
    return false;
  });
  const body = [
    '"use strict";',
    ...generator.constants.map((_, at) => `const k${at} = constants[${at}];`),
    'return function test(values, nulls, at, base, bounds, start) {',
    'let place = 0;',
    ...(generator.fails ? ['try {', ...lines, `} catch (error) { return ${report}(error, place); }`] : lines),
    '};',
  ].join('\n');
  const make = new Function('constants', body) as (constants: readonly unknown[]) => MatchTest;
  return make(generator.constants);
}

/** Code that reads one reference; nothing but numbers of ours gets into it. */
function rowCode(index: number, reference: MatchReference & { kind: 'row' }, variable: number): { lines: string[]; value: string; isNull: string | null } {
  const row = `r${index}r`;
  const lines = rowLines(row, reference, variable);
  const column = `values[${reference.column}]`;
  const { certain } = reference;
  const value = `r${index}v`;
  if (storageOf(reference.type) === 'text') {
    lines.push(`const ${value} = ${certain ? '' : `${row} < 0 ? null : `}${column}[${row}];`);
    return { lines, value, isNull: `(${value} === null)` };
  }
  const read = `${column}[${row}]`;
  const isBoolean = reference.type.kind === 'BOOLEAN';
  lines.push(`const ${value} = ${certain ? '' : `${row} < 0 ? ${isBoolean ? 'false' : '0'} : `}${read}${isBoolean ? ' !== 0' : ''};`);
  if (!reference.type.nullable && certain) return { lines, value, isNull: null };
  const isNull = `r${index}n`;
  lines.push(`const ${isNull} = ${certain ? '' : `${row} < 0 || `}nulls[${reference.column}][${row}] !== 0;`);
  return { lines, value, isNull };
}

/** The index of the row that is meant, −1 where there is none. */
function rowLines(row: string, { variable: of, from, offset, back, certain }: MatchReference & { kind: 'row' }, variable: number): string[] {
  const isOwn = of === null || of === variable;
  if (isOwn && from === 'last' && offset === 0) return [`const ${row} = ${back === 0 ? 'at' : `at < ${back} ? -1 : at - ${back}`};`];
  if (certain && !isOwn) return [`const ${row} = bounds[${2 * of! + (from === 'last' ? 1 : 0)}] - base;`];
  const lines = [
    `const ${row}l = ${isOwn ? 'base + at' : `bounds[${2 * of! + 1}]`};`,
    `const ${row}f = ${of === null ? `(start < ${row}l ? start : ${row}l)` : isOwn ? `(bounds[${2 * variable}] < 0 ? ${row}l : bounds[${2 * variable}])` : `bounds[${2 * of}]`};`,
  ];
  const number = offset === 0 ? `${row}${from === 'last' ? 'l' : 'f'}` : from === 'last' ? `${row}l - ${offset}` : `${row}f + ${offset}`;
  const exists = `${row}f >= 0${offset === 0 ? '' : from === 'last' ? ` && ${number} >= ${row}f` : ` && ${number} <= ${row}l`}`;
  const index = `${number} - base${back === 0 ? '' : ` - ${back}`}`;
  lines.push(`const ${row} = ${exists}${back === 0 ? '' : ` && ${index} >= 0`} ? ${index} : -1;`);
  return lines;
}
