/** The reader for a binding. */
import { plainName } from './columns.js';
import { CommaSeparated } from './csv.js';
import { openDuckReader } from './duck-reader.js';
import { JsonLines } from './jsonl.js';
import type { Reader, ReaderRequest } from './reader.js';
import { TextReader } from './text-reader.js';

/** Text is read by ourselves, which keeps every bad row, unless it needs what only DuckDB has: expressions, or an order. */
export function openReader(request: ReaderRequest): Promise<Reader> {
  const { format, order, select } = request.binding;
  // Loaded only here: no other format needs Avro, or Arrow.
  if (format === 'iceberg') return import('./iceberg/reader.js').then(({ openIcebergReader }) => openIcebergReader(request));
  if (format === 'arrow') return import('./arrow/open.js').then(({ openArrowReader }) => openArrowReader(request));
  const expressions = request.columns.some(({ name }) => select[name] !== undefined && plainName(select[name]!) === null);
  if (format === 'parquet' || order !== null || expressions) return openDuckReader(request);
  return TextReader.open(request, format === 'csv' ? new CommaSeparated(request) : new JsonLines(request));
}
