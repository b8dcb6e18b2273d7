/** Tables that changes have made, beside what they should be: a new snapshot, or the database itself. */
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { databaseTable } from '../connect/captured-tables.js';
import type { DatabaseAddress } from '../database/address.js';
import { Database } from '../database/postgres.js';
import type { Pipeline } from '../plan/plan.js';
import type { PipelineTexts } from '../runtime/options.js';
import { planTexts } from '../runtime/pipeline.js';
import { Bundle } from '../stores/bundle.js';
import { compareRows, type Comparison, type Correction } from './compare.js';
import { CorrectionFile, correctionLine, type CorrectedTable } from './corrections.js';
import { databaseState, momentOf, type Moment } from './database-state.js';
import { capturedShape, recordedState, type Replayed } from './recorded-state.js';
import { outputShape, outputState } from './run-state.js';
import { SortedRows } from './sorted-rows.js';
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
  readonly signal?: AbortSignal;
  /** Rows of a table that were read so far, of one side. */
  readonly onProgress?: (table: string, from: string, rows: number) => void;
}

export interface Reconciled {
  readonly equal: boolean;
  readonly tables: readonly (Comparison & { readonly shape: TableShape })[];
  /** Where the database's log stood; null: it was not asked. */
  readonly lsn: number | null;
  /** Lines written into the file. */
  readonly written: number;
  /** What the sides do not have, as far as they know, each with the side's name: to be read before anything is corrected. */
  readonly remarks: readonly string[];
}

interface Asked extends CorrectedTable {
  readonly held: SortedRows;
}

/** A comparison under way: what it writes on the way is in `folder`. */
interface Work {
  readonly request: ReconcileRequest;
  readonly pipeline: Pipeline;
  readonly replayed: Replayed;
  readonly remarks: Set<string>;
  sorted(shape: TableShape, state: TableState): Promise<SortedRows>;
}

/** @throws USAGE, BUNDLE_INVALID, DATASET_INVALID, DATABASE_UNREACHABLE, DATABASE_REFUSED. */
export async function reconcile(request: ReconcileRequest): Promise<Reconciled> {
  const { held } = request;
  if (!existsSync(held)) throw new TapewrightError('USAGE', `there is no run or recording at ${held}`, { held });
  const isRun = statSync(held).isDirectory();
  const manifest = isRun ? (await Bundle.open(held)).manifest : null;
  const texts = request.texts ?? manifest?.texts ?? null;
  if (texts === null) throw new TapewrightError('USAGE', `${held} is a recording: give with --sql the scenario or .sql file that declares its tables`, { held });
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-reconcile-'));
  const signal = request.signal ?? null;
  const opened: SortedRows[] = [];
  const remarks = new Set(manifest === null || manifest.status === 'complete' ? [] : [`${held}: the run is ${manifest.status}: what it has not read is missing`]);
  const work: Work = {
    request, pipeline: planTexts(texts), replayed: { folder, signal }, remarks,
    sorted: async (shape, state) => {
      for (const remark of state.remarks ?? []) remarks.add(`${state.from}: ${remark}`);
      const rows = await SortedRows.of(shape, state, { folder, signal, onRows: (read) => request.onProgress?.(shape.name, state.from, read) });
      opened.push(rows);
      return rows;
    },
  };
  try {
    return await compareAll(work, isRun);
  } finally {
    for (const rows of opened) await rows.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareAll(work: Work, isRun: boolean): Promise<Reconciled> {
  const { request: { tables, against, out }, replayed: { signal } } = work;
  const asked: Asked[] = [];
  for (const name of tables.keys()) asked.push(await heldTable(work, name, isRun));
  const { states, moment } = against.kind === 'database' ? await fromDatabase(work, against.address, asked) : { states: await fromRecording(work, against.file, asked), moment: null };
  const lines = out === null ? null : await CorrectionFile.open(out);
  try {
    const compared: (Comparison & { readonly shape: TableShape })[] = [];
    for (const [index, table] of asked.entries()) {
      const write = async (corrections: readonly Correction[]): Promise<void> => lines?.write(corrections.map((correction) => correctionLine(table, correction, moment ?? { lsn: 0, time: Date.now() })));
      compared.push({ ...(await compareRows(table.held, states[index]!, write, signal)), shape: table.shape });
    }
    await lines?.finish();
    return { equal: compared.every(({ equal }) => equal), tables: compared, lsn: moment?.lsn ?? null, written: lines?.written ?? 0, remarks: [...work.remarks] };
  } finally {
    await lines?.close();
  }
}

async function heldTable({ request: { held, tables, columns, key }, pipeline, replayed, sorted }: Work, name: string, isRun: boolean): Promise<Asked> {
  const table = databaseTable(name, tables);
  const captured = isRun ? null : capturedShape(pipeline, name);
  const whole = captured?.shape ?? (await outputShape(held, name));
  const shape = narrowed(whole, columns, key);
  const own = captured?.source ?? pipeline.sources.find((source) => source.changeFormat !== undefined && databaseTable(source.name, new Map()) === table);
  const topic = own?.options['topic']?.split(';')[0]?.trim() ?? `cdc.${table.slice(table.indexOf('.') + 1)}`;
  const state = captured === null ? await outputState(held, shape, replayed.folder) : await recordedState(held, captured.source, shape, pipeline.settings, replayed);
  return { topic, table, shape, held: await sorted(shape, state) };
}

function narrowed({ name, columns, key }: TableShape, wanted: readonly string[] | null, asked: readonly string[] | null): TableShape {
  const chosen = asked ?? key;
  const stranger = [...(wanted ?? []), ...chosen].find((column) => !columns.some((each) => each.name === column));
  if (stranger !== undefined) throw new TapewrightError('USAGE', `${name} has no column ${stranger}; it has ${columns.map((column) => column.name).join(', ')}`, { table: name, column: stranger });
  if (chosen.length === 0) throw new TapewrightError('USAGE', `${name} has no primary key: say with --key by which columns a row is known`, { table: name });
  return { name, columns: columns.filter((column) => wanted === null || wanted.includes(column.name) || chosen.includes(column.name)), key: chosen };
}

async function fromDatabase({ request: { environment }, sorted }: Work, address: DatabaseAddress, asked: readonly Asked[]): Promise<{ readonly states: readonly SortedRows[]; readonly moment: Moment }> {
  const database = await Database.open(address, environment);
  try {
    return await database.atOnce(async () => {
      const states: SortedRows[] = [];
      for (const { table, shape } of asked) states.push(await sorted(shape, await databaseState(database, table, shape)));
      return { states, moment: await momentOf(database) };
    });
  } finally {
    await database.close();
  }
}

async function fromRecording({ pipeline, replayed, sorted }: Work, file: string, asked: readonly Asked[]): Promise<readonly SortedRows[]> {
  const states: SortedRows[] = [];
  for (const { table, shape } of asked) {
    const source = pipeline.sources.find((each) => each.changeFormat !== undefined && databaseTable(each.name, new Map()) === table);
    if (source === undefined) throw new TapewrightError('USAGE', `no table of the SQL is kept from the changes of ${table}: give with --sql a text that declares it`, { table });
    states.push(await sorted(shape, await recordedState(file, source, shape, pipeline.settings, replayed)));
  }
  return states;
}
