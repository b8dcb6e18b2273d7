/** One more pass over the data that a run was bound to, for what its outputs do not hold: rows behind alerts, spreads, counts. */
import { readFile } from 'node:fs/promises';
import type { Batch, Column } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import { rawSchema } from '../engine/physical.js';
import { compileStage } from '../plan/compile.js';
import { columnRef, columnsOf, substitute, type Expression } from '../plan/expression.js';
import type { SourceTable } from '../plan/plan.js';
import type { Stage } from '../plan/stage.js';
import { openSource } from '../sources/open.js';
import type { DatasetRecord } from '../stores/manifest.js';

/** Rows of a table as they arrived. */
export interface BoundRows {
  readonly length: number;
  /** Event time, epoch ms; NaN where there is none. */
  readonly time: Float64Array;
  /** A raw column by its index: one of those asked for. */
  column(raw: number): Column;
  /** All columns that are read, and the index of each raw one among them. */
  readonly batch: Batch;
  at(raw: number): number;
  readonly position: number;
  readonly positions: Float64Array | null;
}

/** What is to be found out in passing. */
export interface BoundReader {
  readonly table: SourceTable;
  /** Raw columns. */
  readonly columns: readonly number[];
  take(rows: BoundRows): void;
}

/** Small: the memory of the run that has just ended is still there. */
const batchRows = 16_384;

/** A report is not to take longer than its run: larger data are not read again. */
export const boundRowsMax = 6_000_000;

/**
 * Reads `table` once for all `readers`. Null when its data are as the run read them and were read to their end, else
 * why not, in words.
 */
export async function readBound(table: SourceTable, record: DatasetRecord, readers: readonly BoundReader[]): Promise<string | null> {
  if (table.changeFormat !== undefined) return `the data of ${table.name} are changes`;
  if (record.rows !== null && record.rows > boundRowsMax) return `the data of ${table.name} are too many to be read again for a page`;
  try {
    return await pass(table, record, readers);
  } catch (error) {
    if (!(error instanceof TapewrightError)) throw error;
    return `the data of ${table.name} are not at hand`;
  }
}

async function pass(table: SourceTable, record: DatasetRecord, readers: readonly BoundReader[]): Promise<string | null> {
  const raw = rawSchema(table);
  const eventTime = table.watermark === null ? null : table.columns[table.watermark.column]!.expression;
  const read = [...new Set([...readers.flatMap(({ columns }) => columns), ...(eventTime === null ? [] : columnsOf(eventTime))])].sort((a, b) => a - b);
  if (read.length === 0) return null;
  const schema = read.map((column) => raw[column]!);
  const clock = eventTime === null ? null : compileStage({ input: schema, filter: null, outputs: [overRead(eventTime, read, raw)] });
  const source = await openSource(record.binding, read.map((column) => ({
    ...raw[column]!, eventTime: eventTime !== null && eventTime.kind === 'column' && eventTime.index === column,
  })), { table: table.name, batchRows });
  try {
    for (let batch = await source.next(); batch !== null; batch = await source.next()) {
      const time = timesOf(clock, batch.batch);
      const rows: BoundRows = {
        length: batch.batch.length, time, batch: batch.batch, at: (column) => read.indexOf(column), column: (column) => batch.batch.columns[read.indexOf(column)]!,
        position: batch.position, positions: batch.positions,
      };
      for (const reader of readers) reader.take(rows);
    }
    const found = record.generated ? await madeFingerprint(record.binding.path) : await source.fingerprint();
    if (record.fingerprint !== null && found !== record.fingerprint) return `the data of ${table.name} are not those of the run any more`;
    return null;
  } finally {
    await source.close();
  }
}

/** Of generated data the fingerprint is of the rows, and stands beside the file; null: it does not. */
async function madeFingerprint(path: string): Promise<string | null> {
  const text = await readFile(path.replace(/\.(parquet|jsonl)$/, '.json'), 'utf8').catch(() => '{}');
  try {
    return (JSON.parse(text) as { fingerprint?: string } | null)?.fingerprint ?? null;
  } catch {
    return null;
  }
}

/** Raw columns renumbered to those that are read. */
export function overRead(expression: Expression, read: readonly number[], raw: Schema): Expression {
  return substitute(expression, (index) => columnRef(read.indexOf(index), raw[index]!.type));
}

function timesOf(clock: Stage | null, batch: Batch): Float64Array {
  const times = new Float64Array(batch.length).fill(NaN);
  if (clock === null) return times;
  const { columns: [column], rows, length } = clock.run(batch, 0, batch.length, null);
  const { values, nulls } = column as { readonly values: Float64Array; readonly nulls: Uint8Array | null };
  for (let row = 0; row < length; row += 1) if (nulls === null || nulls[row] === 0) times[rows === null ? row : rows[row]!] = values[row]!;
  return times;
}
