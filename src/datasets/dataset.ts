/** A dataset: what `datasets/NAME/dataset.yaml` says of a body of rows, whether files hold them or a generator makes them. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import type { Field, Schema } from '../core/types.js';
import type { Binding } from '../sources/source.js';
import { bindingOf } from '../sources/files.js';
import { packageRoot } from '../runtime/versions.js';
import { parseYaml, type YamlMap } from '../scenario/yaml.js';
import { generatorNamed, generatorNames } from './generators.js';
import { parseType } from './type-text.js';

export interface Span {
  /** Epoch ms: event times lie in [from, to). */
  readonly from: number;
  readonly to: number;
}

export interface Dataset {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly licence: string;
  /** Columns of the files, or, where `select` names one, of what it makes of them. */
  readonly schema: Schema;
  readonly span: Span;
  /** Rows in all; of a generator with its default parameters. */
  readonly rows: number | null;
  /** Generated: digest of the canonical rows at the default parameters. Files: SHA-256 of their bytes. Hex. */
  readonly fingerprint: string | null;
  readonly data:
    | { readonly kind: 'generator'; readonly name: string; readonly seed: number; readonly rows: number }
    /** `path`: a file or a glob, absolute. */
    | { readonly kind: 'files'; readonly path: string; readonly format: Binding['format'] };
  /** DuckDB expressions over the files' columns, by column. */
  readonly select: Readonly<Record<string, string>>;
  /** Of files: a Parquet file of what is to be found in the rows (`labelColumns`), absolute. A generator makes its own. */
  readonly labels: string | null;
  /** Column that orders the rows; null: file order is arrival order. */
  readonly order: string | null;
  /** The dataset.yaml it was read from. */
  readonly path: string;
}

const keys = ['name', 'description', 'origin', 'licence', 'schema', 'span', 'rows', 'fingerprint', 'generator', 'files', 'format', 'select', 'order', 'labels'];

/** Folders of datasets: the working directory's, then the package's own. */
export function datasetFolders(directory = process.cwd()): string[] {
  return [...new Set([join(directory, 'datasets'), join(packageRoot(), 'datasets')])];
}

/** Names of all datasets that `loadDataset` finds, in the order of their letters. */
export async function listDatasets(folders = datasetFolders()): Promise<string[]> {
  const names = new Set<string>();
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (existsSync(join(folder, entry.name, 'dataset.yaml'))) names.add(entry.name);
  }
  return [...names].sort();
}

/** Whether a name given by the user is that of a dataset, rather than a path. */
export function isDataset(name: string, folders = datasetFolders()): boolean {
  return datasetFile(name, folders) !== null;
}

/**
 * Reads a dataset by its name, its folder or its dataset.yaml. Throws DATASET_MISSING, naming the nearest dataset,
 * and DATASET_INVALID, naming the line.
 */
export async function loadDataset(nameOrPath: string, folders = datasetFolders()): Promise<Dataset> {
  const path = datasetFile(nameOrPath, folders);
  if (path === null) {
    const names = await listDatasets(folders);
    const meant = nearest(nameOrPath, names);
    const hint = meant === null ? `known are ${names.join(', ') || 'none'}` : `did you mean '${meant}'?`;
    throw new TapewrightError('DATASET_MISSING', `there is no dataset ${nameOrPath}; ${hint}`, { name: nameOrPath, known: names });
  }
  return parseDataset(await readFile(path, 'utf8'), path);
}

function datasetFile(name: string, folders: readonly string[]): string | null {
  const isName = /^[\w-][\w.-]*$/.test(name);
  const candidates = isName ? folders.map((folder) => join(folder, name, 'dataset.yaml')) : [];
  if (/\.ya?ml$/.test(name)) candidates.push(resolve(name));
  else if (!isName) candidates.push(resolve(name, 'dataset.yaml'));
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** `path` is absolute: relative files start from its folder. Throws DATASET_INVALID with the line. */
export function parseDataset(text: string, path: string): Dataset {
  const file = parseYaml(text, path, 'DATASET_INVALID').allow(keys);
  const needed = (key: string): string => {
    const value = file.text(key);
    if (value === null) throw file.wrong(key, 'given');
    return value;
  };
  const schema = schemaOf(file);
  const fields = schema.map(({ name }) => name);
  const select = file.textMap('select') ?? {};
  const stranger = Object.keys(select).find((name) => !fields.includes(name));
  if (stranger !== undefined) throw file.map('select')!.wrong(stranger, 'a column of the schema');
  const order = file.text('order');
  if (order !== null && !fields.includes(order)) throw file.wrong('order', 'a column of the schema; leave it out if the order of the file is that of arrival');
  const fingerprint = file.text('fingerprint');
  if (fingerprint !== null && !/^[0-9a-f]{64}$/.test(fingerprint)) throw file.wrong('fingerprint', '64 lower-case hex digits');
  const labels = file.text('labels');
  const data = dataOf(file, path);
  if (labels !== null && data.kind === 'generator') throw file.wrong('labels', 'left out: a generator says itself what it put in');
  return {
    name: needed('name'), description: needed('description').trim(), origin: needed('origin').trim(), licence: needed('licence'),
    schema, span: spanOf(file), rows: file.count('rows'), fingerprint, data, select, order, path,
    labels: labels === null ? null : resolve(dirname(path), labels),
  };
}

function schemaOf(file: YamlMap): Schema {
  const columns = file.map('schema');
  if (columns === null || columns.names.length === 0) throw file.wrong('schema', 'given, one "column: TYPE" a line');
  return columns.names.map((name): Field => {
    const type = parseType(columns.text(name) ?? '');
    if (type === null) throw columns.wrong(name, 'a type as in SQL, e.g. TIMESTAMP(3) NOT NULL');
    return { name, type };
  });
}

function spanOf(file: YamlMap): Span {
  const span = file.map('span')?.allow(['from', 'to']);
  if (span === undefined) throw file.wrong('span', 'given: the first event time as from, the end as to');
  const instant = (key: string): number => {
    const text = span.text(key) ?? '';
    const millis = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(millis)) throw span.wrong(key, 'a time in UTC such as 2026-03-02T14:30:00Z');
    return millis;
  };
  const [from, to] = [instant('from'), instant('to')];
  if (from >= to) throw span.wrong('to', 'later than from');
  return { from, to };
}

function dataOf(file: YamlMap, path: string): Dataset['data'] {
  const generator = file.map('generator')?.allow(['name', 'seed', 'rows']);
  const files = file.text('files');
  if ((generator === undefined) === (files === null)) throw file.wrong(files === null ? 'files' : 'generator', 'given if and only if the other of files and generator is not');
  if (generator === undefined) return { kind: 'files', ...fileData(file, isAbsolute(files!) ? files! : resolve(dirname(path), files!)) };
  const name = generator.text('name') ?? '';
  const known = generatorNamed(name);
  if (known === null) throw generator.wrong('name', `one of ${generatorNames.join(', ')}`);
  const seed = generator.count('seed');
  const rows = generator.count('rows');
  if (seed === null) throw generator.wrong('seed', 'given');
  if (rows === null || rows < 1 || rows > known.rowsMax) throw generator.wrong('rows', `1 to ${known.rowsMax}`);
  return { kind: 'generator', name, seed, rows };
}

function fileData(file: YamlMap, path: string): { readonly path: string; readonly format: Binding['format'] } {
  const format = file.text('format');
  if (format === null || format === 'iceberg') {
    // Of a table's folder the binding names the metadata that are newest in it.
    const found = bindingOf(path);
    if (format !== null && found.format !== format) throw file.wrong('files', 'the folder of an Iceberg table, or one of its metadata files');
    return { path: found.path, format: found.format };
  }
  if (format !== 'parquet' && format !== 'csv' && format !== 'jsonl' && format !== 'arrow') throw file.wrong('format', 'parquet, csv, jsonl, arrow or iceberg');
  return { path, format };
}
