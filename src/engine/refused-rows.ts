/** Rows that a step did not use, with where they came from: as late.parquet and dead-letters.parquet keep them. */
import { printable, type Batch } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import type { DeadLetter, LateRow, Origin } from '../core/step.js';
import type { Schema } from '../core/types.js';
import { utf8Units } from '../core/utf8.js';
import type { FailedResult, Refusal } from '../operators/operator.js';
import type { FailedRow } from '../plan/stage.js';
import { rowAt, type ChunkSource } from './chunk.js';
import type { PhysicalNode } from './physical.js';
import { positionOf } from './scan-batch.js';

type OperatorNode = Extract<PhysicalNode, { kind: 'operator' }>;
type StageNode = Extract<PhysicalNode, { kind: 'stage' }>;

/** What the engine knows when a row is refused. */
export interface Situation {
  readonly lane: number;
  readonly step: number;
  /** Names of the source tables. */
  readonly inputs: readonly string[];
  /** Where a row counts as coming from that the end of history released: after the last row. */
  readonly end: { readonly position: number; readonly eventTime: number };
}

/** Where the row that released something came from. */
function originOf(released: number, source: ChunkSource, { inputs, end }: Situation): Origin & { readonly eventTime: number | null } {
  const found = rowAt(source, released);
  if (found === null) return { input: inputs[0]!, partition: 0, ...end };
  const { batch, row } = found;
  // A table without WATERMARK has no event time.
  const eventTime = batch.time[row] === -Infinity ? null : batch.time[row]!;
  return { input: inputs[batch.input]!, partition: batch.partition, position: positionOf(batch, row), eventTime };
}

/** `side`: which input of the operator the row is of. */
export function lateRow(node: OperatorNode, side: number, refusal: Refusal, source: ChunkSource, situation: Situation): LateRow {
  const { rows, row, watermark, windowStart, windowEnd, reason } = refusal;
  // Spelled out: of a day that is late there are millions.
  const { input, partition, position } = originOf(rows.released[row]!, source, situation);
  return {
    input, partition, position, eventTime: rows.time[row]!, watermark, lane: situation.lane, step: situation.step,
    statement: node.statement, operator: node.made.operator.name, windowStart, windowEnd, reason, row: rowJson(rows.batch, row, node.inputSchemas[side]!),
  };
}

/** A row on which an expression failed: row `failed.row` of `batch`, let out by chunk row `released`. */
export function failedRow(node: StageNode, failed: FailedRow, released: number, batch: Batch, schema: Schema, source: ChunkSource, situation: Situation): DeadLetter {
  const { line, column, text } = failed.place;
  return {
    ...originOf(released, source, situation), lane: situation.lane, step: situation.step, statement: node.statement, operator: node.name,
    expression: `line ${line}, column ${column}: ${text}`, error: failed.error, key: null, value: utf8Units(rowJson(batch, failed.row, schema)),
  };
}

export function failedResult(node: OperatorNode, failure: FailedResult, source: ChunkSource, situation: Situation): DeadLetter {
  const { line, column, text } = failure.place;
  return {
    ...originOf(failure.released, source, situation), eventTime: failure.time, lane: situation.lane, step: situation.step, statement: node.statement,
    operator: node.made.operator.name, expression: `line ${line}, column ${column}: ${text}`, error: failure.error, key: null, value: utf8Units(failure.row),
  };
}

/** One row as JSON, for people: integers beyond 2^53 and NaN as strings. */
export function rowJson(batch: Batch, row: number, schema: Schema): string {
  return JSON.stringify(Object.fromEntries(schema.map(({ name }, column) => [name, printable(batch.columns[column]!, row)])));
}

/** With --strict the first row that cannot be used ends the run. */
export function failedStrictly(letter: DeadLetter): TapewrightError {
  return new TapewrightError('EXPRESSION_FAILED',
    `${letter.expression === '' ? '' : `${letter.expression}: `}${letter.error}, at row ${letter.position} of ${letter.input}. Without --strict such rows go to dead-letters.parquet.`, { ...letter });
}
