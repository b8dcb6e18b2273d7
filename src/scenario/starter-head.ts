/** What a new scenario is to be made over: a file or a dataset, its columns and its first rows. */
import { basename, relative, resolve, sep } from 'node:path';
import { cell } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import { isDataset, loadDataset } from '../datasets/dataset.js';
import { inspect } from '../datasets/import/head.js';
import { referenceName } from '../datasets/reference.js';
import { duckType } from '../sinks/duck-type.js';
import { ArrowFile } from '../sources/arrow/file.js';
import { typeOfFile } from '../sources/file-type.js';
import { isGlob } from '../sources/files.js';
import { openSource } from '../sources/open.js';
import type { Binding } from '../sources/source.js';
import { bindTables } from './bindings.js';
import type { Columns } from './starter-columns.js';

export interface StarterHead {
  readonly columns: Columns;
  readonly binding: Binding;
  /** For people. */
  readonly label: string;
  readonly isDataset: boolean;
  /** What a scenario in `folder` binds its table to. */
  bound(folder: string): string;
}

const sampleRows = 1_000;

/** `onRemark`: a dataset is being made. Throws DATASET_MISSING, DATASET_CORRUPT, DATASET_INVALID. */
export async function starterHead(given: string, onRemark: (remark: string) => void): Promise<StarterHead> {
  const name = referenceName(given);
  const { dataset, binding } = await bound(given, onRemark);
  const bind = { binding, bound: (folder: string) => (dataset ?? relative(folder, given).split(sep).join('/')), label: dataset ?? basename(given), isDataset: dataset !== null };
  if (dataset !== null) {
    const { schema } = await loadDataset(name!);
    const types = schema.map((field) => duckType(field).name);
    return { ...bind, columns: { path: given, form: 'parquet', columns: schema.map((field) => field.name), types, sample: await sampled(binding, schema) } };
  }
  if (binding.format === 'arrow') return { ...bind, columns: await arrowColumns(given, binding) };
  if (binding.format === 'iceberg') {
    throw new TapewrightError('DATASET_INVALID', `${given} is an Iceberg table; name it in a dataset.yaml with its schema, and give that dataset's name`, { given });
  }
  const head = await inspect(given, 'utf8');
  if (!head.hasHeader) {
    throw new TapewrightError('DATASET_INVALID', `${given} has no header, so its columns have no names; put one before its rows, or make a dataset of it: tapewright datasets import ${given} --name NAME`, { path: given });
  }
  return { ...bind, columns: head };
}

async function bound(given: string, onRemark: (remark: string) => void): Promise<{ readonly dataset: string | null; readonly binding: Binding }> {
  const name = referenceName(given);
  // What is packed can be imported, but not read again and again.
  if (/\.zip$/i.test(given)) throw new TapewrightError('DATASET_INVALID', `${given} is an archive; unpack it, or make a dataset of it: tapewright datasets import ${given} --name NAME`, { path: given });
  if ((name === null || !isDataset(name)) && isGlob(given)) {
    throw new TapewrightError('USAGE', `${given} is a pattern: name one of its files, and write the pattern into scenario.yaml afterwards`, { given });
  }
  const { ticks } = await bindTables({ ticks: { given, base: process.cwd(), map: {} } }, onRemark);
  return ticks!;
}

async function arrowColumns(path: string, binding: Binding): Promise<Columns> {
  const file = await ArrowFile.open(resolve(path));
  await file.close();
  const schema = file.columns.flatMap(({ name, type }) => {
    const held = typeOfFile(type);
    return held === null ? [] : [{ name, type: held }];
  });
  const types = schema.map(({ name }) => file.columns.find((column) => column.name === name)!.type);
  return { path, form: 'parquet', columns: schema.map(({ name }) => name), types, sample: await sampled(binding, schema) };
}

/** The first rows as texts; what is no text or number is told by its type alone. */
async function sampled(binding: Binding, schema: Schema): Promise<(string | null)[][]> {
  const source = await openSource(binding, schema.map((field) => ({ ...field, eventTime: false })), { batchRows: sampleRows, inline: true });
  try {
    const read = await source.next();
    const batch = read?.batch;
    return Array.from({ length: batch?.length ?? 0 }, (_, row) => batch!.columns.map((column) => {
      const value = cell(column, row);
      return value === null ? null : String(value);
    }));
  } finally {
    await source.close();
  }
}
