/** Many statements as one text, over Parquet files, for both engines. */
import { join } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { openDuck } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { typeText, type Cell, type Field } from '../laws/support/cells.js';
import { tableFields } from '../laws/support/query.js';
import { outputName, renamed, type Drawn, type Names } from './statement.js';
import { decimalText } from './value.js';
import type { World, WorldTable } from './world.js';

/** Longer than any data: what would be kept for ever is refused here without it. */
export const stateLife = '36500 d';

export interface Trial {
  readonly drawn: Drawn;
  readonly world: World;
}

export interface JobOutput {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface Job {
  readonly trials: readonly Trial[];
  /** By trial. */
  readonly outputs: readonly (readonly JobOutput[])[];
  /** CREATE TABLE and CREATE VIEW. */
  readonly definitions: readonly string[];
  readonly inserts: readonly string[];
  /** Names of the tables that each trial reads. */
  readonly tables: readonly (readonly string[])[];
  /** The trial of each insert. */
  readonly trialOf: readonly number[];
  /** Files by table name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Writes the tables that the trials read into `folder`. */
export async function prepareJob(trials: readonly Trial[], folder: string): Promise<Job> {
  const tables = new Map<WorldTable, string>();
  const nameOf = (table: WorldTable): string => {
    if (!tables.has(table)) tables.set(table, `ticks_${tables.size}`);
    return tables.get(table)!;
  };
  const names = trials.map(({ world }, trial): Names => ({ table: (table) => nameOf(world[table]!), prefix: `s${trial}` }));
  const outputs = trials.map(({ drawn }, trial) => drawn.outputs.map((columns, output) => ({ name: outputName(output, names[trial]!), columns })));
  const views = trials.flatMap(({ drawn }, trial) => drawn.views.map((view) => renamed(view, names[trial]!)));
  const inserts = trials.flatMap(({ drawn }, trial) => drawn.inserts.map(({ output, select }) => ({ trial, text: insertText(outputs[trial]![output]!, renamed(select, names[trial]!)) })));
  const files = Object.fromEntries([...tables].map(([, name]) => [name, join(folder, `${name}.parquet`)]));
  await writeTables(new Map([...tables].map(([table, name]) => [files[name]!, table])), folder);
  const definitions = [
    ...[...tables].map(([table, name]) => createTable(name, table, files[name]!)),
    ...outputs.flat().map(({ name, columns }) => `CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')}) WITH ('connector' = 'print', 'print-identifier' = '${name}')`),
    ...views,
  ];
  return {
    trials, outputs, definitions, inserts: inserts.map(({ text }) => text), trialOf: inserts.map(({ trial }) => trial), files,
    tables: trials.map(({ drawn }, trial) => drawn.tables.map((table) => names[trial]!.table(table))),
  };
}

/** The statements of one trial, for people. */
export function textsOf({ drawn, world }: Trial): string[] {
  const tables = drawn.tables.map((table) => `-- ticks_${table}: WATERMARK FOR event_time AS event_time - INTERVAL '${world[table]!.delay / 1000}' SECOND`);
  return [...tables, ...drawn.views.map((view) => `${view};`), ...drawn.inserts.map(({ output, select }) => `INSERT INTO out_${output}\n${select};`)];
}

/** Flink writes one event-time column at the most: in the sink they are plain times. */
function insertText({ name, columns }: JobOutput, select: string): string {
  const list = columns.map((column) => (column.type.startsWith('TIMESTAMP') ? `CAST(${column.name} AS ${column.type}) AS ${column.name}` : column.name));
  return `INSERT INTO ${name} SELECT ${list.join(', ')} FROM (\n${select}\n)`;
}

function createTable(name: string, { delay }: WorldTable, file: string): string {
  const mark = delay === 0 ? 'event_time' : `event_time - INTERVAL '${delay / 1000}' SECOND`;
  const columns = tableFields.map((field) => `${field.name} ${typeText(field)}`).join(', ');
  return `CREATE TABLE ${name} (${columns}, WATERMARK FOR event_time AS ${mark})`
    + ` WITH ('connector' = 'filesystem', 'path' = 'file://${file}', 'format' = 'parquet', 'parquet.utc-timezone' = 'true')`;
}

async function writeTables(tables: ReadonlyMap<string, WorldTable>, folder: string): Promise<void> {
  const duck = await openDuck({ directories: [folder] });
  try {
    for (const [file, { rows }] of tables) {
      const columns = tableFields.map((field) => `${field.name} ${field.kind === 'TIMESTAMP' ? 'TIMESTAMP_MS' : typeText(field)}`).join(', ');
      await duckdb.query(duck.connection, `CREATE OR REPLACE TABLE t (${columns})`);
      const values = rows.map((row) => `(${row.map((cell, column) => literal(cell, tableFields[column]!)).join(', ')})`);
      if (values.length > 0) await duckdb.query(duck.connection, `INSERT INTO t VALUES ${values.join(', ')}`);
      await duckdb.query(duck.connection, `COPY t TO ${quoteText(file)} (FORMAT parquet, COMPRESSION uncompressed)`);
    }
  } finally {
    duck.close();
  }
}

function literal(cell: Cell, { kind, scale }: Field): string {
  if (cell === null) return 'NULL';
  if (kind === 'TIMESTAMP') return `make_timestamp_ms(${String(cell)})`;
  if (kind === 'DECIMAL') return quoteText(decimalText(cell as bigint, scale!));
  if (kind === 'DOUBLE') return `'${Object.is(cell, -0) ? '-0' : String(cell)}'::DOUBLE`;
  return typeof cell === 'string' ? quoteText(cell) : String(cell);
}
