/** From a dataset to rows that can be read: generated ones are made once and kept in a cache folder. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Batch } from '../core/batch.js';
import { OutputDigest, type HashFunction } from '../core/digest.js';
import { TapewrightError } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import type { Binding } from '../sources/source.js';
import { makeDirectory, writeAside, writing } from '../stores/files.js';
import { isDataset, loadDataset, type Dataset, type Span } from './dataset.js';
import { generatorNamed, type DatasetGenerator, type GeneratorParameters, type MarketGenerator } from './generators.js';
import { labelsPath, writeLabels } from './labels.js';
import { ANOMALY_TYPES, injectionName, injectionsText, type Injections } from './market/injections.js';
import { parseReference } from './reference.js';
import { writeParquet } from './write.js';
import { writeLines } from './write-lines.js';

export interface ResolveOptions {
  /** Of a generator: other parameters than the dataset's own. */
  readonly rows?: number;
  readonly seed?: number;
  readonly inject?: Injections;
  /** Folder for generated files; `cacheFolder()` when not given. */
  readonly cache?: string;
  /** While rows are made: how many of how many. */
  readonly onProgress?: (rows: number, rowsTotal: number) => void;
}

export interface ResolvedDataset {
  readonly binding: Binding;
  /** Generated: digest of the canonical rows. Files: what dataset.yaml expects of their bytes, null when it expects nothing. */
  readonly fingerprint: string | null;
  readonly span: Span;
  readonly rows: number | null;
  /** Parquet file of what is to be found in the rows (`labelColumns`), absolute; null when nothing is said of that. */
  readonly labels: string | null;
}

/** What is written beside a generated file. */
interface CacheRecord {
  readonly generator: string;
  readonly version: number;
  readonly seed: number;
  readonly rows: number;
  /** As `injectionsText` writes them. */
  readonly inject: string;
  readonly fingerprint: string;
  /** Of the file. */
  readonly bytes: number;
}

/** `TAPEWRIGHT_CACHE`, else `.cache` under the working directory. */
export function cacheFolder(): string {
  return resolve(process.env['TAPEWRIGHT_CACHE'] || '.cache', 'datasets');
}

/**
 * Where the rows are. Makes them when they are not in the cache. Throws DATASET_CORRUPT when the generator does not
 * make the rows that dataset.yaml pins, USAGE for parameters that the dataset cannot have, OUTPUT_UNWRITABLE.
 */
export async function resolveDataset(dataset: Dataset, options: ResolveOptions = {}): Promise<ResolvedDataset> {
  const { data, select, order, span } = dataset;
  if (data.kind === 'files') {
    if (options.rows !== undefined || options.seed !== undefined || options.inject !== undefined) {
      throw new TapewrightError('USAGE', `${dataset.name} lies in files; only a generated dataset takes a number of rows, a seed or anomalies`, { dataset: dataset.name });
    }
    return { binding: { path: data.path, format: data.format, select, order }, fingerprint: dataset.fingerprint, span, rows: dataset.rows, labels: dataset.labels };
  }
  const generator = generatorNamed(data.name)!;
  const rows = options.rows ?? data.rows;
  const seed = options.seed ?? data.seed;
  checkParameter(dataset, 'rows', rows, 1, generator.rowsMax);
  checkParameter(dataset, 'seed', seed, 0, Number.MAX_SAFE_INTEGER);
  const usual = injectionsText(generator.inject);
  const injections = options.inject ?? generator.inject;
  const inject = injectionsText(injections);
  const stranger = ANOMALY_TYPES.find((type) => (injections[type] ?? 0) > 0 && !generator.types.includes(type));
  if (stranger !== undefined) {
    const known = generator.types.map(injectionName);
    const why = known.length === 0 ? 'takes no anomalies; leave out inject' : `has quotes only: ${injectionName(stranger)} is a trade; choose from ${known.join(', ')}`;
    throw new TapewrightError('USAGE', `${dataset.name} ${why}`, { dataset: dataset.name, inject, known });
  }
  // Parameters of the dataset's own have a fingerprint to be held against.
  const pinned = rows === data.rows && seed === data.seed && inject === usual ? dataset.fingerprint : null;
  const folder = options.cache ?? cacheFolder();
  const path = join(folder, `${dataset.name}-${seed}-${rows}${inject === usual ? '' : `-${shortDigest(inject)}`}.${generator.format}`);
  const wanted = { generator: data.name, version: generator.version, seed, rows, inject };
  const cached = await readRecord(path, wanted);
  // A file that does not fit the pin was made by other code: it is made again before anything is said.
  const usable = cached !== null && (pinned === null || cached.fingerprint === pinned) ? cached : null;
  const { fingerprint } = usable ?? (await make(path, folder, generator, wanted, injections, options));
  const labels = generator.types.length === 0 ? null : labelsPath(path);
  if (labels !== null && (usable === null || !existsSync(labels))) await writeLabels(labels, generator.labels(seed, injections));
  if (pinned !== null && fingerprint !== pinned) {
    throw new TapewrightError(
      'DATASET_CORRUPT',
      `the generated rows of ${dataset.name} have the digest ${fingerprint}, but ${dataset.path} expects ${pinned}; ` +
        'the generator or the file was changed: restore them, or correct the fingerprint there',
      { dataset: dataset.name, actual: fingerprint, expected: pinned },
    );
  }
  return { binding: { path, format: generator.format, select, order }, fingerprint, span, rows, labels };
}

/**
 * The labels file of a dataset, given itself or as a scenario names it (`us-equities-day?seed=7`), absolute; null when it has none or is no dataset.
 * A generated dataset's rows are made if they are not there. Throws as `resolveDataset` does, and DATASET_INVALID.
 */
export async function datasetLabels(dataset: Dataset | string, options: ResolveOptions = {}): Promise<string | null> {
  if (typeof dataset !== 'string') return (await resolveDataset(dataset, options)).labels;
  const reference = parseReference(dataset);
  if (reference === null || !isDataset(reference.name)) return null;
  return (await resolveDataset(await loadDataset(reference.name), { ...options, ...reference.parameters })).labels;
}

function checkParameter(dataset: Dataset, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new TapewrightError('USAGE', `${name} of ${dataset.name} must be a whole number from ${least} to ${most}, not ${value}`, { dataset: dataset.name, [name]: value });
}

/** The record beside a file in the cache, null unless both are there and fit. */
async function readRecord(path: string, wanted: Omit<CacheRecord, 'fingerprint' | 'bytes'>): Promise<CacheRecord | null> {
  const file = await stat(path).catch(() => null);
  const text = await readFile(recordPath(path), 'utf8').catch(() => null);
  if (file === null || text === null) return null;
  try {
    const record = JSON.parse(text) as CacheRecord;
    const fits = Object.entries(wanted).every(([key, value]) => record[key as keyof CacheRecord] === value);
    return fits && record.bytes === file.size && typeof record.fingerprint === 'string' ? record : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The digest of canonical rows that fingerprints a generated dataset: docs/digest.md, the generator's name as the table. */
export const datasetDigest = (generator: string, schema: Schema): OutputDigest => new OutputDigest(generator, schema, sha256);

const sha256: HashFunction = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

/** Of a text that is too long for the name of a file. */
const shortDigest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

const recordPath = (path: string): string => path.replace(/\.(parquet|jsonl)$/, '.json');

async function make(
  path: string,
  folder: string,
  generator: DatasetGenerator,
  wanted: Omit<CacheRecord, 'fingerprint' | 'bytes'>,
  inject: Injections,
  { onProgress }: ResolveOptions,
): Promise<CacheRecord> {
  await makeDirectory(folder);
  const aside = `${path}.${randomBytes(4).toString('hex')}.part`;
  const parameters = { ...wanted, inject };
  const said = (made: number): void => onProgress?.(made, wanted.rows);
  try {
    const fingerprint = generator.format === 'jsonl' ? await writeLines(aside, generator.generate(parameters), said) : await writeRows(aside, generator, parameters, said);
    const { size } = await stat(aside);
    const record: CacheRecord = { ...wanted, fingerprint, bytes: size };
    await writing(path, () => rename(aside, path));
    await writeAside(recordPath(path), `${JSON.stringify(record, null, 2)}\n`);
    return record;
  } finally {
    await rm(aside, { force: true });
  }
}

/** The digest of the canonical rows. */
async function writeRows(path: string, generator: MarketGenerator, parameters: GeneratorParameters & { readonly generator: string }, onRows: (made: number) => void): Promise<string> {
  const digest = datasetDigest(parameters.generator, generator.schema);
  const observed = function* (): Generator<Batch> {
    let made = 0;
    for (const batch of generator.generate(parameters)) {
      digest.append(batch);
      yield batch;
      made += batch.length;
      onRows(made);
    }
  };
  await writeParquet(path, generator.schema, observed());
  return digest.digest();
}
