/** Rows of the generated day for benchmarks of the engine alone: generated once, kept as files of columns, read by each process. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dictionary, type Batch, type Column } from '../../src/core/batch.js';
import { generateDay, marketSchema } from '../../src/datasets/market/generate.js';
import { usEquities } from '../../src/datasets/market/us-equities.js';

const batchRows = 16_384;

/** Writes the day's columns into `folder`: a file of values for each, and one of the strings that codes stand for. */
export function writeDay(folder: string, rows: number): void {
  const values = marketSchema.map(({ type }) => (type.kind === 'STRING' ? new Int32Array(rows) : new Float64Array(rows)));
  const strings: Record<string, readonly (string | null)[]> = {};
  let done = 0;
  for (const { columns, length } of generateDay(usEquities(1), { seed: 1, rows, batchRows })) {
    columns.forEach((column, index) => {
      values[index]!.set(column.values as Int32Array | Float64Array, done);
      if (column.storage === 'text') strings[marketSchema[index]!.name] = column.dictionary!.strings;
    });
    done += length;
  }
  marketSchema.forEach(({ name }, index) => writeFileSync(join(folder, name), values[index]!));
  writeFileSync(join(folder, 'strings.json'), JSON.stringify(strings));
}

/** The first `rows` rows of one event type, or of all, as columns of these names. */
export function readDay(folder: string, rows: number, names: readonly string[], type: string | null): Batch[] {
  const strings = JSON.parse(readFileSync(join(folder, 'strings.json'), 'utf8')) as Record<string, readonly (string | null)[]>;
  const read = (name: string): Column => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
    const { type: { kind } } = marketSchema.find((field) => field.name === name)!;
    if (kind !== 'STRING') return { storage: kind === 'BIGINT' ? 'int64' : 'real', values: new Float64Array(buffer, byteOffset, byteLength / 8), nulls: null };
    const dictionary = new Dictionary();
    for (const text of strings[name]!) dictionary.intern(text);
    return { storage: 'text', values: new Int32Array(buffer, byteOffset, byteLength / 4), dictionary };
  };
  const columns = names.map(read);
  const types = type === null ? null : read('event_type');
  const code = types === null ? 0 : strings['event_type']!.indexOf(type);
  const batches: Batch[] = [];
  for (let from = 0; from < rows; from += batchRows) {
    const range = Int32Array.from({ length: Math.min(batchRows, rows - from) }, (_, row) => from + row);
    const kept = types === null ? range : range.filter((row) => types.values[row] === code);
    batches.push({ length: kept.length, columns: columns.map((column) => picked(column, kept)) });
  }
  return batches;
}

function picked(column: Column, rows: Int32Array): Column {
  if (column.storage === 'text') return { storage: 'text', values: rows.map((row) => column.values[row] as number), dictionary: column.dictionary! };
  const values = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) values[at] = column.values[rows[at]!] as number;
  return { storage: column.storage, values, nulls: null };
}
