/** Small real files for tests, written by DuckDB or by hand into a folder that goes with the process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import { cell } from '../../src/core/batch.js';
import type { SqlType } from '../../src/core/types.js';
import { openDuck } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { openSource, type SourceOptions } from '../../src/sources/open.js';
import type { Binding, RejectedRow, SourceColumn } from '../../src/sources/source.js';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tapewright-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the rows of a DuckDB query as Parquet. */
export async function writeParquet(path: string, query: string, options = ''): Promise<string> {
  const duck = await openDuck({ directories: ['/'] });
  try {
    await duckdb.query(duck.connection, `COPY (${query}) TO ${quoteText(path)} (FORMAT parquet${options})`);
  } finally {
    duck.close();
  }
  return path;
}

export function writeText(path: string, content: string | Uint8Array): string {
  writeFileSync(path, content);
  return path;
}

export const column = (name: string, kind: SqlType['kind'], parameters: Partial<SqlType> = {}, eventTime = false): SourceColumn =>
  ({ name, type: { kind, nullable: true, ...parameters }, eventTime });

export const bind = (path: string, format: Binding['format'] = 'parquet', rest: Partial<Binding> = {}): Binding =>
  ({ path, format, select: {}, order: null, ...rest });

export interface Everything {
  readonly rows: unknown[][];
  readonly positions: number[];
  readonly rejected: RejectedRow[];
  readonly remarks: readonly string[];
  readonly watermarks: number[];
  readonly batches: number;
}

/** All that a source delivers, row by row. */
export async function readAll(binding: Binding, columns: readonly SourceColumn[], options: SourceOptions = {}): Promise<Everything> {
  const source = await openSource(binding, columns, { inline: true, ...options });
  const rows: unknown[][] = [], positions: number[] = [], rejected: RejectedRow[] = [], watermarks: number[] = [];
  let batches = 0;
  try {
    for (let next = await source.next(); next !== null; next = await source.next()) {
      batches += 1;
      rejected.push(...next.rejected);
      for (let row = 0; row < next.batch.length; row += 1) {
        rows.push(next.batch.columns.map((each) => cell(each, row)));
        positions.push(next.positions === null ? next.position + row : next.positions[row]!);
        if (next.watermarks !== null) watermarks.push(next.watermarks.after[row]!);
      }
    }
    return { rows, positions, rejected, remarks: source.remarks, watermarks, batches };
  } finally {
    await source.close();
  }
}
