/** The user's text cut into statements, each as it was written, with the comments above it. */
import type { IToken } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import type { Insert, Statement, StatementSet } from '../sql/ast.js';
import { tokenize } from '../sql/lexer.js';
import { parseSql } from '../sql/parser.js';
import { Semicolon } from '../sql/tokens.js';

/** A statement; those of a statement set stand by themselves. */
export interface Piece {
  readonly statement: Exclude<Statement, StatementSet> | Insert;
  /** Whole lines; empty when there are none. */
  readonly comments: string;
  /** Its tokens are those from `first` up to `end`. */
  readonly first: number;
  readonly end: number;
}

/** Text instead of what stands from `start` up to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export class ScriptText {
  readonly tokens: readonly IToken[];
  readonly pieces: readonly Piece[];
  /** What is said after the last statement. */
  readonly closing: string;
  readonly #at: ReadonlyMap<string, number>;

  /** @throws SQL_INVALID. */
  constructor(readonly text: string) {
    this.tokens = tokenize(text);
    this.#at = new Map(this.tokens.map(({ startLine, startColumn }, index) => [`${startLine}:${startColumn}`, index]));
    const cuts: { statement: Piece['statement']; first: number; end: number }[] = [];
    for (const statement of parseSql(text).statements.flatMap((one): readonly Piece['statement'][] => (one.kind === 'statementSet' ? one.inserts : [one]))) {
      const first = this.indexAt(statement.place)!;
      cuts.push({ statement, first, end: this.#next(first) });
    }
    const comments = [...cuts.map(({ first }) => first), this.tokens.length].map((first, index) => this.#gap(cuts[index - 1]?.end ?? 0, first));
    // What stands on a statement's own last line speaks of that statement.
    const beside = comments.map((gap, index) => (index === 0 ? '' : (/^[^\n]*/.exec(gap)?.[0] ?? '').trim()));
    const above = comments.map((gap, index) => (index === 0 ? gap : gap.slice((/^[^\n]*/.exec(gap)?.[0] ?? '').length)));
    this.pieces = cuts.map((cut, index) => ({ ...cut, comments: lines(above[index]!, beside[index + 1]!) }));
    this.closing = lines(above[cuts.length]!);
  }

  /** The token that begins at `place`. */
  indexAt({ line, column }: Place): number | undefined {
    return this.#at.get(`${line}:${column}`);
  }

  /** The piece's text after `edits`, which do not overlap. */
  edited({ first, end }: Piece, edits: readonly Edit[]): string {
    let from = this.tokens[first]!.startOffset;
    const parts: string[] = [];
    for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
      parts.push(this.text.slice(from, edit.start), edit.text);
      from = edit.end;
    }
    return [...parts, this.text.slice(from, this.endOf(end - 1))].join('');
  }

  /** The offset after a token. */
  endOf(token: number): number {
    return this.tokens[token]!.endOffset! + 1;
  }

  #next(from: number): number {
    const found = this.tokens.findIndex(({ tokenType }, index) => index >= from && tokenType === Semicolon);
    return found === -1 ? this.tokens.length : found;
  }

  /** What stands between tokens from `from` up to `to`, and before and after them. */
  #gap(from: number, to: number): string {
    const gaps: string[] = [];
    for (let index = from; index <= to; index += 1) {
      const start = index === 0 ? 0 : this.endOf(index - 1);
      if (index > from || from === 0 || from === this.tokens.length) gaps.push(this.text.slice(start, this.tokens[index]?.startOffset ?? this.text.length));
    }
    return gaps.join('');
  }
}

/** Whole lines of comments, without the empty ones around them. */
function lines(...texts: readonly string[]): string {
  return texts.flatMap((text) => text.split('\n')).map((line) => line.trim()).filter((line) => line !== '').join('\n');
}
