/** What a bundle of a live run keeps of its input, and how it lies there: files under `inputs/`, rows in the order in which lanes took them. */
import { join } from 'node:path';
import type { Schema } from '../core/types.js';
import { sqlType, timestampType } from '../core/types.js';
import { buildPhysical, rawSchema } from '../engine/physical.js';
import type { Pipeline } from '../plan/plan.js';
import type { Binding } from '../sources/source.js';
import type { Manifest } from '../stores/manifest.js';

/** Rows [from, to) of a file. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** The member `live` of a manifest. */
export interface KeptInput {
  readonly group: string;
  /** Of the topics, by lane and input. */
  readonly partitions: readonly (readonly (readonly number[])[])[];
  /** Tables of changes, by database, as inputs: their rows are kept as they were applied. Left out: there are none. */
  readonly captures?: readonly (readonly number[])[];
  /** Those whose rows come in transactions. */
  readonly transacted?: readonly (readonly number[])[];
  /** Rows of each lane, by source table. */
  readonly inputs: Readonly<Record<string, readonly RowRange[]>>;
  /** Rows of each lane in the file of messages that could not be used. */
  readonly rejected: readonly RowRange[];
  /** Whether the first step of each lane only built state, out of history. */
  readonly warm: boolean;
  /** Least and greatest event time of the rows, epoch ms; null: there is none. */
  readonly span: RowRange | null;
}

export const inputsFolder = 'inputs';
export const rejectedTable = 'rejected-messages';

export const inputBinding = (table: string): Binding => ({ path: `${inputsFolder}/${table}.parquet`, format: 'parquet', select: {}, order: null });

/** A live run's data lie in its bundle, wherever that is: with paths by which they can be opened. */
export function atHand(manifest: Manifest, directory: string): Manifest {
  if (manifest.live === undefined) return manifest;
  const datasets = Object.entries(manifest.datasets).map(([table, record]) => [table, { ...record, binding: { ...record.binding, path: join(directory, record.binding.path) } }] as const);
  return { ...manifest, datasets: Object.fromEntries(datasets) };
}

/** The columns that the plan reads, by input. */
export function readSchemas(pipeline: Pipeline): Schema[] {
  const { columns } = buildPhysical(pipeline);
  return pipeline.sources.map((source, input) => columns[input]!.map((column) => rawSchema(source)[column]!));
}

/** Where a row came from; behind the columns that the plan reads. */
export const keptOrigin = 3;

/** Names that the table has itself are given way to. */
export function keptSchema(read: Schema): Schema {
  const free = (name: string): string => (read.some((field) => field.name === name) ? free(`${name}_`) : name);
  return [
    ...read, { name: free('kafka_partition'), type: sqlType('INT', false) }, { name: free('kafka_offset'), type: sqlType('BIGINT', false) },
    { name: free('kafka_timestamp'), type: timestampType(3) },
  ];
}

export const keptRejectedSchema: Schema = [
  { name: 'step', type: sqlType('BIGINT', false) }, { name: 'input', type: sqlType('STRING', false) }, { name: 'kafka_partition', type: sqlType('INT', false) },
  { name: 'kafka_offset', type: sqlType('BIGINT', false) }, { name: 'expression', type: sqlType('STRING', false) }, { name: 'error', type: sqlType('STRING', false) },
  { name: 'key', type: sqlType('STRING') }, { name: 'value', type: sqlType('STRING') },
];
