/** Places of tokens and of what spans several of them. */
import type { IToken } from 'chevrotain';
import type { Place } from '../plan/expression.js';

const LENGTH_MAX = 60;

/** The place of `text` from `start` up to `end`, its text cut to one line of at most 60 characters. */
export function placeOf(text: string, line: number, column: number, start: number, end: number): Place {
  const whole = text.slice(start, Math.min(end, start + LENGTH_MAX + 1));
  const newline = whole.search(/\r?\n/);
  const cut = newline >= 0 ? newline : whole.length > LENGTH_MAX ? LENGTH_MAX : -1;
  return { line, column, text: cut < 0 ? whole : `${whole.slice(0, cut).trimEnd()}…` };
}

/** From the first character of one token to the last of another, or of the same. */
export function placeOfTokens(text: string, first: IToken, last: IToken = first): Place {
  // The end of the text is a token without a position: it stands after the last character.
  if (Number.isNaN(first.startOffset)) return endOf(text);
  return placeOf(text, first.startLine!, first.startColumn!, first.startOffset, last.endOffset! + 1);
}

function endOf(text: string): Place {
  const written = text.trimEnd();
  const line = written.split('\n').length;
  return { line, column: written.length - written.lastIndexOf('\n'), text: '' };
}
