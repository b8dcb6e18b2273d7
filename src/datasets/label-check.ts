/** What is wrong with a dataset's labels: alerts would be judged by them, and a label that cannot be found counts as missed. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { openDuck, textRows, type Duck } from '../sources/duck.js';
import { quoteName, quoteText } from '../sources/quote.js';
import { shortened } from '../sources/duck-error.js';
import type { Dataset } from './dataset.js';
import { labelColumns } from './labels.js';

type Column = keyof typeof labelColumns;

/** Types in which a column is understood; the labels that are written here have the first. */
const understood: Readonly<Record<Column, RegExp>> = {
  type: /^VARCHAR$/, symbol: /^(VARCHAR|"NULL")$/, from_time: /^TIMESTAMP/, to_time: /^TIMESTAMP/, size: /^(DOUBLE|FLOAT|DECIMAL.*|U?(TINY|SMALL|BIG)INT|U?INTEGER)$/,
};
const columns = Object.keys(labelColumns) as Column[];

/** Sentences for people, none: nothing. `symbols`: those of the data; null when it has no such column. */
export async function labelProblems(path: string, { span }: Pick<Dataset, 'span'>, symbols: ReadonlySet<string> | null): Promise<string[]> {
  const name = `the labels (${basename(path)})`;
  if ((await stat(path).catch(() => null))?.isFile() !== true) return [`${name} are not there: ${path} does not exist`];
  const duck = await openDuck({ files: [path] });
  try {
    const scan = `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
    const types = new Map((await textRows(duck.connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${scan})`)).map(([column, type]) => [column!, type!]));
    const lacking = columns.filter((column) => !understood[column].test(types.get(column) ?? ''));
    if (lacking.length > 0) {
      const wants = lacking.map((column) => `${column} ${labelColumns[column]}${types.has(column) ? ` (it is ${types.get(column)})` : ''}`);
      return [`${name} lack ${wants.join(', ')}`];
    }
    return await rowProblems(duck, scan, name, span, symbols);
  } catch (cause) {
    return [`${name} cannot be read: ${shortened(cause)}`];
  } finally {
    duck.close();
  }
}

async function rowProblems(duck: Duck, scan: string, name: string, { from, to }: Dataset['span'], symbols: ReadonlySet<string> | null): Promise<string[]> {
  const millis = (column: Column): string => `epoch_ms(${quoteName(column)})`;
  const iso = (time: number): string => new Date(time).toISOString();
  const known = [...(symbols ?? [])].map(quoteText).join(', ');
  const faults: [string, string][] = [
    ['type IS NULL OR from_time IS NULL OR to_time IS NULL OR size IS NULL', 'have no type, time or size'],
    ['NOT isfinite(CAST(size AS DOUBLE))', 'have no finite size'],
    ['to_time < from_time', 'end before they begin'],
    [`${millis('from_time')} < ${from} OR ${millis('to_time')} > ${to}`, `lie outside the span, ${iso(from)} to ${iso(to)}`],
    ...(symbols === null ? [] : [[`symbol IS NOT NULL${known === '' ? '' : ` AND symbol NOT IN (${known})`}`, 'are of symbols that the data do not have'] as [string, string]]),
  ];
  const [total] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR) FROM ${scan}`);
  const problems: string[] = [];
  for (const [condition, says] of faults) {
    const told = `concat(type, ' of ', coalesce(symbol, 'all symbols'), ', ', strftime(CAST(from_time AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ'))`;
    const [row] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR), first(${told}) FROM ${scan} WHERE ${condition}`);
    if (row![0] !== '0') problems.push(`${row![0]} of ${total![0]} of ${name} ${says}; the first is ${row![1]}`);
  }
  return problems;
}
