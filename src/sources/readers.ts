/** The reader for a binding. */
import { plainName } from './columns.js';
import { CommaSeparated } from './csv.js';
import { JsonLines } from './jsonl.js';
import type { Reader, ReaderRequest } from './reader.js';
import { TextReader } from './text-reader.js';

/**
 * Parquet and text are read by ourselves, Parquet for speed and text to keep every bad row, unless they need what only
 * DuckDB has: expressions, an order, rare types. Each is loaded only where it is needed.
 */
export async function openReader(request: ReaderRequest): Promise<Reader> {
  const { format, order, select } = request.binding;
  if (format === 'iceberg') return import('./iceberg/reader.js').then(({ openIcebergReader }) => openIcebergReader(request));
  if (format === 'arrow') return import('./arrow/open.js').then(({ openArrowReader }) => openArrowReader(request));
  const expressions = request.columns.some(({ name }) => select[name] !== undefined && plainName(select[name]!) === null);
  if (format === 'parquet' && order === null && !expressions) {
    const reader = await import('./parquet/reader.js').then(({ openParquetReader }) => openParquetReader(request));
    if (reader !== null) return reader;
  }
  if (format === 'parquet' || order !== null || expressions) return import('./duck-reader.js').then(({ openDuckReader }) => openDuckReader(request));
  return TextReader.open(request, format === 'csv' ? new CommaSeparated(request) : new JsonLines(request));
}
