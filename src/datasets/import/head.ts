/** What a file to import looks like: enough of it to tell whose format it has. */
import { open, stat } from 'node:fs/promises';
import { TapewrightError } from '../../core/errors.js';
import { sniff, splitQuoted } from '../../sources/csv.js';
import { csvRecords, type CsvShape } from './csv-records.js';
import { isDecimal } from './decimal.js';
import { jsonRecords, jsonTexts } from './json-records.js';
import { describeParquet, parquetRecords, type ParquetShape } from './parquet-records.js';
import type { Piece, Values } from './record.js';
import { strangeness } from './strange.js';
import { findText, linesOf, type Encoding, type Lines, type TextFile } from './text-file.js';

export interface Head {
  /** As the user gave it. */
  readonly path: string;
  /** Of what holds the rows: the entry of an archive, or the file without `.gz`. */
  readonly name: string;
  /** Parquet: of columns with types, also Arrow. */
  readonly form: 'csv' | 'json' | 'parquet';
  /** Bytes on disk. */
  readonly size: number;
  /** The header's names; without a header '1', '2', …; of JSON lines all members seen in the sample. */
  readonly columns: readonly string[];
  readonly hasHeader: boolean;
  /** Values of `columns` of the first records that can be read. */
  readonly sample: readonly Values[];
  /** DuckDB's types of the columns of Parquet and Arrow; none of other files. */
  readonly types: readonly string[];
  /** Key-value metadata of Parquet; of lines put together from several files, what whoever did so has to say. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Lines before the header, or the first row, that are a comment. */
  readonly comments?: number;
  /** All records: the texts of these columns. */
  records(columns: readonly string[]): AsyncIterable<Piece>;
}

const sampleLines = 1000;

/** Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID. */
export async function inspect(path: string, encoding: Encoding): Promise<Head> {
  await checkFile(path);
  const magic = await magicOf(path);
  if (magic.startsWith('PAR1')) return parquetHead(path);
  // A stream begins with the mark of its first message.
  if (magic === 'ARROW1' || magic.startsWith('\u00ff\u00ff\u00ff\u00ff')) return arrowHead(path);
  const file = await findText(path);
  const { lines, foreign } = await firstLines(file, encoding);
  const first = lines.find((line) => line.trim() !== '');
  if (first === undefined) throw new TapewrightError('DATASET_INVALID', `${path} has no line that is not blank`, { path });
  const strange = strangeness(first);
  if (strange !== null) throw new TapewrightError('DATASET_INVALID', `${path} ${strange}`, { path });
  if (/^(?:\d+\s+)?\s*[[{]/.test(first)) return jsonHead(file, lines, encoding);
  const head = csvHead(path, file.name, file.size, lines, () => linesOf(file, encoding));
  if (head.hasHeader && foreign.has(startOf(lines))) throw new TapewrightError('DATASET_INVALID', `${path}: its header is not UTF-8; if the file is Latin-1, say so with --encoding latin1`, { path });
  return head;
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code;
    const said = code === 'ENOENT' || code === 'ENOTDIR' ? `${path} does not exist` : `cannot open ${path}: ${code ?? String(cause)}`;
    throw new TapewrightError('DATASET_MISSING', said, { path }, { cause });
  });
  if (found.isDirectory()) throw new TapewrightError('DATASET_INVALID', `${path} is a directory; name the files in it`, { path });
  if (!found.isFile()) throw new TapewrightError('DATASET_INVALID', `${path} is no file but a pipe or a device, which cannot be read twice; write it to a file first`, { path });
  if (found.size === 0) throw new TapewrightError('DATASET_CORRUPT', `${path} is empty (0 bytes)`, { path });
}

/** The first six bytes, a code unit a byte. */
async function magicOf(path: string): Promise<string> {
  const handle = await open(path).catch((cause: unknown) => {
    throw new TapewrightError('DATASET_MISSING', `cannot open ${path}: ${(cause as NodeJS.ErrnoException).code}`, { path }, { cause });
  });
  try {
    const magic = Buffer.alloc(6);
    await handle.read(magic, 0, 6, 0);
    return magic.toString('latin1');
  } finally {
    await handle.close();
  }
}

/** The lines to learn from, and which of them are not in the encoding. */
async function firstLines(file: TextFile, encoding: Encoding): Promise<{ readonly lines: string[]; readonly foreign: ReadonlySet<number> }> {
  const lines: string[] = [];
  const foreign = new Set<number>();
  for await (const piece of linesOf(file, encoding)) {
    for (const index of piece.foreign ?? []) foreign.add(lines.length + index);
    lines.push(...piece.lines.slice(0, sampleLines - lines.length));
    if (lines.length >= sampleLines) break;
  }
  return { lines, foreign };
}

async function parquetHead(path: string): Promise<Head> {
  const shape = await describeParquet(path);
  return typedHead(path, shape, (columns, size) => parquetRecords(path, shape, columns, size));
}

async function arrowHead(path: string): Promise<Head> {
  // Loaded only here: few files are Arrow.
  const { arrowRecords, describeArrow } = await import('./arrow-records.js');
  const shape = await describeArrow(path);
  return typedHead(path, shape, (columns, size) => arrowRecords(path, shape, columns, size));
}

async function typedHead(path: string, { columns, types, sample, metadata }: ParquetShape, records: (columns: readonly string[], size: number) => AsyncIterable<Piece>): Promise<Head> {
  const { size } = await stat(path);
  return { path, name: path.replace(/^.*[\\/]/, ''), form: 'parquet', size, columns, hasHeader: true, sample, types, metadata, records: (names) => records(names, size) };
}

function jsonHead(file: TextFile, lines: readonly string[], encoding: Encoding): Head {
  const { path } = file;
  if (lines.some((line) => line.trim() === '[' || /^\s*\[\s*\{/.test(line))) {
    throw new TapewrightError('DATASET_INVALID', `${path} is a JSON array; JSON lines have one object a line (jq -c '.[]' makes them)`, { path });
  }
  const records = lines.map(jsonTexts).filter((record) => record !== null);
  const columns = [...new Set(records.flatMap((record) => [...record.keys()]))];
  const sample = records.map((record) => columns.map((name) => record.get(name) ?? null));
  return {
    path, name: file.name, form: 'json', size: file.size, columns, hasHeader: true, sample, types: [], metadata: {},
    records: (names) => jsonRecords(linesOf(file, encoding), names),
  };
}

/** Also of lines that were put together from several files. */
export function csvHead(path: string, name: string, size: number, lines: readonly string[], all: () => AsyncIterable<Lines>): Head {
  const start = startOf(lines);
  const first = lines[start]!;
  const delimiter = sniff(first);
  const split = (line: string): string[] => splitQuoted(line, delimiter).map((field) => (field ?? '').trim());
  const fields = split(first);
  // Names have letters, wherever; rows have numbers, and times with letters in them begin with a digit.
  const isNamed = fields.some((field) => /^[<"]?\p{L}/u.test(field)) || (fields.some((field) => /\p{L}/u.test(field)) && !fields.some((field) => /^\d/.test(field)));
  const hasHeader = isNamed && !fields.some((field) => isDecimal(field));
  const columns = hasHeader ? fields : fields.map((_, index) => String(index + 1));
  const shape: CsvShape = { delimiter, lead: hasHeader ? start + 1 : start, fields: fields.length };
  const sample = lines.slice(shape.lead).filter((line) => line !== '').map(split).filter((record) => record.length === fields.length)
    .map((record) => record.map((field) => (field === '' ? null : field)));
  return {
    path, name, form: 'csv', size, columns, hasHeader, sample, types: [], metadata: {}, comments: lines.slice(0, start).filter((line) => line.trim() !== '').length,
    records: (names) => csvRecords(all(), shape, names.map((column) => columns.indexOf(column))),
  };
}

/** Index of the header, or the first row: behind blank lines, Excel's `sep=;`, and comments, which have other fields than what follows. */
function startOf(lines: readonly string[]): number {
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.trim() === '' || /^sep=.$/i.test(line.trim())) continue;
    const next = line.startsWith('#') ? lines.slice(at + 1).find((each) => each.trim() !== '' && !each.startsWith('#')) : undefined;
    const delimiter = sniff(next ?? line);
    if (next === undefined || splitQuoted(line, delimiter).length === splitQuoted(next, delimiter).length) return at;
  }
  return lines.findIndex((line) => line.trim() !== '');
}
