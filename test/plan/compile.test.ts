import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf, cell } from '../../src/core/batch.js';
import type { Batch, Column } from '../../src/core/batch.js';
import { Dictionary } from '../../src/core/batch.js';
import { sqlType } from '../../src/core/types.js';
import type { Int64, Schema, SqlType } from '../../src/core/types.js';
import { compileStage } from '../../src/plan/compile.js';
import { columnRef, literal } from '../../src/plan/expression.js';
import type { Expression } from '../../src/plan/expression.js';
import type { StageResult } from '../../src/plan/stage.js';
import { bool, call, double, int, string } from '../functions/evaluate.js';
import { interpret } from './interpreter.js';
import type { Row, Value } from './interpreter.js';

const schema: Schema = [
  { name: 'b', type: sqlType('BOOLEAN') }, { name: 'i', type: sqlType('INT') }, { name: 'l', type: sqlType('BIGINT') },
  { name: 'd', type: sqlType('DOUBLE') }, { name: 's', type: sqlType('STRING') }, { name: 'n', type: sqlType('INT', false) },
];
const column = (index: number): Expression => columnRef(index, schema[index]!.type);
const [b, i, l, d, s, n] = schema.map((_, index) => column(index)) as [Expression, Expression, Expression, Expression, Expression, Expression];

/** How the columns of a batch are held, whatever they hold. */
interface Holding {
  readonly dictionary: boolean;
  readonly nullsAlways: boolean;
}

function columnOf(values: readonly Value[], type: SqlType, holding: Holding, dictionary: Dictionary): Column {
  if (type.kind === 'STRING') {
    const texts = values as (string | null)[];
    if (!holding.dictionary) return { storage: 'text', values: texts, dictionary: null };
    return { storage: 'text', values: Int32Array.from(texts, (text) => dictionary.intern(text)), dictionary };
  }
  const nulls = holding.nullsAlways || values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;
  const numbers = values.map((value) => (value === null ? 0 : typeof value === 'boolean' ? Number(value) : (value as Int64)));
  if (type.kind !== 'BIGINT') return { storage: 'real', values: Float64Array.from(numbers as number[]), nulls };
  const small = numbers.every((value) => typeof value === 'number');
  return { storage: 'int64', values: small ? Float64Array.from(numbers as number[]) : numbers, nulls };
}

const batchFrom = (rows: readonly Row[], holding: Holding, dictionary = new Dictionary()): Batch =>
  batchOf(rows.length, schema.map(({ type }, index) => columnOf(rows.map((row) => row[index]!), type, holding, dictionary)));

const canonical = (value: bigint): Int64 => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
const rowValues: fc.Arbitrary<Row> = fc.tuple<[Value, Value, Value, Value, Value, Value]>(
  fc.option(fc.boolean()), fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(2147483647, -2147483648))),
  fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(canonical), fc.constantFrom<Int64>(9007199254740991, 9007199254740992n))),
  fc.option(fc.oneof(fc.constantFrom(0, -0, 1.5, NaN, Infinity, -Infinity, 1e300), fc.double())), fc.option(fc.constantFrom('', 'A', 'TRADE', 'QUOTE', '12', 'é')),
  fc.integer({ min: -2, max: 2 }),
);
const holdings = fc.record({ dictionary: fc.boolean(), nullsAlways: fc.boolean() });

/** Random expressions of each type; `depth` bounds them. */
const { boolean: booleans, any: anything } = fc.letrec<{ boolean: Expression; int: Expression; big: Expression; double: Expression; string: Expression; any: Expression }>((tie) => {
  const pick = (...choices: fc.Arbitrary<Expression>[]): fc.Arbitrary<Expression> => fc.oneof({ depthIdentifier: 'expression', maxDepth: 3, depthSize: 'small', withCrossShrink: true }, ...choices);
  const of = (name: string, ...args: ('boolean' | 'int' | 'big' | 'double' | 'string')[]): fc.Arbitrary<Expression> =>
    fc.tuple(...args.map((arg) => tie(arg))).map((given) => call(name, ...(given as Expression[])));
  const numeric = ['int', 'big', 'double'] as const;
  const comparisons = ['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'];
  const choice = (type: 'boolean' | 'int' | 'big' | 'double' | 'string'): fc.Arbitrary<Expression>[] =>
    [of('CASE', 'boolean', type, 'boolean', type, type), of('COALESCE', type, type), of('IF', 'boolean', type, type), of('NULLIF', type, type)];
  const arithmetic = (...pairs: (readonly ['int' | 'big' | 'double', 'int' | 'big' | 'double'])[]): fc.Arbitrary<Expression>[] =>
    pairs.flatMap(([x, y]) => ['+', '-', '*', '/'].map((name) => of(name, x, y)));
  return {
    boolean: pick(
      fc.constantFrom(b, bool(true), bool(false), literal(null, sqlType('BOOLEAN'))),
      ...['AND', 'OR'].map((name) => of(name, 'boolean', 'boolean')), ...['NOT', 'IS TRUE', 'IS NOT TRUE', 'IS FALSE', 'IS NOT FALSE', 'IS UNKNOWN'].map((name) => of(name, 'boolean')),
      ...numeric.flatMap((type) => [...comparisons.map((name) => of(name, type, type)), of('IS NULL', type), of('IS NOT NULL', type), of('BETWEEN', type, type, type)]),
      ...comparisons.map((name) => of(name, 'string', 'string')), of('IN', 'string', 'string', 'string'), of('<', 'int', 'double'), of('=', 'big', 'double'),
      fc.constantFrom(call('=', s, string('TRADE')), call('<>', string('QUOTE'), s), call('IN', s, string('A'), string('B'), string('C'), string('TRADE')), call('LIKE', s, string('%A%')), call('IN', i, int(1), int(2), int(3), int(4))),
      ...choice('boolean'),
    ),
    int: pick(fc.constantFrom(i, n, int(0), int(2), int(-1), literal(null, sqlType('INT'))), ...arithmetic(['int', 'int']), of('%', 'int', 'int'), of('NEG', 'int'), of('CHAR_LENGTH', 'string'), ...choice('int')),
    big: pick(fc.constantFrom(l, literal(3, sqlType('BIGINT', false))), ...arithmetic(['big', 'big'], ['int', 'big']), of('GREATEST', 'big', 'int'), ...choice('big')),
    double: pick(fc.constantFrom(d, double(0.5), double(-0)), ...arithmetic(['double', 'double'], ['double', 'big'], ['int', 'double']), of('ABS', 'double'), ...choice('double')),
    string: pick(fc.constantFrom(s, string('A'), string('TRADE')), of('||', 'string', 'string'), of('UPPER', 'string'), of('CONCAT_WS', 'string', 'string', 'string'), ...choice('string')),
    any: fc.oneof(...(['boolean', 'int', 'big', 'double', 'string'] as const).map((type) => tie(type))),
  };
});

interface Outcome {
  readonly rows: readonly number[];
  readonly values: readonly (readonly unknown[])[];
  readonly failed: readonly { readonly row: number; readonly error: string }[];
}

function outcomeOf({ columns, length, rows, failed }: StageResult, from = 0): Outcome {
  const kept = Array.from({ length }, (_, at) => rows?.[at] ?? from + at);
  return { rows: kept, values: kept.map((_, at) => columns.map((each) => cell(each, at))), failed: failed.map(({ row, error }) => ({ row, error: error.split(';')[0]! })) };
}

/** Law: a compiled stage gives what a plain interpreter gives, row by row: values, rows left out, and rows that fail. */
test('a compiled stage equals an interpreter', () => {
  fc.assert(fc.property(fc.array(rowValues, { maxLength: 8 }), holdings, fc.option(booleans), fc.array(anything, { minLength: 1, maxLength: 4 }), (rows, holding, filter, outputs) => {
    const expected: { rows: number[]; values: unknown[][]; failed: number[] } = { rows: [], values: [], failed: [] };
    rows.forEach((row, at) => {
      const values = interpret(row, filter, outputs);
      if (values === 'failed') expected.failed.push(at);
      else if (values !== null) {
        expected.rows.push(at);
        expected.values.push(values.map((value) => (typeof value === 'boolean' ? Number(value) : value)));
      }
    });
    const actual = outcomeOf(compileStage({ input: schema, filter, outputs }).run(batchFrom(rows, holding), 0, rows.length, null));
    assert.deepEqual({ ...actual, failed: actual.failed.map(({ row }) => row) }, expected);
  }), { numRuns: 600 });
});

/** Law: cuts do not matter, nor does how a batch holds its columns, nor whether arrays are used again. */
test('a stage gives the same however its rows are cut and held', () => {
  fc.assert(fc.property(fc.array(rowValues, { maxLength: 12 }), fc.nat(), fc.array(holdings, { minLength: 3, maxLength: 3 }), fc.option(booleans), fc.array(anything, { minLength: 1, maxLength: 3 }), (rows, cut, holds, filter, outputs) => {
    const at = cut % (rows.length + 1);
    const stage = compileStage({ input: schema, filter, outputs: [s, ...outputs, l, d, b, s] });
    const whole = outcomeOf(stage.run(batchFrom(rows, holds[0]!), 0, rows.length, null));
    const first = outcomeOf(stage.run(batchFrom(rows, holds[1]!), 0, at, null, cut % 2 === 0));
    const second = outcomeOf(stage.run(batchFrom(rows, holds[2]!), at, rows.length, null, cut % 2 === 0), at);
    assert.deepEqual({ rows: [...first.rows, ...second.rows], values: [...first.values, ...second.values], failed: [...first.failed, ...second.failed] }, whole);
  }), { numRuns: 200 });
});

test('three-valued logic', () => {
  const states = [true, false, null];
  const batch = batchFrom(states.flatMap((x) => states.map((y): Row => [x, y === null ? null : Number(y), null, null, null, 0])), { dictionary: false, nullsAlways: false });
  const y = call('=', i, int(1));
  const { columns } = compileStage({ input: schema, filter: null, outputs: [call('AND', b, y), call('OR', b, y), call('NOT', b), call('=', b, y)] }).run(batch, 0, 9, null);
  const table = (at: number): string => Array.from({ length: 9 }, (_, row) => ({ 1: 't', 0: 'f' })[Number(cell(columns[at]!, row) ?? -1)] ?? '-').join('');
  // By first operand true, false, NULL; within it by the second.
  assert.deepEqual([0, 1, 2, 3].map(table), ['tf-fff-f-', 'ttttf-t--', 'fffttt---', 'tf-ft----']);
});

test('a branch that is not taken does not fail', () => {
  const ratio = call('/', int(6), i);
  const outputs = [
    call('CASE', call('=', i, int(0)), int(-1), ratio), call('COALESCE', call('NULLIF', i, int(1)), call('/', int(1), call('-', i, int(1)))), call('AND', call('<>', i, int(0)), call('>', ratio, int(1))),
    call('OR', call('=', i, int(0)), call('>', ratio, int(1))),
  ];
  const rows: Row[] = [0, 1, 2, null].map((value) => [null, value, null, null, null, 0]);
  const result = outcomeOf(compileStage({ input: schema, filter: null, outputs }).run(batchFrom(rows, { dictionary: true, nullsAlways: false }), 0, 4, null));
  assert.deepEqual(result.values, [[-1, 0, 0, 1], [3, 2, 1, 1], [null, null, null, null]]);
  assert.deepEqual(result.failed, [{ row: 1, error: 'division by zero' }]);
});

test('a failed row names its place and leaves nothing behind', () => {
  const rows: Row[] = [1, 0, 2].map((value) => [true, value, 9007199254740993n, 1, 'A', 0]);
  const { columns, length, rows: kept, failed } = compileStage({ input: schema, filter: null, outputs: [l, call('+', l, int(1)), call('/', int(4), i)] })
    .run(batchFrom(rows, { dictionary: true, nullsAlways: false }), 0, 3, null);
  assert.deepEqual([length, [...kept!], failed], [2, [0, 2], [{ row: 1, place: { line: 1, column: 8, text: 'test' }, error: 'division by zero' }]]);
  assert.deepEqual(columns.map((each) => [cell(each, 0), cell(each, 1)]), [[9007199254740993n, 9007199254740993n], [9007199254740994n, 9007199254740994n], [4, 2]]);
});

test('columns that pass through are views, unless rows are left out', () => {
  const rows: Row[] = Array.from({ length: 10 }, (_, at) => [true, at, at, at, at % 2 === 0 ? 'TRADE' : null, 0]);
  const batch = batchFrom(rows, { dictionary: true, nullsAlways: false });
  const all = compileStage({ input: schema, filter: call('>=', i, int(0)), outputs: [d, s] }).run(batch, 2, 8, null);
  assert.equal(all.rows, null);
  assert.equal((all.columns[0]!.values as Float64Array).buffer, (batch.columns[3]!.values as Float64Array).buffer);
  assert.deepEqual([...(all.columns[0]!.values as Float64Array)], [2, 3, 4, 5, 6, 7]);
  const some = compileStage({ input: schema, filter: call('=', s, string('TRADE')), outputs: [d, s] }).run(batch, 1, 10, null);
  assert.deepEqual([...some.rows!], [2, 4, 6, 8]);
  const texts = some.columns[1]!;
  assert.ok(texts.storage === 'text' && texts.dictionary !== null && texts.dictionary === (batch.columns[4] as { dictionary: unknown }).dictionary);
  assert.deepEqual([0, 1, 2, 3].map((at) => cell(texts, at)), ['TRADE', 'TRADE', 'TRADE', 'TRADE']);
});

test('strings of the user never become code', () => {
  const evil = "'); throw new Error('code'); ('";
  const rows: Row[] = [[true, 1, 1, 1, evil, 0]];
  const { columns } = compileStage({ input: schema, filter: call('=', s, string(evil)), outputs: [call('||', s, string('`${1}\u2028"'))] }).run(batchFrom(rows, { dictionary: false, nullsAlways: false }), 0, 1, null);
  assert.equal(cell(columns[0]!, 0), `${evil}\`\${1}\u2028"`);
});

test('a stage survives a dictionary that grows and another dictionary', () => {
  const stage = compileStage({ input: schema, filter: null, outputs: [call('=', s, string('MSFT')), call('LIKE', s, string('M%'))] });
  const dictionary = new Dictionary();
  const run = (texts: (string | null)[], of: Dictionary): unknown => {
    const batch = batchFrom(texts.map((text): Row => [null, null, null, null, text, 0]), { dictionary: true, nullsAlways: false }, of);
    return outcomeOf(stage.run(batch, 0, texts.length, null)).values;
  };
  assert.deepEqual(run(['AAPL', null], dictionary), [[0, 0], [null, null]]);
  assert.deepEqual(run(['MSFT', 'AAPL'], dictionary), [[1, 1], [0, 0]]);
  assert.deepEqual(run(['MS', 'MSFT'], new Dictionary()), [[0, 1], [1, 1]]);
});

test('what is the same for every row is computed once, unless it fails', () => {
  const fails = call('/', int(1), int(0));
  const rows: Row[] = [[true, 1, 1, 1, 'A', 0], [false, 1, 1, 1, 'A', 0]];
  const outputs = [call('+', i, call('*', int(2), int(3))), call('CASE', b, int(1), fails), call('||', string('a'), string('b'))];
  const result = outcomeOf(compileStage({ input: schema, filter: null, outputs }).run(batchFrom(rows, { dictionary: true, nullsAlways: false }), 0, 2, null));
  assert.deepEqual([result.values, result.failed], [[[7, 1, 'ab']], [{ row: 1, error: 'division by zero' }]]);
});

test('long chains and many branches compile', () => {
  const links = Array.from({ length: 1500 }, (_, at) => call('=', i, int(at + 10)));
  const chain = links.reduce((left, right) => call('OR', left, right));
  const choice = call('CASE', ...links.slice(0, 500).flatMap((link, at) => [link, int(at)]), int(-1));
  const rows: Row[] = [[null, 12, null, null, null, 0], [null, 3, null, null, null, 0]];
  const { values } = outcomeOf(compileStage({ input: schema, filter: null, outputs: [chain, choice] }).run(batchFrom(rows, { dictionary: false, nullsAlways: false }), 0, 2, null));
  assert.deepEqual(values, [[1, 2], [0, -1]]);
});
