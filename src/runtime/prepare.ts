/** From texts and bindings to a planned pipeline and what its tables read. Nothing is opened but dataset files. */
import { TapewrightError } from '../core/errors.js';
import { lookBack } from '../plan/look-back.js';
import type { Pipeline } from '../plan/plan.js';
import { unboundedState, unboundedText } from '../plan/unbounded-state.js';
import { alertOutputs } from '../report/accuracy.js';
import { accuracyOf } from '../scenario/accuracy.js';
import { bindTables } from '../scenario/bindings.js';
import type { DatasetRecord } from '../stores/manifest.js';
import { requireModules } from './functions.js';
import { chooseLanes } from './lanes.js';
import type { PipelineTexts, RequestedBinding, RunParameters } from './options.js';
import { placed, planTexts } from './pipeline.js';
import { planHashOf } from './plan-hash.js';

export interface PreparedInput {
  readonly table: string;
  readonly record: DatasetRecord;
  /** First event time that the dataset says it has; null when it says nothing. */
  readonly spanFrom: number | null;
}

export interface Prepared {
  readonly pipeline: Pipeline;
  readonly inputs: readonly PreparedInput[];
  /** Columns (of each source's declared ones) whose values choose the lane; null with one lane. */
  readonly laneColumns: readonly (readonly number[])[] | null;
  /** How far before `--from` rows can reach, ms; null: from the start. 0 without `--from`. */
  readonly lookBack: number | null;
  /** Of the texts: what a checkpoint must have been made with. */
  readonly planHash: string;
  readonly remarks: readonly string[];
}

/** Throws SQL_INVALID, SQL_UNSUPPORTED, USAGE, LANES_IMPOSSIBLE, DATASET_MISSING and the like, before a row is read. */
export async function prepare(texts: PipelineTexts, parameters: RunParameters, say: (remark: string) => void): Promise<Prepared> {
  requireModules(texts);
  const pipeline = planTexts(texts);
  if (pipeline.statements.length === 0) {
    throw new TapewrightError('SQL_INVALID', `${texts.sql.map(({ path }) => path).join(', ')} holds no INSERT and no SELECT: there is nothing to run`);
  }
  refuseUnknownTables(pipeline, parameters);
  // Rules that fit no output are said now rather than after the run.
  alertOutputs(pipeline.sinks, accuracyOf(texts));
  const choice = chooseLanes(pipeline, parameters);
  const inputs: PreparedInput[] = [];
  for (const source of pipeline.sources) inputs.push(await bind(source.name, parameters.bindings[source.name], pipeline, say));
  const reach = parameters.from === null ? 0 : lookBack(pipeline);
  const remarks = [...pipeline.remarks, ...unboundedState(pipeline).map((state) => placed(texts.sql, `${unboundedText(state)} On data that end, as these do, it is bounded.`))];
  if (reach === null) remarks.push('A frame or a watermark is unbounded: --from reads from the start of the data.');
  if (parameters.from !== null || parameters.to !== null) {
    const timeless = pipeline.sources.filter(({ watermark }) => watermark === null).map(({ name }) => name);
    if (timeless.length > 0) remarks.push(`--from and --to do not bound ${timeless.join(', ')}: without WATERMARK there is no event time.`);
  }
  return { pipeline, inputs, laneColumns: choice.lanes === 1 ? null : choice.columns, lookBack: reach, planHash: planHashOf(texts), remarks };
}

function refuseUnknownTables(pipeline: Pipeline, { bindings }: RunParameters): void {
  const names = pipeline.sources.map(({ name }) => name);
  for (const table of Object.keys(bindings)) {
    if (names.includes(table)) continue;
    const isSink = pipeline.sinks.some(({ name }) => name === table);
    throw new TapewrightError('USAGE', isSink
      ? `${table} is written, not read: only tables that are read are bound (${names.join(', ')})`
      : `the SQL reads no table ${table}; it reads ${names.join(', ') || 'none'}`, { table });
  }
}

async function bind(table: string, requested: RequestedBinding | undefined, pipeline: Pipeline, say: (remark: string) => void): Promise<PreparedInput> {
  if (requested === undefined) {
    throw new TapewrightError('USAGE', `nothing is bound to table ${table}: give --bind ${table}=FILE or a dataset's name`, { table });
  }
  const source = pipeline.sources.find(({ name }) => name === table)!;
  const readable = [...source.physical, ...source.metadata].map(({ name }) => name);
  const stranger = Object.keys(requested.map).find((column) => !readable.includes(column));
  if (stranger !== undefined) {
    throw new TapewrightError('USAGE', `--map ${table}.${stranger}: table ${table} reads no column ${stranger}; it reads ${readable.join(', ')}`, { table, column: stranger });
  }
  const { [table]: bound } = await bindTables({ [table]: requested }, say);
  const { span, ...record } = bound!;
  return { table, record, spanFrom: span?.from ?? null };
}
