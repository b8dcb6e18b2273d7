/** Two Parquet files row by row: the first row and field that differ. Read by DuckDB, shut in to these two files. */
import { openDuck, textRows, type Duck } from '../sources/duck.js';
import { quoteList, quoteName } from '../sources/quote.js';
import { shortened } from '../sources/duck-error.js';

export interface RowDifference {
  /** 0-based; null when the columns themselves differ, or a file cannot be read. */
  readonly row: number | null;
  readonly field: string | null;
  readonly expected: string | null;
  readonly actual: string | null;
  /** Nothing differs in the whole files but doubles, and those by at most 1e-9 of their size. */
  readonly slight: boolean;
  /** A file that cannot be read, and why. */
  readonly unreadable: { readonly file: 'expected' | 'actual'; readonly reason: string } | null;
}

export interface CompareOptions {
  /** Columns that do not count. */
  readonly except?: readonly string[];
  /** Rows may come in another order: they are compared sorted, and `row` is one of the sorted rows. */
  readonly sorted?: boolean;
  /** A folder that sorting may spill into. */
  readonly spill: string;
}

interface FileColumn {
  readonly name: string;
  readonly type: string;
}

/** MiB. */
const memoryMax = 512;
const slightness = '1e-9';

/** Null when both files hold the same rows, to the bit (any NaN is like any other). */
export async function firstDifferingRow(expected: string, actual: string, options: CompareOptions): Promise<RowDifference | null> {
  const duck = await openDuck({ files: [expected, actual], memory: memoryMax, spill: options.spill });
  try {
    const columns: FileColumn[][] = [];
    for (const [name, file] of [['expected', expected], ['actual', actual]] as const) {
      try {
        columns.push(await columnsOf(duck, file, options.except ?? []));
      } catch (cause) {
        return { row: null, field: null, expected: null, actual: null, slight: false, unreadable: { file: name, reason: shortened(cause) } };
      }
    }
    return differingColumn(columns[0]!, columns[1]!) ?? (await differingRow(duck, [expected, actual], columns[0]!, options));
  } finally {
    duck.close();
  }
}

async function columnsOf(duck: Duck, file: string, except: readonly string[]): Promise<FileColumn[]> {
  const rows = await textRows(duck.connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${quoteList([file])}, hive_partitioning = false))`);
  return rows.map(([name, type]) => ({ name: name!, type: type! })).filter(({ name }) => !except.includes(name));
}

function differingColumn(expected: readonly FileColumn[], actual: readonly FileColumn[]): RowDifference | null {
  const text = (column: FileColumn | undefined): string | null => (column === undefined ? null : `${column.name} ${column.type}`);
  for (let index = 0; index < Math.max(expected.length, actual.length); index += 1) {
    const [one, other] = [expected[index], actual[index]];
    if (text(one) !== text(other)) {
      return { row: null, field: (one ?? other)!.name, expected: text(one), actual: text(other), slight: false, unreadable: null };
    }
  }
  return null;
}

const isReal = ({ type }: FileColumn): boolean => type === 'DOUBLE' || type === 'FLOAT';

/** Condition that column i differs. Zeros differ by their sign, as they do in the digest. */
function differs(column: FileColumn, index: number): string {
  const [a, b] = [`a.c${index}`, `b.c${index}`];
  const signs = isReal(column) ? ` OR (${a} = 0 AND ${b} = 0 AND signbit(${a}) <> signbit(${b}))` : '';
  return `(${a} IS DISTINCT FROM ${b}${signs})`;
}

function differsMuch(column: FileColumn, index: number): string {
  if (!isReal(column)) return differs(column, index);
  const [a, b] = [`a.c${index}`, `b.c${index}`];
  return `(${differs(column, index)} AND NOT coalesce(isfinite(${a}) AND isfinite(${b}) AND abs(${a} - ${b}) <= ${slightness} * greatest(abs(${a}), abs(${b})), false))`;
}

async function differingRow(duck: Duck, files: readonly [string, string], columns: readonly FileColumn[], { sorted = false }: CompareOptions): Promise<RowDifference | null> {
  const list = columns.map(({ name }, index) => `${quoteName(name)} AS c${index}`).join(', ');
  const table = (file: string): string => {
    const rows = `SELECT ${list} FROM read_parquet(${quoteList([file])}, hive_partitioning = false)`;
    return `(SELECT row_number() OVER () AS n, * FROM (${rows}${sorted ? ' ORDER BY ALL' : ''}))`;
  };
  // Row by row beside each other; where one file ends, its number is NULL.
  const joined = `${table(files[0])} AS a POSITIONAL JOIN ${table(files[1])} AS b`;
  const apart = 'a.n IS NULL OR b.n IS NULL';
  const first = `SELECT CAST(coalesce(a.n, b.n) - 1 AS VARCHAR), CAST(a.n AS VARCHAR), CAST(b.n AS VARCHAR)${columns.map((column, index) =>
    `, CAST(a.c${index} AS VARCHAR), CAST(b.c${index} AS VARCHAR), CAST(coalesce(${differs(column, index)}, false) AS VARCHAR)`).join('')}
    FROM ${joined} WHERE ${[apart, ...columns.map(differs)].join(' OR ')} LIMIT 1`;
  let found: (string | null)[] | undefined;
  try {
    [found] = await textRows(duck.connection, first);
  } catch (cause) {
    return { row: null, field: null, expected: null, actual: null, slight: false, unreadable: { file: 'expected', reason: shortened(cause) } };
  }
  if (found === undefined) return null;
  const [row, inExpected, inActual, ...cells] = found;
  if (inExpected === null || inActual === null) {
    const values = columns.map(({ name }, index) => `${name}=${cells[3 * index + (inExpected === null ? 1 : 0)] ?? 'NULL'}`).join(', ');
    const absent = 'no row';
    return { row: Number(row), field: null, expected: inExpected === null ? absent : values, actual: inActual === null ? absent : values, slight: false, unreadable: null };
  }
  const index = columns.findIndex((_, at) => cells[3 * at + 2] === 'true');
  const much = await textRows(duck.connection, `SELECT '1' FROM ${joined} WHERE ${[apart, ...columns.map(differsMuch)].join(' OR ')} LIMIT 1`);
  return {
    row: Number(row), field: columns[index]!.name, expected: cells[3 * index] ?? 'NULL', actual: cells[3 * index + 1] ?? 'NULL', slight: much.length === 0, unreadable: null,
  };
}
