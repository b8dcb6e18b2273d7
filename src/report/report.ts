/**
 * The part of a run's report that data and texts alone decide: the same bytes on every machine.
 * No times of day of the run, no speeds, no paths.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Pipeline, SinkTable } from '../plan/plan.js';
import { quoteName } from '../sources/quote.js';
import { accuracyOf } from '../scenario/accuracy.js';
import type { StepSpan } from './span.js';
import type { DatasetRecord, Manifest } from '../stores/manifest.js';
import type { CaptureRecord } from '../runtime/capture-reader.js';
import { judgeAlerts, type Accuracy } from './accuracy.js';
import { changesPart, type ChangesReport } from './changes.js';
import type { Charted } from './chart-series.js';
import { judge, type Judgement } from './judgement.js';
import { limitReports, type LimitReport } from './limits.js';
import { rolesOf } from './roles.js';
import { summarise, type Cell, type ColumnSummary, type Query } from './summary.js';

export const reportFormat = 1;
const firstMax = 10;
/** Operators and reasons told of. */
const refusedMax = 100;

export interface OutputReport {
  readonly rows: number;
  /** Of a changelog: its changes. Everything else is told of the table that they add up to, but the digests. */
  readonly changes?: number;
  readonly digest: string;
  readonly setDigest: string;
  readonly columns: readonly ColumnSummary[];
  /** The first rows in order of emission, a list of cells each. */
  readonly first: readonly (readonly Cell[])[];
}

/** Rows that were not used, by what refused them. */
export interface RefusedRows {
  /** What the refusing statement writes; null: the source refused. */
  readonly output: string | null;
  readonly operator: string;
  readonly reason: string;
  readonly rows: number;
}

export interface Report {
  readonly format: typeof reportFormat;
  readonly scenario: string;
  /** The scenario's file and its SQL in order, with SHA-256 digests. */
  readonly texts: readonly { readonly file: string; readonly digest: string }[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** By table. `data`: a dataset's or a file's name. */
  readonly datasets: Readonly<Record<string, { readonly data: string; readonly fingerprint: string | null; readonly rows: number | null }>>;
  readonly eventTime: StepSpan | null;
  readonly rows: number;
  readonly late: number;
  readonly rejected: number;
  readonly deadLetters: number;
  readonly behind: number;
  readonly expectations: readonly Judgement[];
  readonly remarks: readonly string[];
  readonly lateRows: readonly RefusedRows[];
  readonly deadRows: readonly RefusedRows[];
  /** How the alerts do against the labels of the data, where there are some. */
  readonly accuracy?: Accuracy;
  /** Where changes of databases were read transaction by transaction. */
  readonly changes?: ChangesReport;
  /** Outputs that hold a number against a limit, where there are some. */
  readonly limits?: readonly LimitReport[];
  readonly outputs: Readonly<Record<string, OutputReport>>;
}

/** The report of a complete run. `query` asks its outputs; `captures`: what it said of the changes that it read. */
export async function makeReport(manifest: Manifest, pipeline: Pipeline, span: StepSpan | null, captures: readonly CaptureRecord[], query: Query): Promise<Report> {
  const { texts, rows, late, rejected, deadLetters, behind, remarks } = manifest;
  const outputs: [string, OutputReport][] = [];
  for (const { name, schema } of standingTables(pipeline.sinks)) {
    const { digest, setDigest, rows: count, standing } = manifest.outputs[name] ?? { digest: '', setDigest: '', rows: 0 };
    const columns = await summarise(query, name, schema);
    outputs.push([name, { rows: standing ?? count, ...(standing === undefined ? {} : { changes: count }), digest, setDigest, columns, first: await rowsOf(query, name, `LIMIT ${firstMax}`) }]);
  }
  const datasets = Object.fromEntries(Object.entries(manifest.datasets).map(([table, record]) => [table, { data: dataName(record), fingerprint: record.fingerprint, rows: record.rows }]));
  const expectations = await judge(texts.expect, manifest, query);
  const reported = Object.fromEntries(outputs);
  const limits = await limitReports(standingTables(pipeline.sinks), chartedOutputs(pipeline, reported), query);
  const files = [...(texts.scenario === null ? [] : [texts.scenario]), ...texts.sql];
  return {
    format: reportFormat,
    scenario: texts.name,
    texts: files.map(({ path, text }) => ({ file: basename(path), digest: createHash('sha256').update(text).digest('hex') })),
    parameters: parametersOf(manifest),
    datasets, eventTime: span, rows, late, rejected, deadLetters, behind,
    expectations, remarks,
    lateRows: await refusedRows(query, pipeline, 'late', 'reason', late),
    deadRows: await refusedRows(query, pipeline, 'dead_letters', 'error', deadLetters),
    ...(await accuracyPart(manifest, pipeline, query)), ...changesPart(captures, { datasets, expectations, outputs: reported }), ...(limits.length === 0 ? {} : { limits }),
    outputs: reported,
  };
}

/** The tables that outputs are, which a changelog adds up to. */
export const standingTables = (sinks: readonly SinkTable[]): readonly SinkTable[] =>
  sinks.map((sink) => (sink.changes === 'none' ? sink : { ...sink, schema: sink.schema.slice(0, -1) }));

/** What may be drawn of each output. */
export const chartedOutputs = ({ sinks }: Pipeline, outputs: Readonly<Record<string, { readonly rows: number }>>): readonly Charted[] =>
  standingTables(sinks).map(({ name, schema }) => ({ table: name, rows: outputs[name]!.rows, roles: rolesOf(schema) }));

async function accuracyPart({ texts, parameters, datasets }: Manifest, { sinks }: Pipeline, query: Query): Promise<Pick<Report, 'accuracy'>> {
  if (Object.values(datasets).every(({ labels }) => !labels?.digest)) return {};
  const accuracy = await judgeAlerts(standingTables(sinks), accuracyOf(texts), parameters, query);
  // Where nothing is an alert, nothing looks for what the labels name.
  return accuracy.outputs.length === 0 ? {} : { accuracy };
}

/** Rows of a table as cells; `clause` is what follows FROM. */
export async function rowsOf(query: Query, table: string, clause: string): Promise<Cell[][]> {
  return (await query(`SELECT * FROM ${quoteName(table)} ${clause}`)).rows.map((row) => row.map((cell) => (typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : (cell as Cell))));
}

const dataName = ({ dataset, binding }: DatasetRecord): string => dataset ?? basename(binding.path);

/** What was asked of the run and decides its outputs. */
function parametersOf({ parameters }: Manifest): Report['parameters'] {
  const { key, lanes, from, to, stepEvery, openEnd, strict, maxAhead } = parameters;
  return { key, lanes, from: timeText(from), to: timeText(to), stepEveryMillis: stepEvery, openEnd, strict, maxAheadMillis: maxAhead };
}

export const timeText = (millis: number | null): string | null =>
  millis === null || Math.abs(millis) > 8.64e15 ? null : new Date(millis).toISOString().replace('T', ' ').replace('Z', '');

async function refusedRows(query: Query, { statements }: Pipeline, table: 'late' | 'dead_letters', reason: string, count: number): Promise<RefusedRows[]> {
  if (count === 0) return [];
  const { rows } = await query(`SELECT statement, operator, ${reason}, count(*) FROM bundle.${table} GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT ${refusedMax}`);
  return rows.map(([statement, operator, why, number]) => ({
    output: statements[Number(statement)]?.sink.name ?? null, operator: String(operator), reason: String(why), rows: Number(number),
  }));
}
