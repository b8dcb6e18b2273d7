/** The labels of a run's data go into its bundle, byte for byte, so that its alerts can be judged wherever it is. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { openDuck } from '../sources/duck.js';
import { quoteText } from '../sources/quote.js';
import { shortened } from '../sources/duck-error.js';
import type { Bundle } from '../stores/bundle.js';
import { makeDirectory, writeAside } from '../stores/files.js';
import type { DatasetRecord } from '../stores/manifest.js';

type Datasets = Readonly<Record<string, DatasetRecord>>;

const bytesMax = 64 * 1024 * 1024;

/** The columns that labels must have, as they are asked for. */
const readable = 'CAST(type AS VARCHAR), CAST(symbol AS VARCHAR), CAST(from_time AS TIMESTAMP), CAST(to_time AS TIMESTAMP), CAST(size AS DOUBLE)';

/** Copies the labels of `datasets` to `labels/`; those that cannot be used are told of, since the run stands without them. */
export async function takeLabels(bundle: Bundle, datasets: Datasets): Promise<{ readonly datasets: Datasets; readonly remarks: readonly string[] }> {
  const remarks: string[] = [];
  const taken: [string, DatasetRecord][] = [];
  for (const [table, record] of Object.entries(datasets)) {
    const path = record.labels?.path;
    if (path === undefined) {
      taken.push([table, record]);
      continue;
    }
    const fault = await faultOf(path);
    if (fault !== null) remarks.push(`The labels of ${table} (${path}) are left out: ${fault}.`);
    taken.push([table, { ...record, labels: { path, digest: fault === null ? await copy(bundle, path) : null } }]);
  }
  return { datasets: Object.fromEntries(taken), remarks };
}

async function copy(bundle: Bundle, path: string): Promise<string> {
  const bytes = await readFile(path);
  const digest = createHash('sha256').update(bytes).digest('hex');
  await makeDirectory(bundle.path('labels'));
  await writeAside(bundle.path('labels', `${digest.slice(0, 16)}.parquet`), bytes);
  return digest;
}

/** Why a file of labels cannot be used, null when it can. */
async function faultOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true) return 'there is no such file';
  if (found.size > bytesMax) return `it has ${found.size} bytes, more than labels need`;
  const file = resolve(path);
  const duck = await openDuck({ files: [file], memory: 256 });
  try {
    await duckdb.query(duck.connection, `SELECT max(hash(labels)) FROM (SELECT ${readable} FROM read_parquet(${quoteText(file)}, hive_partitioning = false)) AS labels`);
    return null;
  } catch (cause) {
    return shortened(cause);
  } finally {
    duck.close();
  }
}
