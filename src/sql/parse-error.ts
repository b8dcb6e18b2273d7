/** The parser's complaints in the user's terms: what was found, what could have stood there, and what was likely meant. */
import { EOF, tokenMatcher, type IParserErrorMessageProvider, type IToken, type TokenType } from 'chevrotain';
import type { TapewrightError } from '../core/errors.js';
import { Expectation } from './expectation.js';
import { placeOfTokens } from './place.js';
import { quoted, sqlInvalid } from './sql-error.js';
import { suggestionFor } from './suggestion.js';
import {
  BinaryToken, Comma, Dot, EXPRESSION_STARTS, HintStart, K, LeftBracket, LeftParen, NameToken, OPERATORS, RightParen, Semicolon,
} from './tokens.js';

const LISTED_MAX = 7;
const IMPORTANT: readonly TokenType[] = [Comma, RightParen, K.FROM, K.WHERE, K.GROUP, Semicolon];

/**
 * Chevrotain asks this for messages; it throws the finished error instead, at the first token that does
 * not fit, since nothing after it can be trusted.
 */
export class ParseErrors implements IParserErrorMessageProvider {
  #text = '';
  #tokens: readonly IToken[] = [];
  #redundant: IToken | undefined;

  constructor(readonly expectation: Expectation) {}

  start(text: string, tokens: readonly IToken[]): void {
    this.#text = text;
    this.#tokens = tokens;
    this.#redundant = undefined;
    this.expectation.clear();
  }

  buildMismatchTokenMessage({ actual, expected }: { actual: IToken; expected: TokenType }): string {
    throw this.#error(actual, [...this.expectation.passedAt(actual), expected]);
  }

  buildNoViableAltMessage({ actual, expectedPathsPerAlt }: { actual: IToken[]; expectedPathsPerAlt: TokenType[][][] }): string {
    const paths = expectedPathsPerAlt.flat();
    const [first, second] = actual;
    // Where the first token fits some path, it is the second that fits none.
    const begun = second === undefined ? [] : paths.filter(([start, next]) => next !== undefined && tokenMatcher(first!, start!));
    if (begun.length > 0) throw this.#error(second!, begun.map((path) => path[1]!));
    throw this.#error(first!, [...this.expectation.passedAt(first!), ...paths.flatMap((path) => path.slice(0, 1))]);
  }

  buildEarlyExitMessage({ actual, expectedIterationPaths }: { actual: IToken[]; expectedIterationPaths: TokenType[][] }): string {
    throw this.#error(actual[0]!, expectedIterationPaths.flatMap((path) => path.slice(0, 1)));
  }

  /** Asked even while another error is on its way up, so this one waits for `raiseRedundant`. */
  buildNotAllInputParsedMessage({ firstRedundant }: { firstRedundant: IToken }): string {
    this.#redundant ??= firstRedundant;
    return '';
  }

  /** Throws when the script ended before its text did. */
  raiseRedundant(): void {
    if (this.#redundant !== undefined) throw this.#error(this.#redundant, this.expectation.passedAt(this.#redundant));
  }

  #error(actual: IToken, expected: readonly TokenType[]): TapewrightError {
    const place = placeOfTokens(this.#text, actual);
    const listed = describe(expected);
    const found = actual.tokenType === EOF ? 'the text ends here, but' : `unexpected ${quoted(place.text)}:`;
    const message = listed === '' ? found.slice(0, -1) : `${found} expected ${listed}`;
    const at = this.#tokens.indexOf(actual);
    const suggestion = suggestionFor(this.#tokens, at < 0 ? this.#tokens.length : at, expected);
    return sqlInvalid(place, message, suggestion);
  }
}

/** Families of tokens that are told by one name when all their signs are expected. */
const FAMILIES: readonly { readonly name: string; readonly signs: readonly TokenType[]; readonly members: ReadonlySet<TokenType> }[] = [
  { name: 'an expression', signs: [LeftParen, K.CASE], members: EXPRESSION_STARTS },
  { name: 'a query', signs: [K.SELECT, K.VALUES], members: new Set([K.WITH, K.SELECT, K.VALUES, K.TABLE, LeftParen]) },
  { name: 'a type', signs: [K.ARRAY, K.ROW, K.INTERVAL, NameToken], members: new Set([K.ARRAY, K.MAP, K.ROW, K.INTERVAL, NameToken]) },
  { name: 'an operator', signs: [BinaryToken], members: OPERATORS },
];

/** `',', FROM or ';'` */
function describe(expected: readonly TokenType[]): string {
  const types = new Set(expected);
  if (types.has(K.CREATE) && types.has(K.INSERT)) return 'a statement, such as CREATE TABLE, INSERT INTO or SELECT';
  const families: string[] = [];
  for (const { name, signs, members } of FAMILIES) {
    if (!signs.every((sign) => types.has(sign))) continue;
    families.push(name);
    for (const member of members) types.delete(member);
  }
  // An index into a value or a field of it is possible after most, and meant by few.
  const words = [...types].filter((type) => type !== HintStart && type !== LeftBracket && type !== Dot);
  words.sort((a, b) => weightOf(a) - weightOf(b));
  const told = [...words.slice(0, LISTED_MAX - families.length).map((type) => type.LABEL ?? type.name), ...families];
  return told.length < 2 ? told.join('') : `${told.slice(0, -1).join(', ')} or ${told.at(-1)!}`;
}

/** Of many possibilities first the ones that continue or close what was begun. */
function weightOf(type: TokenType): number {
  const weight = IMPORTANT.indexOf(type);
  return weight < 0 ? IMPORTANT.length : weight;
}
