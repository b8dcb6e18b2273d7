/** CSV (RFC 4180) with a header line. An empty field is NULL; a quoted empty one is an empty string. */
import { TapewrightError } from '../core/errors.js';
import { timestampUnits } from '../core/types.js';
import { matchColumn, missing, type FileColumn } from './columns.js';
import type { ReaderRequest } from './reader.js';
import type { RowBuilder } from './row-builder.js';
import { isBlank as blankRecord, isRow, type Outcome, type TextFormat } from './text-reader.js';
import { isFiner, notA, textReader } from './values.js';

interface FieldReader {
  readonly column: string;
  readonly field: number;
  readonly isText: boolean;
  readonly read: ReturnType<typeof textReader>;
  readonly error: string;
  readonly units: number | null;
}

const quote = 0x22, lineFeed = 0x0a;

export class CommaSeparated implements TextFormat {
  readonly remarks: string[] = [];
  #delimiter = ',';
  #count = 0;
  #fields: readonly FieldReader[] = [];

  constructor(private readonly request: ReaderRequest) {}

  start(bytes: Buffer, file: string): number {
    const found = this.endOf(bytes, 0);
    const end = found < 0 ? bytes.length : found;
    const header = bytes.toString('utf8', 0, end).trimEnd();
    if (header.trim() === '') throw new TapewrightError('DATASET_CORRUPT', `${file} has no header line`, { path: file });
    this.#delimiter = sniff(header);
    const names = splitQuoted(header, this.#delimiter).map((name) => (name ?? '').trim());
    this.#count = names.length;
    const known: FileColumn[] = names.map((name) => ({ name, type: 'VARCHAR' }));
    const place = { table: this.request.table, file };
    this.#fields = this.request.columns.map((column) => {
      const match = matchColumn(column, this.request.binding, known, place);
      if (match.fileColumn === null) throw missing(column, known, place);
      if (match.remark !== null && !this.remarks.includes(match.remark)) this.remarks.push(match.remark);
      const isTime = column.type.kind === 'TIMESTAMP' || column.type.kind === 'TIMESTAMP_LTZ';
      return {
        column: column.name, field: names.indexOf(match.fileColumn), isText: column.type.kind === 'STRING' || column.type.kind === 'BYTES',
        read: textReader(column.type), error: notA(column.type), units: isTime ? timestampUnits(column.type.precision ?? 6) : null,
      };
    });
    return end;
  }

  /** A line feed within quotes does not end a record. */
  endOf(bytes: Buffer, at: number): number {
    let from = at, quotes = 0;
    for (;;) {
      const feed = bytes.indexOf(lineFeed, from);
      if (feed < 0) return -1;
      // Doubled quotes within a field keep the count even, so an odd count means that a field is still open.
      for (let next = from; next < feed; next += 1) if (bytes[next] === quote) quotes += 1;
      if (quotes % 2 === 0) return feed + 1;
      from = feed + 1;
    }
  }

  isAside(record: string): boolean {
    return record === '';
  }

  decode(record: string, row: number, rows: RowBuilder): Outcome {
    if (record === '') return blankRecord;
    const quoted = record.includes('"');
    const values = quoted ? splitQuoted(record, this.#delimiter) : record.split(this.#delimiter);
    if (values.length !== this.#count) {
      return { kind: 'rejected', column: null, error: `the header has ${this.#count} fields, this row ${values.length}`, value: record };
    }
    for (let index = 0; index < this.#fields.length; index += 1) {
      const { field, isText, read, error, column, units } = this.#fields[index]!;
      const text = values[field]!;
      const isNull = text === null || (text === '' && !quoted) || (!isText && isBlank(text));
      const value = isNull ? null : read(text);
      if (value === undefined) return { kind: 'rejected', column, error, value: record };
      rows.set(index, row, value);
      if (units !== null && !isNull && isFiner(text, units)) this.#floored(column);
    }
    return isRow;
  }

  #floored(column: string): void {
    const remark = `${this.request.table}.${column}: times finer than its type are floored`;
    if (!this.remarks.includes(remark)) this.remarks.push(remark);
  }
}

/** The separator that the header has most of; a comma when it has none. */
export function sniff(header: string): string {
  const bare = header.replace(/"[^"]*"/g, '');
  const counts = [',', ';', '\t', '|'].map((separator) => ({ separator, count: bare.split(separator).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).separator;
}

/** In a column that is no text, spaces and NULL stand for NULL. */
function isBlank(text: string): boolean {
  const bare = text.trim();
  return bare === '' || (bare.length === 4 && bare.toUpperCase() === 'NULL');
}

/** Fields of a record; null for an empty one without quotes. */
export function splitQuoted(record: string, delimiter: string): (string | null)[] {
  const fields: (string | null)[] = [];
  for (let at = 0; at <= record.length;) {
    if (record[at] === '"') {
      let end = at + 1;
      while (end < record.length && (record[end] !== '"' || record[end + 1] === '"')) end += record[end] === '"' ? 2 : 1;
      const next = record.indexOf(delimiter, end);
      const stop = next < 0 ? record.length : next;
      fields.push(record.slice(at + 1, end).replaceAll('""', '"') + record.slice(end + 1, stop));
      at = stop + 1;
    } else {
      const next = record.indexOf(delimiter, at);
      const stop = next < 0 ? record.length : next;
      fields.push(stop === at ? null : record.slice(at, stop));
      at = stop + 1;
    }
  }
  return fields;
}
