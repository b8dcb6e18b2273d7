/** Scalar expressions: arithmetic, comparisons with NULL and NaN, CASE, CAST, functions of strings and times. None that fails a job. */
import fc from 'fast-check';
import { typeName } from '../../../src/core/types.js';
import { planSql } from '../../../src/sql/planner.js';
import type { Drawn, OutputColumn } from '../statement.js';
import type { World } from '../world.js';
import { fieldColumns, tablesWith } from './parts.js';

type Sort = 'int' | 'double' | 'decimal' | 'string' | 'boolean' | 'time';

const sorts: readonly Sort[] = ['int', 'double', 'decimal', 'string', 'boolean', 'time'];

/** Leaves, and templates whose holes (`{int}`) are expressions of a sort. */
const templates: Readonly<Record<Sort, { readonly leaves: readonly string[]; readonly calls: readonly string[] }>> = {
  int: {
    leaves: ['qty', 'volume', '7', '-3', 'CAST(NULL AS INT)'],
    calls: [
      'MOD({int}, 3)', 'ABS({int})', 'SIGN({int})', 'CHAR_LENGTH({string})', 'EXTRACT(HOUR FROM {time})', 'EXTRACT(SECOND FROM {time})', 'EXTRACT(DOY FROM {time})', 'POSITION({string} IN {string})',
      'TIMESTAMPDIFF(SECOND, {time}, {time})', 'TIMESTAMPDIFF(DAY, {time}, {time})', 'TRY_CAST({string} AS INT)', 'qty + 1', 'qty - qty', 'volume / NULLIF(qty, 0)', 'CAST(qty AS BIGINT) * 1000', 'CAST(flag AS INT)',
      'CAST(amount AS BIGINT)', 'QUARTER({time})', 'EXTRACT(MILLISECOND FROM {time})',
    ],
  },
  double: {
    leaves: ['price', '1e0', '0e0', '-2.5e-3', 'CAST(amount AS DOUBLE)'],
    calls: ['{double} + {double}', '{double} - {double}', '{double} * {double}', '{double} / {double}', '{double} * {int}', '{double} / {int}', '{double} + {decimal}', 'ABS({double})', 'SQRT({double})', '- {double}', 'CAST({int} AS DOUBLE)', 'SIGN({double})', 'FLOOR({double})', 'CEIL({double})', 'TRY_CAST({string} AS DOUBLE)'],
  },
  decimal: {
    leaves: ['amount', '10.5', '-0.25', 'CAST(NULL AS DECIMAL(6, 2))'],
    calls: ['amount + 1.5', 'amount - {decimal}', 'amount * 2', 'amount * amount', 'amount / 3', 'amount / NULLIF(qty, 0)', 'ROUND(amount, 1)', 'TRUNCATE(amount, 1)', 'ABS({decimal})', 'FLOOR(amount)', 'CEIL(amount)', 'CAST({int} AS DECIMAL(20, 2))', 'MOD(amount, 7)', '- {decimal}', 'ROUND(amount, -1)', 'SIGN(amount)', 'CAST(amount AS DECIMAL(6, 1))'],
  },
  string: {
    leaves: ['symbol', 'note', "'x'", "''", "' 12 '", 'CAST(NULL AS STRING)'],
    calls: [
      '{string} || {string}', 'CONCAT({string}, {string})', 'UPPER(symbol)', "LOWER('ABC' || symbol)", 'SUBSTRING({string} FROM 1 FOR 1)', 'SUBSTRING({string}, 2)', 'TRIM({string})', "REPLACE({string}, 'a', 'bb')", "LPAD({string}, 4, '-')", "RPAD({string}, 3, 'ab')",
      'CAST({int} AS STRING)', 'CAST({decimal} AS STRING)', 'CAST({boolean} AS STRING)', 'CAST({time} AS STRING)', "DATE_FORMAT({time}, 'yyyy-MM-dd HH:mm:ss')", 'REVERSE({string})', 'LEFT({string}, 1)', 'RIGHT({string}, 2)', 'REPEAT({string}, 2)', "SPLIT_INDEX({string}, 'a', 0)",
      "CONCAT_WS('-', {string}, {string})", "TRIM(LEADING 'x' FROM {string})", 'BTRIM({string})',
    ],
  },
  boolean: {
    leaves: ['flag', 'TRUE', 'FALSE', 'CAST(NULL AS BOOLEAN)'],
    calls: [
      '{int} > {int}', '{int} = {int}', '{double} > {double}', '{double} < {double}', '{double} >= {decimal}', '{double} < {decimal}', '{decimal} <= {double}', '{double} = {double}', '{double} <> {decimal}', '{decimal} > {decimal}', '{decimal} = {int}', '{int} < {double}',
      '{string} < {string}', '{string} = {string}', '{time} < {time}', '{boolean} AND {boolean}', '{boolean} OR {boolean}', 'NOT {boolean}', '{boolean} IS NOT TRUE', '{boolean} IS FALSE', '{double} IS NULL', '{string} IS NOT NULL', "{string} LIKE '%a%'", "{string} LIKE '_'",
      "symbol IN ('A', 'C', '')", 'qty IN (1, 2, 3, 4, 5)', 'qty NOT IN (1, 2)', '{double} BETWEEN 0 AND 100.5', '{int} NOT BETWEEN -1 AND 3', '{double} IS DISTINCT FROM {double}', '{string} IS NOT DISTINCT FROM {string}', 'price IN (0.0, 101.37, 3.5)',
    ],
  },
  time: {
    leaves: ['event_time', "TIMESTAMP '2024-02-29 23:59:59.999'"],
    calls: ["{time} + INTERVAL '5' MINUTE", "{time} - INTERVAL '1' DAY", 'FLOOR({time} TO MINUTE)', 'FLOOR({time} TO DAY)', 'CEIL({time} TO HOUR)', 'TIMESTAMPADD(SECOND, 90, {time})', 'FLOOR({time} TO MONTH)', "{time} + INTERVAL '1' MONTH"],
  },
};

const any = (sort: Sort): readonly string[] => [`CASE WHEN {boolean} THEN {${sort}} ELSE {${sort}} END`, `CASE WHEN {boolean} THEN {${sort}} END`, `COALESCE({${sort}}, {${sort}})`, `NULLIF({${sort}}, {${sort}})`, `IF({boolean}, {${sort}}, {${sort}})`];
const ranked = (sort: Sort): readonly string[] => (sort === 'boolean' || sort === 'time' ? [] : [`GREATEST({${sort}}, {${sort}})`, `LEAST({${sort}}, {${sort}})`]);

function expressionOf(sort: Sort, depth: number): fc.Arbitrary<string> {
  const { leaves, calls } = templates[sort];
  const leaf = fc.constantFrom(...leaves);
  if (depth === 0) return leaf;
  return fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 4, arbitrary: fc.constantFrom(...calls, ...any(sort), ...ranked(sort)).chain((template) => filled(template, depth - 1)) });
}

function filled(template: string, depth: number): fc.Arbitrary<string> {
  const parts = template.split(/\{(\w+)\}/);
  const holes = parts.filter((_, index) => index % 2 === 1).map((sort) => expressionOf(sort as Sort, depth));
  return fc.tuple(...holes).map((texts) => `(${parts.map((part, index) => (index % 2 === 0 ? part : texts[(index - 1) / 2]!)).join('')})`);
}

const expression = fc.constantFrom(...sorts).chain((sort) => expressionOf(sort, 2));

export function scalars(world: World): fc.Arbitrary<Drawn> {
  return fc.tuple(tablesWith(world, () => true), fc.array(expression, { minLength: 1, maxLength: 8, size: 'max' }), fc.option(expressionOf('boolean', 2), { freq: 2 })).map(([table, expressions, condition]) => {
    const list = expressions.map((text, index) => `${text} AS x${index}`).join(', ');
    const select = `SELECT volume, event_time, ${list} FROM ticks_${table}${condition === null ? '' : ` WHERE ${condition}`}`;
    return { kind: 'scalars', tables: [table], views: [], inserts: [{ output: 0, select }], outputs: [columnsOf(select, table)], updates: null, exact: null };
  });
}

/** With the types that they have here: Flink refuses a sink whose columns are of other kinds. */
function columnsOf(select: string, table: number): readonly OutputColumn[] {
  const declared = fieldColumns.map(({ name, type }) => `${name} ${type}`).join(', ');
  const plan = planSql(`CREATE TABLE ticks_${table} (${declared}) WITH ('connector' = 'values'); ${select};`);
  return plan.sinks[0]!.schema.map(({ name, type }) => ({ name, type: typeName(type, false).replace('INTERVAL', 'BIGINT') }));
}
