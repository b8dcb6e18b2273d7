/** What all parts of the grammar share: the parser's settings, places, names and the bound on nesting. */
import { EmbeddedActionsParser, type IToken, type ParserMethod, type TokenType } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import type { Name, QualifiedName } from './ast.js';
import { Expectation, NotingLookahead } from './expectation.js';
import { ParseErrors } from './parse-error.js';
import { placeOfTokens } from './place.js';
import { tooDeep } from './sql-error.js';
import { Comma, Dot, LeftParen, NameToken, RightParen, StringToken, VOCABULARY } from './tokens.js';

const DEPTH_MAX = 200;
const LOOKAHEAD_MAX = 2;
const NOWHERE: Place = { line: 0, column: 0, text: '' };

/**
 * A rule of the grammar. Chevrotain first runs every rule once without input, to learn the grammar: so
 * rules decide by GATE and OR only, and what reads its tokens stands in ACTION.
 */
export type GrammarRule<Result, Args extends unknown[] = []> = ParserMethod<Args, Result>;

export abstract class GrammarBase extends EmbeddedActionsParser {
  readonly #errors: ParseErrors;
  #text = '';
  #depth = 0;

  constructor(errors = new ParseErrors(new Expectation())) {
    super(VOCABULARY, {
      maxLookahead: LOOKAHEAD_MAX,
      lookaheadStrategy: new NotingLookahead(errors.expectation, LOOKAHEAD_MAX),
      errorMessageProvider: errors,
      skipValidations: true,
    });
    this.#errors = errors;
  }

  /** Defines a rule; the field that holds it tells its result and arguments. */
  protected rule<Result, Args extends unknown[] = []>(name: string, implementation: (...args: Args) => Result): GrammarRule<Result, Args> {
    return this.RULE(name, implementation);
  }

  /** Takes a new text; its first error is thrown as soon as it is met. */
  protected start(text: string, tokens: IToken[]): void {
    this.#text = text;
    this.#depth = 0;
    this.#errors.start(text, tokens);
    this.input = tokens;
  }

  /** Throws when the grammar stopped before the text did. */
  protected finish(): void {
    this.#errors.raiseRedundant();
  }

  /** Called where the grammar meets itself again, so that no text can exhaust the stack. */
  protected enter(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      throw tooDeep(this.tokenPlace(this.LA(1)), DEPTH_MAX);
    }
  }

  protected leave(): void {
    this.#depth -= 1;
  }

  /** From `first` to the token consumed last. */
  protected placeFrom(first: IToken): Place {
    return this.placeBetween(first, this.LA(0));
  }

  protected placeBetween(first: IToken, last: IToken): Place {
    // While the grammar is being learned there are no tokens.
    return this.RECORDING_PHASE ? NOWHERE : placeOfTokens(this.#text, first, last);
  }

  protected tokenPlace(token: IToken): Place {
    return this.placeBetween(token, token);
  }

  protected isNext(type: TokenType, ahead = 1): boolean {
    return this.LA(ahead).tokenType === type;
  }

  protected isWord(ahead: number, ...words: string[]): boolean {
    return words.includes(this.LA(ahead).image.toUpperCase());
  }

  protected isName(ahead = 1): boolean {
    return this.LA(ahead).tokenType.CATEGORIES?.includes(NameToken) ?? false;
  }

  readonly name: GrammarRule<Name> = this.rule('name', () => {
    const token = this.CONSUME(NameToken);
    return this.ACTION(() => this.nameOf(token));
  });

  protected nameOf(token: IToken): Name {
    const quoted = token.image.startsWith('`');
    return { text: quoted ? (token.payload as string) : token.image, quoted, place: this.tokenPlace(token) };
  }

  readonly qualifiedName: GrammarRule<QualifiedName> = this.rule('qualifiedName', () => {
    const first = this.LA(1);
    const parts = [this.SUBRULE(this.name)];
    this.MANY(() => {
      this.CONSUME(Dot);
      parts.push(this.SUBRULE1(this.name));
    });
    return { parts, place: this.placeFrom(first) };
  });

  /** `(a, b)` */
  readonly nameList: GrammarRule<Name[]> = this.rule('nameList', () => {
    this.CONSUME(LeftParen);
    const names = [this.SUBRULE(this.name)];
    this.MANY(() => {
      this.CONSUME(Comma);
      names.push(this.SUBRULE1(this.name));
    });
    this.CONSUME(RightParen);
    return names;
  });

  readonly text: GrammarRule<string> = this.rule('text', () => {
    const token = this.CONSUME(StringToken);
    return token.payload as string;
  });
}
