/** SQL over a bundle's outputs, in a DuckDB that can read those files and nothing else. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBConnection, type DuckDBPreparedStatement } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { TapewrightError } from '../core/errors.js';
import { openDuck, type Duck } from '../sources/duck.js';
import { quoteName } from '../sources/quote.js';
import { shortened } from '../sources/duck-error.js';
import { Bundle } from '../stores/bundle.js';
import { changesName, parquetRows, realColumns, standingRows, type ChangelogKey } from './changelog-view.js';
import { segmentTables } from './parquet.js';

export { formatCsv, formatJson, formatTable } from './query-text.js';

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** JSON values: integers and decimals beyond what a number holds exactly as text; NaN and infinities as text. */
  readonly rows: readonly (readonly unknown[])[];
}

/** MiB. */
const memoryMax = 1024;

/**
 * Runs one SELECT over the views of a bundle: one an output (for a changelog the table that it adds up to, and the
 * changelog as NAME__changes), `late` and `dead_letters`, and `labels` where the data have
 * some; these are also there as `bundle.late` and so on, for an output of one's own may have the shorter name.
 * Throws BUNDLE_INVALID when there is nothing to query, SQL_INVALID with DuckDB's words when the text is wrong.
 */
export function queryBundle(directory: string, sql: string): Promise<QueryResult> {
  return withBundle(directory, memoryMax, (query) => query(sql));
}

/** For several questions to one bundle: `use` asks them in turn. `memory` in MiB. Throws as `queryBundle`. */
export function withBundle<T>(directory: string, memory: number, use: (query: (sql: string) => Promise<QueryResult>) => Promise<T>): Promise<T> {
  return withBundleDuck(directory, memory, [], (duck, names) => use((sql) => select(duck, sql, names)));
}

/** The bundle's views in a DuckDB that may touch `more` files besides; `use` is also given the views' names, for messages. */
export async function withBundleDuck<T>(directory: string, memory: number, more: readonly string[], use: (duck: Duck, names: readonly string[]) => Promise<T>): Promise<T> {
  const views = await viewsOf(directory);
  if (views.length === 0) throw new TapewrightError('BUNDLE_INVALID', `${directory} holds no outputs to query`, { directory });
  const duck = await openDuck({ files: [...views.flatMap(({ files }) => files), ...more], memory });
  try {
    await duckdb.query(duck.connection, `CREATE SCHEMA ${bundleSchema}`);
    for (const { view, files, standing } of views) {
      const source = parquetRows(files);
      const create = async (): Promise<unknown> => {
        const rows = standing === undefined ? `SELECT * FROM ${source}` : standingRows(source, standing, await realColumns(duck, source));
        return duckdb.query(duck.connection, `CREATE VIEW ${view} AS ${rows}`);
      };
      await create().catch((cause: unknown) => {
        throw new TapewrightError('DATASET_CORRUPT', `${files[0]} is damaged: ${shortened(cause)}`, { path: files[0] }, { cause });
      });
    }
    return await use(duck, views.flatMap(({ name }) => name ?? []));
  } finally {
    duck.close();
  }
}

const bundleSchema = 'bundle';

interface View {
  /** For people; null: the same view under its longer name. */
  readonly name: string | null;
  readonly view: string;
  readonly files: readonly string[];
  /** The files are a changelog, and the view is what it adds up to. */
  readonly standing?: ChangelogKey;
}

/** The joined files, or, while a run has not ended, their segments so far. */
async function viewsOf(directory: string): Promise<View[]> {
  const root = await realpath(directory).catch(() => directory);
  // Not through a link, which could lead out of the bundle.
  const folder = (await lstat(join(root, 'outputs')).catch(() => null))?.isDirectory() === true ? join(root, 'outputs') : join(root, '.none');
  const outputs = new Map<string, readonly string[]>(await segmentTables(folder));
  for (const file of await parquetFiles(folder)) outputs.set(file.slice(0, -'.parquet'.length), [join(folder, file)]);
  // DuckDB does not tell upper from lower case.
  const taken = new Set([...outputs.keys()].map((name) => name.toLowerCase()));
  const views = outputViews(outputs, await changelogsOf(directory), taken);
  const segments = new Map(await segmentTables(root));
  for (const [name, table] of [['late', 'late'], ['dead_letters', 'dead-letters']] as const) {
    const joined = join(root, `${table}.parquet`);
    const files = (await isPlainFile(joined)) ? [joined] : segments.get(table);
    if (files === undefined) continue;
    views.push({ name: null, view: `${bundleSchema}.${name}`, files });
    if (!taken.has(name)) views.push({ name, view: name, files });
  }
  // What the data's makers put in, where they say so: one file a dataset.
  const folderOfLabels = join(root, 'labels');
  const labels = (await lstat(folderOfLabels).catch(() => null))?.isDirectory() === true ? await parquetFiles(folderOfLabels) : [];
  if (labels.length > 0) {
    const files = labels.map((file) => join(folderOfLabels, file));
    views.push({ name: null, view: `${bundleSchema}.labels`, files });
    if (!taken.has('labels')) views.push({ name: 'labels', view: 'labels', files });
  }
  return views;
}

function outputViews(outputs: ReadonlyMap<string, readonly string[]>, changelogs: Readonly<Record<string, ChangelogKey>>, taken: ReadonlySet<string>): View[] {
  return [...outputs].flatMap(([name, files]): View[] => {
    const key = changelogs[name];
    if (key === undefined) return [{ name, view: quoteName(name), files }];
    const changes = changesName(name);
    return [
      { name, view: quoteName(name), files, standing: key }, { name: null, view: `${bundleSchema}.${quoteName(changes)}`, files },
      ...(taken.has(changes.toLowerCase()) ? [] : [{ name: changes, view: quoteName(changes), files }]),
    ];
  });
}

/** Outputs that are changelogs, as the run has noted them; a folder of mere files has none. */
async function changelogsOf(directory: string): Promise<Readonly<Record<string, ChangelogKey>>> {
  try {
    return (await Bundle.open(directory)).manifest.changelogs ?? {};
  } catch (error) {
    if (error instanceof TapewrightError && error.code === 'BUNDLE_INVALID') return {};
    throw error;
  }
}

async function parquetFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith('.parquet')).map((entry) => entry.name).sort();
}

/** A link could lead out of the bundle. */
async function isPlainFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isFile() === true;
}

/** The text as a statement that only reads. Throws USAGE, and what DuckDB throws. */
export async function prepareSelect(duck: Duck, sql: string): Promise<DuckDBPreparedStatement> {
  if (sql.replace(/--[^\n]*/g, '').trim() === '') throw new TapewrightError('USAGE', 'query takes a SELECT, and got nothing', {});
  const statements = await new DuckDBConnection(duck.connection).extractStatements(sql);
  if (statements.count !== 1) throw new TapewrightError('USAGE', `query takes one SELECT, not ${statements.count} statements`, { count: statements.count });
  const statement = await statements.prepare(0);
  if (statement.statementType !== duckdb.StatementType.SELECT && statement.statementType !== duckdb.StatementType.EXPLAIN) {
    throw new TapewrightError('USAGE', 'query only reads: give it a SELECT', {});
  }
  return statement;
}

/** DuckDB's refusal of a query, with what it could have asked for. */
export function queryRefused(cause: unknown, views: readonly string[]): unknown {
  // DuckDB's errors are of no class of their own; all others are somebody else's.
  if (!(cause instanceof Error) || cause.constructor !== Error || 'code' in cause) return cause;
  return new TapewrightError('SQL_INVALID', `${shortened(cause)}; the bundle has ${views.join(', ')}`, { views }, { cause });
}

async function select(duck: Duck, sql: string, views: readonly string[]): Promise<QueryResult> {
  try {
    const statement = await prepareSelect(duck, sql);
    const reader = await statement.runAndReadAll();
    const columns = reader.columnNames().map((name, index) => ({ name, type: reader.columnType(index).toString() }));
    const rows = reader.getRowsJson().map((row) => row.map((value, index) => jsonValue(value, columns[index]!.type)));
    return { columns, rows };
  } catch (cause) {
    throw queryRefused(cause, views);
  }
}

/** DuckDB's JSON has 64-bit integers as text: small ones become numbers again. */
function jsonValue(value: unknown, type: string): unknown {
  if (typeof value !== 'string' || !/^U?(BIG|HUGE)INT$/.test(type)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
