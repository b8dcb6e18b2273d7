/** A SELECT in the making, clause by clause, and its text. */
import type { FunctionDeclaration } from '../functions/user-functions.js';
import { nameText } from '../flink/reserved-words.js';
import type { Table } from './table.js';
import type { ColumnTypes } from './types.js';

export interface Parts {
  /** What stands after FROM. */
  readonly from: string;
  readonly where: readonly string[];
  /** What stands after SELECT, by name; null: every column. */
  readonly items: ReadonlyMap<string, string> | null;
  readonly group: readonly string[];
  /** The window of OVER, if there is one. */
  readonly over: string | null;
  /** The whole text, of a UNION ALL. */
  readonly whole: string | null;
  readonly names: readonly string[];
  /** The column of event time. */
  readonly rowtime: string | null;
  /** Rows carry the columns of a window. */
  readonly isWindowed: boolean;
  readonly tables: readonly Table<ColumnTypes>[];
  readonly functions: readonly FunctionDeclaration[];
}

/** Every column of `from`. */
export const plain = (from: string, names: readonly string[]): Parts =>
  ({ from, where: [], items: null, group: [], over: null, whole: null, names, rowtime: null, isWindowed: false, tables: [], functions: [] });

/** The text of a SELECT. */
export function selectText({ from, where, items, group, over, whole }: Parts): string {
  if (whole !== null) return whole;
  const lines = [`SELECT ${items === null ? '*' : [...items].map(([name, text]) => (text === nameText(name) ? text : `${text} AS ${nameText(name)}`)).join(', ')}`, `FROM ${from}`];
  if (where.length > 0) lines.push(`WHERE ${where.join(' AND ')}`);
  if (group.length > 0) lines.push(`GROUP BY ${group.join(', ')}`);
  if (over !== null) lines.push(over);
  return lines.join('\n');
}

export const indented = (text: string): string => text.split('\n').map((line) => `  ${line}`).join('\n');
