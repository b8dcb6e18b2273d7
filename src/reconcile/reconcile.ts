/** Tables that changes have made, beside what they should be: a new snapshot, or the database itself. */
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { TapewrightError } from '../core/errors.js';
import { databaseTable } from '../connect/captured-tables.js';
import type { DatabaseAddress } from '../database/address.js';
import { Database } from '../database/postgres.js';
import type { Pipeline } from '../plan/plan.js';
import type { PipelineTexts } from '../runtime/options.js';
import { planTexts } from '../runtime/pipeline.js';
import { Bundle } from '../stores/bundle.js';
import { compareStates, type Comparison } from './compare.js';
import { correctionLine, type CorrectedTable } from './corrections.js';
import { databaseState, momentOf, type Moment } from './database-state.js';
import { capturedShape, recordedState } from './recorded-state.js';
import { outputShape, outputState } from './run-state.js';
import type { TableShape, TableState } from './table-state.js';

export interface ReconcileRequest {
  /** A run's bundle, whose outputs the tables are; or a recording, which is replayed. */
  readonly held: string;
  /** By name there: `schema.table` in the database, where it is not `public.NAME`. */
  readonly tables: ReadonlyMap<string, string>;
  readonly against: { readonly kind: 'database'; readonly address: DatabaseAddress } | { readonly kind: 'recording'; readonly file: string };
  /** Where recorded tables are declared; null: in the run. */
  readonly texts: PipelineTexts | null;
  /** What is compared; null: all columns. */
  readonly columns: readonly string[] | null;
  /** Null: the primary key. */
  readonly key: readonly string[] | null;
  /** File for the corrections; null: none. */
  readonly out: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Reconciled {
  readonly equal: boolean;
  readonly tables: readonly (Comparison & { readonly shape: TableShape })[];
  /** Where the database's log stood; null: it was not asked. */
  readonly lsn: number | null;
  /** Lines written into the file. */
  readonly written: number;
}

interface Asked extends CorrectedTable {
  readonly held: TableState;
}

/** @throws USAGE, BUNDLE_INVALID, DATASET_INVALID, DATABASE_UNREACHABLE, DATABASE_REFUSED. */
export async function reconcile(request: ReconcileRequest): Promise<Reconciled> {
  const { held, tables, against, out } = request;
  if (!existsSync(held)) throw new TapewrightError('USAGE', `there is no run or recording at ${held}`, { held });
  const isRun = statSync(held).isDirectory();
  const texts = request.texts ?? (isRun ? (await Bundle.open(held)).manifest.texts : null);
  if (texts === null) throw new TapewrightError('USAGE', `${held} is a recording: give with --sql the scenario or .sql file that declares its tables`, { held });
  const pipeline = planTexts(texts);
  const asked: Asked[] = [];
  for (const name of tables.keys()) asked.push(await heldTable(request, name, isRun, pipeline));
  const { states, moment } = against.kind === 'database' ? await fromDatabase(against.address, asked, request.environment) : { states: await fromRecording(against.file, asked, pipeline), moment: null };
  const compared = asked.map((table, index) => ({ ...compareStates(table.shape, table.held, states[index]!), shape: table.shape }));
  const lines = out === null ? [] : compared.flatMap(({ corrections }, index) => corrections.map((correction) => correctionLine(asked[index]!, correction, moment ?? { lsn: 0, time: Date.now() })));
  if (out !== null) await writeFile(out, lines.map((line) => `${line}\n`).join(''));
  return { equal: compared.every(({ equal }) => equal), tables: compared, lsn: moment?.lsn ?? null, written: lines.length };
}

async function heldTable({ held, tables, columns, key }: ReconcileRequest, name: string, isRun: boolean, pipeline: Pipeline): Promise<Asked> {
  const table = databaseTable(name, tables);
  const captured = isRun ? null : capturedShape(pipeline, name);
  const whole = captured?.shape ?? (await outputShape(held, name));
  const shape = narrowed(whole, columns, key);
  const own = captured?.source ?? pipeline.sources.find((source) => source.changeFormat !== undefined && databaseTable(source.name, new Map()) === table);
  const topic = own?.options['topic']?.split(';')[0]?.trim() ?? `cdc.${table.slice(table.indexOf('.') + 1)}`;
  return { topic, table, shape, held: captured === null ? await outputState(held, shape) : await recordedState(held, captured.source, shape, pipeline.settings) };
}

function narrowed({ name, columns, key }: TableShape, wanted: readonly string[] | null, asked: readonly string[] | null): TableShape {
  const chosen = asked ?? key;
  const stranger = [...(wanted ?? []), ...chosen].find((column) => !columns.some((each) => each.name === column));
  if (stranger !== undefined) throw new TapewrightError('USAGE', `${name} has no column ${stranger}; it has ${columns.map((column) => column.name).join(', ')}`, { table: name, column: stranger });
  if (chosen.length === 0) throw new TapewrightError('USAGE', `${name} has no primary key: say with --key by which columns a row is known`, { table: name });
  return { name, columns: columns.filter((column) => wanted === null || wanted.includes(column.name) || chosen.includes(column.name)), key: chosen };
}

async function fromDatabase(address: DatabaseAddress, asked: readonly Asked[], environment: ReconcileRequest['environment']): Promise<{ readonly states: readonly TableState[]; readonly moment: Moment }> {
  const database = await Database.open(address, environment);
  try {
    return await database.atOnce(async () => {
      const states: TableState[] = [];
      for (const { table, shape } of asked) states.push(await databaseState(database, table, shape));
      return { states, moment: await momentOf(database) };
    });
  } finally {
    await database.close();
  }
}

async function fromRecording(file: string, asked: readonly Asked[], pipeline: Pipeline): Promise<readonly TableState[]> {
  const states: TableState[] = [];
  for (const { table, shape } of asked) {
    const source = pipeline.sources.find((each) => each.changeFormat !== undefined && databaseTable(each.name, new Map()) === table);
    if (source === undefined) throw new TapewrightError('USAGE', `no table of the SQL is kept from the changes of ${table}: give with --sql a text that declares it`, { table });
    states.push(await recordedState(file, source, shape, pipeline.settings));
  }
  return states;
}
