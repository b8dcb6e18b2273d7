/** A table as a run holds it: an output of its bundle. */
import { TapewrightError } from '../core/errors.js';
import { storageOf, type Schema } from '../core/types.js';
import { planTexts } from '../runtime/pipeline.js';
import { parquetRows, realColumns, standingRows } from '../sinks/changelog-view.js';
import { segmentTables } from '../sinks/parquet.js';
import { openDuck, textChunks } from '../sources/duck.js';
import { quoteName } from '../sources/quote.js';
import { Bundle } from '../stores/bundle.js';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RowValues } from '../sources/row-columns.js';
import { rowReader } from './read-values.js';
import type { TableShape, TableState } from './table-state.js';

/** MiB; what a changelog of more rows needs goes to disk. */
const memory = 256;

/** The output's columns and its primary key, none where it has none. Throws BUNDLE_INVALID, USAGE for a table that there is not. */
export async function outputShape(directory: string, table: string): Promise<TableShape> {
  const { manifest } = await Bundle.open(directory);
  const { sinks } = planTexts(manifest.texts);
  const sink = sinks.find(({ name }) => name === table);
  if (sink === undefined) throw new TapewrightError('USAGE', `the run has no output ${table}; it has ${sinks.map(({ name }) => name).join(', ')}`, { table });
  return { name: table, columns: sink.schema.filter(({ name }) => name !== '_op'), key: sink.primaryKey };
}

/** The rows that stand where the run does. `spill`: a folder for what is more than memory. */
export async function outputState(directory: string, { name, columns }: TableShape, spill: string): Promise<TableState> {
  const { manifest } = await Bundle.open(directory);
  const joined = resolve(directory, 'outputs', `${name}.parquet`);
  const files = existsSync(joined) ? [joined] : ((await segmentTables(join(resolve(directory), 'outputs'))).get(name) ?? []);
  const from = `run ${manifest.id}`;
  if (files.length === 0) return { from, rows: () => nothing() };
  const changelog = manifest.changelogs?.[name];
  const source = parquetRows(files);
  async function* read(): AsyncGenerator<readonly RowValues[], void, undefined> {
    const reader = rowReader(from, columns);
    const duck = await openDuck({ files, memory, spill });
    try {
      const rows = changelog === undefined ? `SELECT * FROM ${source}` : standingRows(source, changelog, await realColumns(duck, source));
      const sql = `SELECT ${columns.map(textOf).join(', ')} FROM (${rows})`;
      for await (const texts of textChunks(duck.connection, sql, columns.length)) yield texts.map(reader);
    } finally {
      duck.close();
    }
  }
  return { from, rows: read };
}

async function* nothing(): AsyncGenerator<readonly RowValues[], void, undefined> {
  // A table of which no row was ever written.
}

function textOf({ name, type }: Schema[number]): string {
  if (type.kind === 'BYTES') throw new TapewrightError('USAGE', `${name} is of BYTES, which is not compared: leave it out with --columns`, { column: name });
  return storageOf(type) === 'text' ? quoteName(name) : `CAST(${quoteName(name)} AS VARCHAR)`;
}
