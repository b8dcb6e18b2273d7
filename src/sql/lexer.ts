/**
 * Text to tokens, by hand: a statement has few kinds of token, and a hand-written lexer starts at once,
 * reads SET's raw values, and says where a quote was left open.
 */
import { createTokenInstance, type IToken, type TokenType } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import { placeOf } from './place.js';
import { skipUnsupported } from './skip.js';
import { sqlInvalid } from './sql-error.js';
import {
  HintEnd, HintStart, Identifier, KEYWORDS, NumberToken, QuotedIdentifier, SettingText, SIGNS, StrayCharacter, StringToken,
} from './tokens.js';

const SPACE = /\s+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SETTING = /(?:(?!\s--)[^;\n])*/y;

/** Tokens in order; a string's or quoted name's value is its token's `payload`. SQL_INVALID for what cannot be read. */
export function tokenize(text: string): IToken[] {
  return skipUnsupported(new Scanner(text).scan(), text);
}

class Scanner {
  readonly #tokens: IToken[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #inHint = false;
  #settingDue = false;

  /** The next line's end, found once a line. */
  #newline: number;

  constructor(private readonly text: string) {
    this.#newline = newlineAfter(text, 0);
  }

  scan(): IToken[] {
    while (this.#at < this.text.length) {
      if (this.#match(SPACE) !== '') continue;
      if (!this.#comment()) this.#token();
    }
    return this.#tokens;
  }

  /** Skips `-- …` and a closed comment; a hint comment's start and end are tokens. */
  #comment(): boolean {
    const { text } = this;
    const at = this.#at;
    if (text.startsWith('--', at)) {
      this.#advance(Math.min(this.#newline, text.length));
      return true;
    }
    if (this.#inHint && text.startsWith('*/', at)) {
      this.#inHint = false;
      this.#push(HintEnd, at + 2);
      return true;
    }
    if (!text.startsWith('/*', at)) return false;
    if (text[at + 2] === '+') {
      this.#inHint = true;
      this.#push(HintStart, at + 3);
      return true;
    }
    const end = text.indexOf('*/', at + 2);
    if (end < 0) throw sqlInvalid(this.#place(at + 2), 'this comment is never closed', 'End it with */.');
    this.#advance(end + 2);
    return true;
  }

  #token(): void {
    const at = this.#at;
    const character = this.text[at]!;
    const setting = this.#settingDue && character !== "'" && character !== ';';
    this.#settingDue = false;
    if (setting) {
      this.#push(SettingText, at + this.#peek(SETTING).trimEnd().length);
    } else if (character === "'") {
      this.#quoted("'", StringToken, 'text');
    } else if (character === '`') {
      this.#quoted('`', QuotedIdentifier, 'name');
    } else if (character === '"') {
      throw sqlInvalid(this.#place(this.#lineEnd(at + 1, '"')), 'double quotes are not used in Flink SQL',
        "Write 'text' in single quotes, or a name in `backticks`.");
    } else {
      this.#plain(at);
    }
  }

  #plain(at: number): void {
    const word = this.#peek(WORD);
    if (word !== '') return this.#word(word, at);
    const number = this.#peek(NUMBER);
    if (number !== '') return this.#number(number, at);
    const two = SIGNS.get(this.text.slice(at, at + 2));
    const sign = two ?? SIGNS.get(this.text[at]!);
    const width = two !== undefined ? 2 : sign !== undefined ? 1 : this.text.codePointAt(at)! > 0xffff ? 2 : 1;
    this.#push(sign ?? StrayCharacter, at + width);
  }

  #word(word: string, at: number): void {
    const next = this.text.slice(at + word.length, at + word.length + 2);
    if (/^u$/i.test(word) && next === "&'") {
      throw sqlInvalid(this.#place(at + 3), "texts with Unicode escapes (U&'…') are not read", "Write the characters themselves: '…'.");
    }
    const upper = word.toUpperCase();
    const first = this.#tokens.length === 0 || this.#tokens[this.#tokens.length - 1]!.image === ';';
    this.#push(KEYWORDS.get(upper) ?? Identifier, at + word.length);
    this.#settingDue = first && (upper === 'SET' || upper === 'RESET');
  }

  #number(number: string, at: number): void {
    WORD.lastIndex = at + number.length;
    const tail = WORD.exec(this.text)?.[0];
    if (tail !== undefined) {
      throw sqlInvalid(this.#place(at + number.length + tail.length), 'a name cannot start with a digit',
        `Write \`${number}${tail}\` in backticks if it is a name.`);
    }
    this.#push(NumberToken, at + number.length);
  }

  /** A text or name between two quotes, a doubled quote standing for one. */
  #quoted(quote: string, type: TokenType, what: string): void {
    const start = this.#at;
    let end = start;
    do {
      end = this.text.indexOf(quote, end + 1);
      if (end < 0) throw sqlInvalid(this.#place(this.#lineEnd(start + 1)), `the ${what} that starts here is never closed`, `End it with ${quote}.`);
      end += 1;
    } while (this.text[end] === quote);
    const value = this.text.slice(start + 1, end - 1).replaceAll(quote + quote, quote);
    if (value === '' && type === QuotedIdentifier) throw sqlInvalid(this.#place(end), 'a name cannot be empty');
    this.#push(type, end, value);
  }

  #push(type: TokenType, end: number, payload?: string): void {
    const column = this.#at - this.#lineStart + 1;
    const token = createTokenInstance(type, this.text.slice(this.#at, end), this.#at, end - 1, this.#line, this.#line, column, column);
    if (payload !== undefined) token.payload = payload;
    this.#tokens.push(token);
    this.#advance(end);
  }

  #advance(end: number): void {
    while (this.#newline < end) {
      this.#line += 1;
      this.#lineStart = this.#newline + 1;
      this.#newline = newlineAfter(this.text, this.#lineStart);
    }
    this.#at = end;
  }

  #peek(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.text)?.[0] ?? '';
  }

  #match(pattern: RegExp): string {
    const found = this.#peek(pattern);
    if (found !== '') this.#advance(this.#at + found.length);
    return found;
  }

  /** After the next `stop` on this line, or the line's end. */
  #lineEnd(from: number, stop?: string): number {
    const end = Math.min(newlineAfter(this.text, from), this.text.length);
    const found = stop === undefined ? -1 : this.text.indexOf(stop, from);
    return found >= 0 && found < end ? found + 1 : end;
  }

  #place(end: number): Place {
    return placeOf(this.text, this.#line, this.#at - this.#lineStart + 1, this.#at, end);
  }
}

function newlineAfter(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found < 0 ? Infinity : found;
}
