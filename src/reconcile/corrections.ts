/** Corrections as changes that Debezium's readers understand, and as text. */
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Field } from '../core/types.js';
import { decimalText } from '../functions/decimals.js';
import type { RowValues } from '../sources/row-columns.js';
import { writing } from '../stores/files.js';
import type { Correction } from './compare.js';
import type { Moment } from './database-state.js';
import type { TableShape } from './table-state.js';

/** Lines of corrections: the file is there when all are. */
export class CorrectionFile {
  written = 0;
  readonly #aside: string;

  private constructor(private readonly path: string, private readonly file: FileHandle) {
    this.#aside = asideOf(path);
  }

  /** Throws OUTPUT_UNWRITABLE. */
  static async open(path: string): Promise<CorrectionFile> {
    return new CorrectionFile(path, await writing(path, () => open(asideOf(path), 'w')));
  }

  async write(lines: readonly string[]): Promise<void> {
    this.written += lines.length;
    await writing(this.path, () => this.file.appendFile(lines.map((line) => `${line}\n`).join('')));
  }

  async finish(): Promise<void> {
    await writing(this.path, () => rename(this.#aside, this.path));
  }

  /** What was not finished is gone. */
  async close(): Promise<void> {
    await this.file.close();
    await rm(this.#aside, { force: true });
  }
}

const asideOf = (path: string): string => `${path}.partial`;

export interface CorrectedTable {
  readonly topic: string;
  /** `schema.table` of the database. */
  readonly table: string;
  readonly shape: TableShape;
}

/**
 * One line a correction, as recordings have them: an upsert, or a delete, marked as of an incremental snapshot, which
 * belongs to no transaction. `moment`: of the snapshot that it comes from.
 */
export function correctionLine({ topic, table, shape: { columns, key } }: CorrectedTable, { held, actual }: Correction, moment: Moment): string {
  const row = (values: RowValues): string => objectText(columns, values);
  const isKey = columns.map(({ name }) => key.includes(name));
  const keyOf = (values: RowValues): string => objectText(columns.filter((_, index) => isKey[index]), values.filter((_, index) => isKey[index]));
  const [schema, name] = [table.slice(0, table.indexOf('.')), table.slice(table.indexOf('.') + 1)];
  const source = JSON.stringify({ version: 'tapewright', connector: 'postgresql', name: 'reconcile', ts_ms: moment.time, snapshot: 'incremental', db: '', sequence: `[null,"${moment.lsn}"]`, schema, table: name, txId: null, lsn: moment.lsn, xmin: null });
  const value = actual === null
    ? `{"before":${row(held!)},"after":null,"source":${source},"transaction":null,"op":"d","ts_ms":${moment.time}}`
    : `{"before":null,"after":${row(actual)},"source":${source},"transaction":null,"op":"r","ts_ms":${moment.time}}`;
  return `{"topic":${JSON.stringify(topic)},"partition":0,"timestamp":"${moment.time}","key":${JSON.stringify(keyOf(actual ?? held!))},"value":${JSON.stringify(value)},"headers":{}}`;
}

const objectText = (columns: readonly Field[], values: RowValues): string => `{${columns.map((column, index) => `${JSON.stringify(column.name)}:${valueText(column, values[index]!)}`).join(',')}}`;

/** As a connector writes it: decimals as text, times as counts of their column's unit. */
function valueText({ type }: Field, value: RowValues[number]): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (type.kind === 'BOOLEAN') return value === 1 ? 'true' : 'false';
  if (type.kind === 'DECIMAL') return `"${decimalText(value, type.scale!)}"`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`;
  return String(value);
}

/** `account_id=3: balance 10 → 12`, a line each. */
export function correctionText({ columns, key }: TableShape, { kind, held, actual, columns: different }: Correction): string {
  const values = held ?? actual!;
  const of = key.map((name) => {
    const index = columns.findIndex((column) => column.name === name);
    return `${name}=${shown(columns[index]!, values[index]!)}`;
  }).join(', ');
  if (kind === 'missing') return `missing   ${of}`;
  if (kind === 'extra') return `extra     ${of}`;
  return `different ${of}: ${different.map((index) => `${columns[index]!.name} ${shown(columns[index]!, held![index]!)} → ${shown(columns[index]!, actual![index]!)}`).join(', ')}`;
}

function shown(field: Field, value: RowValues[number]): string {
  const text = valueText(field, value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
