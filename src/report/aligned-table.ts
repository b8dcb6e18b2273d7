/** Texts in columns, for a terminal: the first `left` to the left, the others, which are numbers, to the right. */
export function alignedTable(names: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const shown = [names, ...rows].map((row) => row.map(visible));
  const widths = names.map((_, column) => Math.max(...shown.map((row) => lengthOf(row[column]!))));
  const pad = (text: string, column: number): string => {
    const spaces = ' '.repeat(widths[column]! - lengthOf(text));
    return column < left ? text + spaces : spaces + text;
  };
  return shown.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

const lengthOf = (text: string): number => [...text].length;

/** What a file says is shown, never sent to the terminal as a command. */
export const visible = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
