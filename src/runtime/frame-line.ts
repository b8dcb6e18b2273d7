/** Lines of a screen: texts with colours, cut and filled to a width. */

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const codes: Readonly<Record<Colour, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' };

/** A part of a line; the text holds nothing that a terminal obeys. */
export interface Span {
  readonly text: string;
  readonly colour?: Colour;
}

export type Line = readonly Span[];

/** As many lines as there is room for. */
export const filled = (lines: readonly Line[], height: number): Line[] => Array.from({ length: height }, (_, index) => lines[index] ?? []);

export const title = (text: string): Line => [{ text: ` ${text}`, colour: 'dim' }];

export const lengthOf = (text: string): number => [...text].length;
export const lineLength = (line: Line): number => line.reduce((sum, { text }) => sum + lengthOf(text), 0);

export function cut(text: string, width: number): string {
  if (lengthOf(text) <= width) return text;
  return width < 1 ? '' : `${[...text].slice(0, width - 1).join('')}…`;
}

export const fitted = (text: string, width: number): string => cut(text, width) + ' '.repeat(Math.max(0, width - lengthOf(text)));

/** A line of `width` characters at the most; escapes only where `colours` says so. */
export function printed(line: Line, width: number, colours: boolean): string {
  let room = width;
  const parts: string[] = [];
  for (const { text, colour } of line) {
    const shown = cut(text, room);
    room -= lengthOf(shown);
    parts.push(colours && colour !== undefined && shown.trim() !== '' ? `\u001b[${codes[colour]}m${shown}\u001b[0m` : shown);
  }
  return parts.join('').trimEnd();
}
