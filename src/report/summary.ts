/** What one output holds, column by column: counts and extremes, which no order of summation can change. */
import { typeName, type Field, type Schema } from '../core/types.js';
import type { QueryResult } from '../sinks/query.js';
import { quoteName } from '../sources/quote.js';
import { isNumeric, isTime } from './roles.js';

export type Query = (sql: string) => Promise<QueryResult>;

/** A value as JSON holds it: large integers, decimals, times, NaN and infinities as text. */
export type Cell = string | number | boolean | null;

export interface ColumnSummary {
  readonly name: string;
  /** As Flink names it. */
  readonly type: string;
  readonly nulls: number;
  /** FLOAT and DOUBLE: rows that are NaN. They are in neither extreme. */
  readonly nans?: number;
  /** Numbers and times: null when there is no value. */
  readonly min?: Cell;
  readonly max?: Cell;
  /** STRING and BOOLEAN: how many different values; null where they are too many to count in little memory. */
  readonly distinct?: number | null;
  /** The most frequent values with their rows, most first, then by value. */
  readonly top?: readonly (readonly [Cell, number])[];
}

const topMax = 10;
/** Values beyond it are estimated to be too many for a table of them. */
const distinctMax = 200_000;

const isReal = ({ type }: Field): boolean => type.kind === 'DOUBLE' || type.kind === 'FLOAT';
const isCounted = ({ type }: Field): boolean => type.kind === 'STRING' || type.kind === 'BOOLEAN';

/** Summarises the output `table` in one pass, and one more for each STRING and BOOLEAN column. */
export async function summarise(query: Query, table: string, schema: Schema): Promise<ColumnSummary[]> {
  const parts = schema.map(measures);
  const result = await query(`SELECT ${parts.flat().join(', ')} FROM ${quoteName(table)}`);
  const values = result.rows[0]!.map((value) => value as Cell);
  const summaries: ColumnSummary[] = [];
  let at = 0;
  for (const [index, field] of schema.entries()) {
    const [nulls, ...own] = values.slice(at, (at += parts[index]!.length));
    const plain = { name: field.name, type: typeName(field.type), nulls: Number(nulls) };
    if (isReal(field)) summaries.push({ ...plain, nans: Number(own[2]), min: own[0]!, max: own[1]! });
    else if (isNumeric(field.type.kind) || isTime(field.type.kind)) summaries.push({ ...plain, min: own[0]!, max: own[1]! });
    else if (isCounted(field)) summaries.push({ ...plain, ...(await frequent(query, table, field, Number(own[0]))) });
    else summaries.push(plain);
  }
  return summaries;
}

/** SQL of what is asked of a column, the rows without a value first. */
function measures(field: Field): string[] {
  const column = quoteName(field.name);
  const nulls = `count(*) FILTER (${column} IS NULL)`;
  if (isReal(field)) {
    const numbers = `FILTER (NOT isnan(${column}))`;
    return [nulls, `min(${column}) ${numbers}`, `max(${column}) ${numbers}`, `count(*) FILTER (isnan(${column}))`];
  }
  if (isNumeric(field.type.kind) || isTime(field.type.kind)) return [nulls, `min(${column})`, `max(${column})`];
  return isCounted(field) ? [nulls, `approx_count_distinct(${column})`] : [nulls];
}

async function frequent(query: Query, table: string, { name }: Field, estimate: number): Promise<Pick<ColumnSummary, 'distinct' | 'top'>> {
  if (estimate > distinctMax) return { distinct: null, top: [] };
  const column = quoteName(name);
  const counted = `SELECT ${column} AS value, count(*) AS row_count FROM ${quoteName(table)} WHERE ${column} IS NOT NULL GROUP BY ALL`;
  const { rows } = await query(`WITH counted AS (${counted}) SELECT value, row_count, count(*) OVER () FROM counted ORDER BY row_count DESC, value LIMIT ${topMax}`);
  return { distinct: rows.length === 0 ? 0 : Number(rows[0]![2]), top: rows.map(([value, count]) => [value as Cell, Number(count)] as const) };
}
