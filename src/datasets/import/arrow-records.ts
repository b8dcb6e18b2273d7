/** Records of Arrow IPC, every value as text: numbers with all their digits, bytes in hexadecimal. */
import { resolve } from 'node:path';
import type { Column } from '../../core/batch.js';
import { ArrowFile } from '../../sources/arrow/file.js';
import { typeOfFile } from '../../sources/file-type.js';
import { openSource } from '../../sources/open.js';
import type { Source, SourceColumn } from '../../sources/source.js';
import { cellText } from './cell-text.js';
import type { ParquetShape } from './parquet-records.js';
import type { Piece, Values } from './record.js';

const sampleRows = 1000;
const pieceRows = 16_384;

/** As that of Parquet: Arrow's columns have types too. Throws DATASET_CORRUPT, or DATASET_INVALID for what is no Arrow. */
export async function describeArrow(path: string): Promise<ParquetShape> {
  const file = await ArrowFile.open(path);
  await file.close();
  const columns = file.columns.map(({ name }) => name), types = file.columns.map(({ type }) => type);
  const source = await openColumns(path, columns, types, sampleRows);
  try {
    const first = await source.next();
    const texts = first === null ? [] : textsOf(first.batch.columns, columns, types);
    const sample = Array.from({ length: first?.batch.length ?? 0 }, (_, row): Values => texts.map((text) => text(row)));
    return { columns, types, sample, metadata: {}, rows: file.rowsTotal ?? 0 };
  } finally {
    await source.close();
  }
}

/** The records in the order of the file; `size` is that of the file. */
export async function* arrowRecords(path: string, { columns, types, rows }: ParquetShape, names: readonly string[], size: number): AsyncGenerator<Piece> {
  const wanted = names.map((name) => columns.indexOf(name));
  const source = await openColumns(path, columns, types, pieceRows);
  try {
    let read = 0;
    for (let next = await source.next(); next !== null; next = await source.next()) {
      const texts = textsOf(next.batch.columns, columns, types);
      read += next.batch.length;
      yield {
        length: next.batch.length,
        values: (record) => wanted.map((column) => texts[column]!(record)),
        text: (record) => JSON.stringify(Object.fromEntries(columns.map((name, column) => [name, texts[column]!(record)]))),
        bytes: rows === 0 ? size : Math.round((size * read) / rows),
      };
    }
  } finally {
    await source.close();
  }
}

/** Columns that are read; those of types that are not have only NULL. */
const readable = (columns: readonly string[], types: readonly string[]): SourceColumn[] => columns.flatMap((name, index) => {
  const type = typeOfFile(types[index]!);
  return type === null ? [] : [{ name, type, eventTime: false }];
});

const openColumns = (path: string, columns: readonly string[], types: readonly string[], batchRows: number): Promise<Source> =>
  openSource({ path: resolve(path), format: 'arrow', select: {}, order: null }, readable(columns, types), { table: 'file', batchRows, inline: true });

/** For each column of the file, its text at a row. */
function textsOf(read: readonly Column[], columns: readonly string[], types: readonly string[]): ((row: number) => string | null)[] {
  const held = readable(columns, types);
  return columns.map((name) => {
    const at = held.findIndex((column) => column.name === name);
    return at < 0 ? () => null : (row) => cellText(read[at]!, row, held[at]!.type);
  });
}
