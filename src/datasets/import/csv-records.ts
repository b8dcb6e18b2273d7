/** Records of CSV, with or without a header. */
import { splitQuoted } from '../../sources/csv.js';
import { notUtf8, type Piece } from './record.js';
import type { Lines } from './text-file.js';

export interface CsvShape {
  readonly delimiter: string;
  /** Lines before the first record: comments, a header. */
  readonly lead: number;
  /** Fields of a record. */
  readonly fields: number;
}

/** A quoted field may hold line ends; one that is longer than this was never closed. */
const quotedMax = 64 * 1024;

const openQuote = 'a quote is not closed';

/** `picked`: places of the wanted fields within a record, from 0. */
export async function* csvRecords(pieces: AsyncIterable<Lines>, shape: CsvShape, picked: readonly number[]): AsyncGenerator<Piece> {
  let { lead } = shape;
  for await (const { lines, foreign, bytes } of joined(pieces)) {
    const before = lead;
    lead = 0;
    const values = (record: number): ReturnType<Piece['values']> => {
      const line = lines[record]!;
      if (record < before || line === '') return null;
      if (foreign !== null && foreign.has(record)) return notUtf8;
      const quoted = line.includes('"');
      if (quoted && isOpen(line)) return openQuote;
      const fields = quoted ? splitQuoted(line, shape.delimiter) : line.split(shape.delimiter);
      if (fields.length !== shape.fields) return `it has ${fields.length} fields, the others ${shape.fields}`;
      return picked.map((field) => textOf(fields[field]!));
    };
    yield { length: lines.length, values, text: (record) => lines[record]!, bytes };
  }
}

const textOf = (field: string | null): string | null => {
  const text = field === null ? '' : field.trim();
  return text === '' ? null : text;
};

function isOpen(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes += 1;
  return quotes % 2 === 1;
}

/** Lines put together again that a quoted line end had cut. */
async function* joined(pieces: AsyncIterable<Lines>): AsyncGenerator<Lines> {
  let open = '';
  let last: Lines | null = null;
  for await (const piece of pieces) {
    last = piece;
    if (open === '' && piece.lines.every((line) => !line.includes('"') || !isOpen(line))) {
      yield piece;
      continue;
    }
    const lines: string[] = [];
    const foreign = new Set<number>();
    piece.lines.forEach((line, index) => {
      const record = open === '' ? line : `${open}\n${line}`;
      open = '';
      if (!isOpen(record)) lines.push(record);
      else if (record.length < quotedMax) open = record;
      // Never closed: the line with the quote is spoilt, those behind it stand for themselves.
      else lines.push(...record.split('\n'));
      if (piece.foreign?.has(index) === true) foreign.add(open === '' ? lines.length - 1 : lines.length);
    });
    yield { lines, foreign: foreign.size === 0 ? null : foreign, bytes: piece.bytes };
  }
  if (open !== '') yield { lines: open.split('\n'), foreign: null, bytes: last!.bytes };
}
