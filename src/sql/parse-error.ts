/** The parser's complaints in the user's terms: what was found, what could have stood there, and what was likely meant. */
import { EOF, tokenMatcher, type IParserErrorMessageProvider, type IToken, type TokenType } from 'chevrotain';
import type { TapewrightError } from '../core/errors.js';
import { Expectation } from './expectation.js';
import { placeOfTokens } from './place.js';
import { sqlInvalid } from './sql-error.js';
import { suggestionFor } from './suggestion.js';
import { Comma, EXPRESSION_STARTS, K, LeftParen, NameToken, OPERATORS, Semicolon } from './tokens.js';

const LISTED_MAX = 7;

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
    const found = actual.tokenType === EOF ? 'the text ends here' : `unexpected '${cut(actual.image)}'`;
    const listed = describe(expected);
    const message = listed === '' ? found : `${found}${actual.tokenType === EOF ? ', but' : ':'} expected ${listed}`;
    const at = this.#tokens.indexOf(actual);
    const suggestion = suggestionFor(this.#tokens, at < 0 ? this.#tokens.length : at, expected);
    return sqlInvalid(placeOfTokens(this.#text, actual), message, suggestion);
  }
}

const cut = (image: string): string => (image.length > 40 ? `${image.slice(0, 40)}…` : image).replace(/\s+/g, ' ');

/** `',', FROM or ';'`: families of tokens are told by one name. */
function describe(expected: readonly TokenType[]): string {
  const types = new Set(expected);
  if (types.has(K.CREATE) && types.has(K.INSERT)) return 'a statement, such as CREATE TABLE, INSERT INTO or SELECT';
  const isExpression = types.has(LeftParen) && types.has(K.CASE);
  const labels: string[] = [];
  let operators = false;
  for (const type of types) {
    if (isExpression && EXPRESSION_STARTS.has(type)) labels.push('an expression');
    else if (OPERATORS.has(type)) operators = true;
    else labels.push(type === NameToken ? 'a name' : (type.LABEL ?? type.name));
  }
  const unique = [...new Set(labels)];
  // After an operand almost any operator may follow: that helps only when nothing else could.
  if (operators && unique.length === 0) return 'an operator';
  const told = unique.length > LISTED_MAX ? importantFirst(types, unique).slice(0, LISTED_MAX) : unique;
  return told.length < 2 ? told.join('') : `${told.slice(0, -1).join(', ')} or ${told.at(-1)!}`;
}

/** Of many possibilities, the ones that close or continue what was begun. */
function importantFirst(types: ReadonlySet<TokenType>, labels: readonly string[]): string[] {
  const weight = [Comma, K.FROM, K.WHERE, K.GROUP, Semicolon].filter((type) => types.has(type)).map((type) => type.LABEL ?? type.name);
  return [...weight, ...labels.filter((label) => !weight.includes(label))];
}
