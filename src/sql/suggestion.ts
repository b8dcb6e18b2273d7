/** The likeliest cause of a syntax error, by a few rules, the surest first. */
import { EOF, tokenMatcher, type IToken, type TokenType } from 'chevrotain';
import {
  Comma, Equal, EXPRESSION_STARTS, Identifier, K, KEYWORDS, LeftBracket, LeftParen, NameToken, NumberToken, QuotedIdentifier, RESERVED_WORDS,
  RightBracket, RightParen, Semicolon, StrayCharacter, StringToken,
} from './tokens.js';

const EXPRESSIONS: readonly TokenType[] = [...EXPRESSION_STARTS];
/** What follows the words that are taken for an alias when they are nearly so written: `FROM t GRUOP BY x`. */
const BY = [K.BY];
const CLAUSES: ReadonlyMap<string, readonly TokenType[]> = new Map([
  ['FROM', [NameToken, LeftParen, K.TABLE]], ['WHERE', EXPRESSIONS], ['GROUP', BY], ['ORDER', BY], ['PARTITION', BY], ['HAVING', EXPRESSIONS],
  ['JOIN', [NameToken, LeftParen, K.TABLE, K.LATERAL]], ['LEFT', [K.JOIN, K.OUTER]], ['RIGHT', [K.JOIN, K.OUTER]], ['FULL', [K.JOIN, K.OUTER]],
  ['INNER', [K.JOIN]], ['CROSS', [K.JOIN]], ['UNION', [K.ALL, K.SELECT]], ['WINDOW', [NameToken]], ['LIMIT', [NumberToken]],
  ['OVER', [LeftParen, NameToken]], ['FILTER', [LeftParen]],
]);
const STARTS: ReadonlySet<TokenType> = new Set([K.CREATE, K.INSERT, K.SELECT, K.SET, K.EXECUTE, K.BEGIN, K.WITH, K.RESET]);
/** A misplaced one of these is a clause, not a name that lacks its backticks. */
const NEVER_NAMES: ReadonlySet<TokenType> = new Set([
  K.FROM, K.WHERE, K.GROUP, K.HAVING, K.AS, K.AND, K.OR, K.ON, K.SELECT, K.INSERT, K.CREATE, K.THEN, K.ELSE, K.END, K.WHEN, K.UNION,
  K.JOIN, K.NOT, K.IS, K.WITH, K.LIMIT, K.CASE, K.OVER, K.FILTER, K.BETWEEN, K.LIKE, K.IN, K.DISTINCT,
]);
const VALUE_STARTS: readonly TokenType[] = [NameToken, NumberToken, StringToken, K.CASE, K.NULL, K.TRUE, K.FALSE, K.INTERVAL, K.CONSTRAINT, K.PRIMARY];

interface Spot {
  readonly actual: IToken | undefined;
  readonly previous: IToken | undefined;
  readonly next: IToken | undefined;
  readonly expects: (type: TokenType) => boolean;
  readonly expected: readonly TokenType[];
  /** '(' without its ')' before the spot. */
  readonly open: readonly IToken[];
}

type Rule = (spot: Spot) => string | undefined;

/** A sentence, or undefined when nothing is likely. `at` is the unexpected token's index, or the count of tokens at the end. */
export function suggestionFor(tokens: readonly IToken[], at: number, expected: readonly TokenType[]): string | undefined {
  const types = new Set(expected);
  const spot: Spot = {
    actual: tokens[at], previous: tokens[at - 1], next: tokens[at + 1], expected, expects: (type) => types.has(type),
    open: openParens(tokens, at),
  };
  for (const rule of RULES) {
    const suggestion = rule(spot);
    if (suggestion !== undefined) return suggestion;
  }
  return undefined;
}

const RULES: readonly Rule[] = [strayCharacter, unquotedInterval, doubledEqual, trailingComma, misspeltWord, misspeltBefore,
  reservedName, unquotedText, missingSemicolon, unclosed, excessParen, missingComma];

function strayCharacter({ actual }: Spot): string | undefined {
  if (actual?.tokenType !== StrayCharacter) return undefined;
  return `The character '${actual.image}' has no meaning here.`;
}

function unquotedInterval({ actual, previous, next }: Spot): string | undefined {
  if (previous?.tokenType !== K.INTERVAL || actual === undefined) return undefined;
  const unit = next !== undefined && tokenMatcher(next, NameToken) ? next.image.toUpperCase() : 'MINUTE';
  return `Write the amount in quotes: INTERVAL '${actual.tokenType === NumberToken ? actual.image : 5}' ${unit}.`;
}

function doubledEqual({ actual, previous }: Spot): string | undefined {
  return actual?.tokenType === Equal && previous?.tokenType === Equal ? 'Compare with a single =.' : undefined;
}

function trailingComma({ actual, previous }: Spot): string | undefined {
  if (previous?.tokenType !== Comma) return undefined;
  const closes = actual === undefined || actual.tokenType === RightParen || NEVER_NAMES.has(actual.tokenType) || actual.tokenType === Semicolon;
  return closes && actual?.tokenType !== K.CASE && actual?.tokenType !== K.NOT ? `Remove the comma before ${actual === undefined ? 'the end' : `'${actual.image}'`}.` : undefined;
}

/** The unexpected word is nearly one that was expected. */
function misspeltWord({ actual, expected }: Spot): string | undefined {
  if (actual?.tokenType !== Identifier) return undefined;
  const near = nearestWord(actual.image, expected.map((type) => type.name).filter((name) => KEYWORDS.has(name)));
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

/** The word before was taken for an alias, but is nearly a clause: `SELECT price FORM ticks`. */
function misspeltBefore({ previous, actual }: Spot): string | undefined {
  if (previous?.tokenType !== Identifier || actual === undefined) return undefined;
  const near = nearestWord(previous.image, [...CLAUSES.keys()]);
  const follows = near !== undefined && CLAUSES.get(near)!.some((type) => tokenMatcher(actual, type));
  return !follows ? undefined : `Did you mean ${near} in place of '${previous.image}'?`;
}

function reservedName({ actual, expects }: Spot): string | undefined {
  if (actual === undefined || !RESERVED_WORDS.has(actual.tokenType) || NEVER_NAMES.has(actual.tokenType)) return undefined;
  if (!expects(NameToken) && !expects(Identifier)) return undefined;
  return `${actual.image.toUpperCase()} is a reserved word: write \`${actual.image}\` in backticks to use it as a name.`;
}

/** WITH (connector = 'kafka') */
function unquotedText({ actual, expects }: Spot): string | undefined {
  if (actual === undefined || !expects(StringToken) || expects(NameToken)) return undefined;
  return tokenMatcher(actual, NameToken) || actual.tokenType === NumberToken ? `Write it in single quotes: '${actual.image}'.` : undefined;
}

function missingSemicolon({ actual, expects, open }: Spot): string | undefined {
  if (actual === undefined || open.length > 0 || !(STARTS.has(actual.tokenType) || actual.tokenType === K.END)) return undefined;
  return expects(Semicolon) ? `Is a semicolon missing before ${actual.image.toUpperCase()}?` : undefined;
}

function unclosed({ actual, expects, open }: Spot): string | undefined {
  const opened = open.at(-1);
  const ends = actual === undefined || actual.tokenType === EOF || actual.tokenType === Semicolon || STARTS.has(actual.tokenType)
    || NEVER_NAMES.has(actual.tokenType);
  if (opened === undefined || !ends || !(expects(RightParen) || actual === undefined)) return undefined;
  return `The '${opened.image}' of line ${opened.startLine!}, column ${opened.startColumn!} is never closed.`;
}

function excessParen({ actual, open }: Spot): string | undefined {
  return actual?.tokenType === RightParen && open.length === 0 ? "There is one ')' too many." : undefined;
}

function missingComma({ actual, previous, expects }: Spot): string | undefined {
  if (actual === undefined || previous === undefined || !expects(Comma)) return undefined;
  const starts = VALUE_STARTS.some((type) => tokenMatcher(actual, type));
  return starts ? `Is a comma missing before ${actual.tokenType === QuotedIdentifier ? actual.image : `'${actual.image}'`}?` : undefined;
}

function openParens(tokens: readonly IToken[], at: number): IToken[] {
  const open: IToken[] = [];
  for (const token of tokens.slice(0, at)) {
    const type = token.tokenType;
    if (type === LeftParen || type === LeftBracket) open.push(token);
    else if (type === RightParen || type === RightBracket) open.pop();
    else if (type === Semicolon) open.length = 0;
  }
  return open;
}

/** The word that is at most one typing slip away, two in words of six letters or more. The first of equals. */
function nearestWord(written: string, words: readonly string[]): string | undefined {
  const upper = written.toUpperCase();
  let best: string | undefined;
  let least = Infinity;
  for (const word of words) {
    const slips = slipsBetween(upper, word);
    if (slips > 0 && slips <= (word.length >= 6 ? 2 : 1) && slips < least) {
      best = word;
      least = slips;
    }
  }
  return best;
}

/** Letters added, left out, replaced, or swapped with their neighbour. */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1, swapped));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
