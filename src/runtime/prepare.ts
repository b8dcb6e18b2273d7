/** From texts and bindings to a planned pipeline and what its tables read. Nothing is opened but dataset files. */
import { createHash } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { isDataset, loadDataset } from '../datasets/dataset.js';
import { resolveDataset } from '../datasets/resolve.js';
import { laneKeys } from '../plan/lanes.js';
import { lookBack } from '../plan/look-back.js';
import type { Pipeline } from '../plan/plan.js';
import { bindingOf } from '../sources/files.js';
import type { Binding } from '../sources/source.js';
import { planSql } from '../sql/planner.js';
import type { DatasetRecord } from '../stores/manifest.js';
import type { PipelineTexts, RequestedBinding, RunParameters } from './options.js';

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

export const sqlOf = (texts: PipelineTexts): string => texts.sql.map(({ text }) => text).join('\n');

/** Throws SQL_INVALID, SQL_UNSUPPORTED, USAGE, LANES_IMPOSSIBLE, DATASET_MISSING and the like, before a row is read. */
export async function prepare(texts: PipelineTexts, parameters: RunParameters, say: (remark: string) => void): Promise<Prepared> {
  const pipeline = planSql(sqlOf(texts));
  if (pipeline.statements.length === 0) {
    throw new TapewrightError('SQL_INVALID', `${texts.sql.map(({ path }) => path).join(', ')} holds no INSERT and no SELECT: there is nothing to run`);
  }
  refuseUnknownTables(pipeline, parameters);
  const laneColumns = lanesOf(pipeline, parameters);
  const inputs: PreparedInput[] = [];
  for (const source of pipeline.sources) inputs.push(await bind(source.name, parameters.bindings[source.name], pipeline, say));
  const reach = parameters.from === null ? 0 : lookBack(pipeline);
  const remarks = [...pipeline.remarks];
  if (reach === null) remarks.push('A frame or a watermark is unbounded: --from reads from the start of the data.');
  const planHash = createHash('sha256').update(sqlOf(texts)).digest('hex');
  return { pipeline, inputs, laneColumns, lookBack: reach, planHash, remarks };
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

function lanesOf(pipeline: Pipeline, { key, lanes }: RunParameters): readonly (readonly number[])[] | null {
  if (lanes === 1) return null;
  if (key === null) {
    throw new TapewrightError('LANES_IMPOSSIBLE', `--lanes ${lanes} needs to know by what rows are divided: give --key COLUMN`, { lanes });
  }
  const possible = laneKeys(pipeline, key);
  if (!possible.possible) throw new TapewrightError('LANES_IMPOSSIBLE', `--lanes ${lanes} by ${key.join(', ')} is not possible: ${possible.reason}`, { lanes, key });
  return possible.columns;
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
  const mapped = (binding: Binding): Binding => ({ ...binding, select: { ...binding.select, ...requested.map } });
  if (isDataset(requested.given)) {
    const dataset = await loadDataset(requested.given);
    let told = 0;
    const resolved = await resolveDataset(dataset, {
      onProgress: (rows, total) => {
        if (rows < told) return;
        if (told === 0) say(`Making dataset ${dataset.name} (${total.toLocaleString('en-US')} rows), once.`);
        told = rows + total;
      },
    });
    const generated = dataset.data.kind === 'generator';
    return {
      table, spanFrom: resolved.span.from,
      record: { dataset: dataset.name, generated, binding: mapped(resolved.binding), fingerprint: resolved.fingerprint, rows: resolved.rows },
    };
  }
  const path = isAbsolute(requested.given) ? requested.given : resolve(requested.base, requested.given);
  return { table, spanFrom: null, record: { dataset: null, generated: false, binding: mapped(bindingOf(path)), fingerprint: null, rows: null } };
}
