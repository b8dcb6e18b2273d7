/** Labels of injected anomalies as a Parquet file beside the rows: what a detector's alerts are judged by. */
import duckdb from '@duckdb/node-bindings';
import { rename, rm } from 'node:fs/promises';
import { TapewrightError } from '../core/errors.js';
import { openDuck } from '../sources/duck.js';
import { quoteText } from '../sources/quote.js';
import { writing } from '../stores/files.js';
import type { AnomalyLabel } from './market/injections.js';

/** Of the labels file, as SQL. `symbol` is NULL where the whole market has it. */
export const labelColumns = { type: 'VARCHAR', symbol: 'VARCHAR', from_time: 'TIMESTAMP_MS', to_time: 'TIMESTAMP_MS', size: 'DOUBLE' } as const;

/** Where the labels of a generated file are. */
export const labelsPath = (path: string): string => path.replace(/\.parquet$/, '-labels.parquet');

/** Writes the labels in the order given, also none. Throws OUTPUT_UNWRITABLE. */
export async function writeLabels(path: string, labels: readonly AnomalyLabel[]): Promise<void> {
  const rows = labels.map(({ type, symbol, from, to, size }) => `(${quoteText(type)}, ${symbol === null ? 'NULL' : quoteText(symbol)}, ${from}, ${to}, ${size})`);
  // A row that is left out again, so that no labels are a table too.
  const values = [...rows, '(NULL, NULL, 0, 0, 0)'].join(', ');
  const columns = 'type::VARCHAR AS type, symbol::VARCHAR AS symbol, epoch_ms(from_time::BIGINT)::TIMESTAMP_MS AS from_time, epoch_ms(to_time::BIGINT)::TIMESTAMP_MS AS to_time, size::DOUBLE AS size';
  const aside = `${path}.part`;
  const duck = await openDuck({ files: [aside], threads: 1 });
  try {
    const target = `${quoteText(aside)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`;
    const labelled = `FROM (VALUES ${values}) AS labels(type, symbol, from_time, to_time, size) WHERE type IS NOT NULL`;
    await duckdb.query(duck.connection, `COPY (SELECT ${columns} ${labelled}) TO ${target}`).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      throw new TapewrightError('OUTPUT_UNWRITABLE', `cannot write ${path}: ${reason}; free some space or choose another folder`, { path }, { cause });
    });
    await writing(path, () => rename(aside, path));
  } finally {
    duck.close();
    // Where nothing could be written there is nothing to remove.
    await rm(aside, { force: true }).catch(() => undefined);
  }
}
