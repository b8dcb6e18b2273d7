/** Query results as text. */
import type { QueryResult } from './query.js';

/** Columns under their names, numbers to the right; control characters are shown, not sent to the terminal. */
export function formatTable({ columns, rows }: QueryResult): string {
  const cells = rows.map((row) => row.map((value) => visible(value === null ? 'NULL' : plain(value))));
  const names = columns.map(({ name }) => visible(name));
  const widths = names.map((name, index) => cells.reduce((width, row) => Math.max(width, lengthOf(row[index]!)), lengthOf(name)));
  const isNumber = columns.map(({ type }) => /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/.test(type));
  const line = (row: readonly string[]): string => row.map((text, index) => pad(text, widths[index]!, isNumber[index]!)).join('  ').trimEnd();
  const count = rows.length === 1 ? '1 row' : `${rows.length} rows`;
  return [line(names), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.map(line), `(${count})`, ''].join('\n');
}

const lengthOf = (text: string): number => [...text].length;

function pad(text: string, width: number, right: boolean): string {
  const spaces = ' '.repeat(width - lengthOf(text));
  return right ? spaces + text : text + spaces;
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const visible = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** RFC 4180 with a header; NULL is an empty field, an empty string is "". */
export function formatCsv({ columns, rows }: QueryResult): string {
  const field = (value: unknown): string => {
    if (value === null) return '';
    const text = plain(value);
    return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.map(({ name }) => field(name)), ...rows.map((row) => row.map(field))].map((row) => `${row.join(',')}\n`).join('');
}

/** An array of objects, one a line. */
export function formatJson({ columns, rows }: QueryResult): string {
  const lines = rows.map((row) => JSON.stringify(Object.fromEntries(row.map((value, index) => [columns[index]!.name, value]))));
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`;
}
