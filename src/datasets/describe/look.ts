/** The columns of what is described, whatever its format, with the texts of its first rows. */
import { TapewrightError } from '../../core/errors.js';
import { typeName, type Schema, type SqlType } from '../../core/types.js';
import { filesOf } from '../../sources/files.js';
import { typeOfFile } from '../../sources/file-type.js';
import { openSource } from '../../sources/open.js';
import type { Binding } from '../../sources/source.js';
import { cellText } from '../import/cell-text.js';
import { inspect } from '../import/head.js';

export interface Look {
  readonly path: string;
  readonly form: 'csv' | 'json' | 'parquet';
  readonly columns: readonly string[];
  /** DuckDB's types; none of text. */
  readonly types: readonly string[];
  readonly sample: readonly (readonly (string | null)[])[];
}

const sampleRows = 1000;

/** Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID. */
export async function lookAt(binding: Binding): Promise<Look> {
  if (binding.format === 'iceberg') return lookAtTable(binding);
  const [first] = await filesOf(binding);
  const head = await inspect(first!, 'utf8');
  if (!head.hasHeader) {
    throw new TapewrightError('DATASET_INVALID', `${first} has no header, so its columns have no names; put one before its rows, or make a dataset of it: tapewright datasets import ${first} --name NAME`, { path: first });
  }
  return { path: binding.path, form: head.form, columns: head.columns, types: head.types, sample: head.sample };
}

async function lookAtTable(binding: Binding): Promise<Look> {
  const [{ openTable }, { duckType }] = await Promise.all([import('../../sources/iceberg/table.js'), import('../../sources/iceberg/types.js')]);
  const columns = (await openTable(binding.path)).metadata.schema.map(({ name, type }) => ({ name, type: duckType(type).replace(', ', ',') }));
  const read = columns.flatMap(({ name, type }) => {
    const held = typeOfFile(type);
    return held === null ? [] : [{ name, type: held }];
  });
  return { path: binding.path, form: 'parquet', columns: columns.map(({ name }) => name), types: columns.map(({ type }) => type), sample: await sampleOf(binding, columns.map(({ name }) => name), read) };
}

/** Of a dataset: its columns have the types that its schema says. */
export async function lookAtSchema(path: string, binding: Binding, schema: Schema): Promise<Look> {
  const columns = schema.map(({ name }) => name);
  return { path, form: 'parquet', columns, types: schema.map(({ type }) => duckName(type)), sample: await sampleOf(binding, columns, schema) };
}

/** Texts of the first rows; of columns that are not read, NULL. */
async function sampleOf(binding: Binding, columns: readonly string[], read: Schema): Promise<(string | null)[][]> {
  const source = await openSource(binding, read.map((field) => ({ ...field, eventTime: false })), { batchRows: sampleRows, inline: true });
  const first = await source.next().finally(() => source.close());
  const at = columns.map((name) => read.findIndex((field) => field.name === name));
  return Array.from({ length: first?.batch.length ?? 0 }, (_, row) => at.map((index) => (index < 0 ? null : cellText(first!.batch.columns[index]!, row, read[index]!.type))));
}

const duckNames: Readonly<Record<string, string>> = { STRING: 'VARCHAR', INT: 'INTEGER', TIMESTAMP: 'TIMESTAMP', TIMESTAMP_LTZ: 'TIMESTAMP WITH TIME ZONE', BYTES: 'BLOB' };

/** As DuckDB's DESCRIBE would name a column that is read as this type. */
const duckName = (type: SqlType): string => duckNames[type.kind] ?? typeName(type, false).replace(', ', ',');
