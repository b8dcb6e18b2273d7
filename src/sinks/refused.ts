/** Rows that were not used, as tables: `late.parquet` and `dead-letters.parquet` of a bundle. */
import { batchOf, type Batch, type Column } from '../core/batch.js';
import type { DeadLetter, LateRow } from '../core/step.js';
import { sqlType, storageOf, timestampType, type Int64, type Schema, type SqlType } from '../core/types.js';

const text = sqlType('STRING');
const int = sqlType('INT', false);
const long = sqlType('BIGINT', false);
const time = timestampType(3);

/** A column: its name, its type, and where a record has it. Infinite times have no timestamp and become NULL. */
type Part<Row> = readonly [name: string, type: SqlType, value: (row: Row) => Int64 | string | null];

const lateParts: readonly Part<LateRow>[] = [
  ['input', text, (row) => row.input],
  ['partition', int, (row) => row.partition],
  ['position', long, (row) => row.position],
  ['event_time', time, (row) => finite(row.eventTime)],
  ['watermark', time, (row) => finite(row.watermark)],
  ['lane', int, (row) => row.lane],
  ['step', long, (row) => row.step],
  ['statement', int, (row) => row.statement],
  ['operator', text, (row) => row.operator],
  ['window_start', time, (row) => finite(row.windowStart)],
  ['window_end', time, (row) => finite(row.windowEnd)],
  ['reason', text, (row) => row.reason],
  ['row', text, (row) => row.row],
];

const deadLetterParts: readonly Part<DeadLetter>[] = [
  ['input', text, (row) => row.input],
  ['partition', int, (row) => row.partition],
  ['position', long, (row) => row.position],
  ['event_time', time, (row) => finite(row.eventTime)],
  ['lane', int, (row) => row.lane],
  ['step', long, (row) => row.step],
  ['statement', int, (row) => row.statement],
  ['operator', text, (row) => row.operator],
  ['expression', text, (row) => row.expression],
  ['error', text, (row) => row.error],
  ['key', sqlType('BYTES'), (row) => row.key],
  ['value', sqlType('BYTES'), (row) => row.value],
];

const schemaOf = (parts: readonly Part<never>[]): Schema => parts.map(([name, type]) => ({ name, type }));

export const lateSchema: Schema = schemaOf(lateParts);
export const deadLetterSchema: Schema = schemaOf(deadLetterParts);

export const lateBatch = (rows: readonly LateRow[]): Batch => batchFrom(rows, lateParts);
export const deadLetterBatch = (rows: readonly DeadLetter[]): Batch => batchFrom(rows, deadLetterParts);

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function batchFrom<Row>(rows: readonly Row[], parts: readonly Part<Row>[]): Batch {
  const columns = parts.map(([, type, value]): Column => {
    const storage = storageOf(type);
    if (storage === 'text') return { storage, values: rows.map((row) => value(row) as string | null), dictionary: null };
    const values = Float64Array.from(rows, (row) => Number(value(row) ?? 0));
    const nulls = rows.some((row) => value(row) === null) ? Uint8Array.from(rows, (row) => (value(row) === null ? 1 : 0)) : null;
    return { storage, values, nulls };
  });
  return batchOf(rows.length, columns);
}
