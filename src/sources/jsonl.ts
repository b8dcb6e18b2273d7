/**
 * JSON lines: an object a line, columns by field name. A line that holds only `{"watermark": n}` is no row: it says
 * that the watermark is n (epoch ms) from there on.
 */
import { TapewrightError } from '../core/errors.js';
import { timestampUnits } from '../core/types.js';
import { matchColumn, plainName, type FileColumn } from './columns.js';
import type { ReaderRequest } from './reader.js';
import type { RowBuilder } from './row-builder.js';
import { isBlank, isRow, type Outcome, type TextFormat } from './text-reader.js';
import { isFiner, jsonReader, notA } from './values.js';

/** Rows looked at to learn which fields there are. */
const sampleRows = 1000;

interface FieldReader {
  readonly column: string;
  field: string;
  readonly read: ReturnType<typeof jsonReader>;
  readonly error: string;
  /** Units of a second for times, to notice what they drop. */
  readonly units: number | null;
}

type Json = Readonly<Record<string, unknown>>;

export class JsonLines implements TextFormat {
  readonly remarks: string[] = [];
  #fields: readonly FieldReader[] | null = null;

  constructor(private readonly request: ReaderRequest) {}

  start(bytes: Buffer, file: string): number {
    if (/^\s*\[/.test(bytes.toString('latin1', 0, 1024))) {
      throw new TapewrightError('DATASET_INVALID', `${file} is a JSON array; JSON lines have one object a line (jq -c '.[]' makes them)`, { path: file });
    }
    const known = this.#fieldsOf(bytes);
    const place = { table: this.request.table, file };
    this.#fields = this.request.columns.map((column) => {
      // A file without rows misses no column.
      const field = known.length === 0 ? column.name : this.#match(column, known, place);
      const isTime = column.type.kind === 'TIMESTAMP' || column.type.kind === 'TIMESTAMP_LTZ';
      const units = isTime ? timestampUnits(column.type.precision ?? 6) : null;
      return { column: column.name, field, read: jsonReader(column.type), error: notA(column.type), units };
    });
    return 0;
  }

  #match(column: ReaderRequest['columns'][number], known: readonly FileColumn[], place: { table: string; file: string }): string {
    const given = this.request.binding.select[column.name];
    const name = given === undefined ? null : plainName(given);
    if (name !== null && known.every((field) => field.name.toLowerCase() !== name.toLowerCase())) return name;
    const match = matchColumn(column, this.request.binding, known, place);
    this.#remark(match.remark);
    return match.fileColumn ?? column.name;
  }

  #fieldsOf(bytes: Buffer): FileColumn[] {
    const names = new Set<string>();
    let rows = 0;
    for (let at = 0; at < bytes.length && rows < sampleRows; rows += 1) {
      const feed = bytes.indexOf(10, at);
      const record = parse(bytes.toString('utf8', at, feed < 0 ? bytes.length : feed));
      if (record !== null && watermarkIn(record) === null) for (const name of Object.keys(record)) names.add(name);
      at = feed < 0 ? bytes.length : feed + 1;
    }
    return [...names].map((name) => ({ name, type: 'JSON' }));
  }

  #remark(remark: string | null): void {
    if (remark !== null && !this.remarks.includes(remark)) this.remarks.push(remark);
  }

  endOf(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(10, at);
    return feed < 0 ? -1 : feed + 1;
  }

  isAside(text: string): boolean {
    if (text.length > 200) return false;
    if (text.trim() === '') return true;
    if (!text.includes('"watermark"')) return false;
    const record = parse(text);
    return record !== null && watermarkIn(record) !== null;
  }

  decode(text: string, row: number, rows: RowBuilder): Outcome {
    if (text.trim() === '') return isBlank;
    const record = parse(text);
    if (record === null) return { kind: 'rejected', column: null, error: 'the line is not a JSON object', value: text };
    const watermark = watermarkIn(record);
    if (watermark !== null) return { kind: 'watermark', value: watermark };
    const fields = this.#fields!;
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index]!;
      const found = Object.hasOwn(record, field.field) ? record[field.field] : null;
      const value = found === null ? null : field.read(found, () => rawMember(text, field.field));
      if (value === undefined) return { kind: 'rejected', column: field.column, error: field.error, value: text };
      rows.set(index, row, value);
      if (field.units !== null && typeof found === 'string' && isFiner(found, field.units)) {
        this.#remark(`${this.request.table}.${field.column}: times finer than its type are floored`);
      }
    }
    return isRow;
  }
}

function parse(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

function watermarkIn(record: Json): number | null {
  const { watermark } = record;
  return Number.isFinite(watermark) && Object.keys(record).length === 1 ? Math.floor(watermark as number) : null;
}

/** The source text of a member of the object that `text` holds (of the last one, if the name occurs again). */
export function rawMember(text: string, name: string): string {
  let found = '';
  let depth = 0;
  let key = '', start = -1;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '"') {
      const end = stringEnd(text, at);
      if (depth === 1 && start < 0) key = JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (char === ':' && depth === 1 && start < 0) start = at + 1;
    else if (char === '{' || char === '[') depth += 1;
    else if ((char === ',' && depth === 1) || char === '}' || char === ']') {
      if (depth === 1 && start >= 0 && key === name) found = text.slice(start, at).trim();
      if (depth === 1) start = -1;
      if (char !== ',') depth -= 1;
    }
  }
  return found;
}

/** Index after the closing quote of the string that opens at `at`. */
function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}
