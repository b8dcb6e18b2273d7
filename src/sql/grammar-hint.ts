/** Hint comments: OPTIONS and whatever else Flink takes after SELECT or a table's name. */
import type { Hint, TableOption } from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { ExpressionGrammar } from './grammar-expression.js';
import { Comma, Equal, HintEnd, HintStart, LeftParen, NameToken, NumberToken, RightParen } from './tokens.js';

export abstract class HintGrammar extends ExpressionGrammar {
  /** The hints of one comment. */
  readonly hints: GrammarRule<Hint[]> = this.rule('hints', () => {
    this.CONSUME(HintStart);
    const hints = [this.SUBRULE(this.hint)];
    this.MANY(() => {
      this.OPTION(() => this.CONSUME(Comma));
      hints.push(this.SUBRULE1(this.hint));
    });
    this.CONSUME(HintEnd);
    return hints;
  });

  readonly hint: GrammarRule<Hint> = this.rule('hint', () => {
    const token = this.CONSUME(NameToken);
    const options: TableOption[] = [];
    this.OPTION(() => {
      this.CONSUME(LeftParen);
      this.SUBRULE(this.hintArgument, { ARGS: [options] });
      this.MANY(() => {
        this.CONSUME(Comma);
        this.SUBRULE1(this.hintArgument, { ARGS: [options] });
      });
      this.CONSUME(RightParen);
    });
    return { name: token.image.toUpperCase(), options, place: this.placeFrom(token) };
  });

  /** `'key' = 'value'` is kept; a table's name or a number only has to be readable. */
  readonly hintArgument: GrammarRule<void, [options: TableOption[]]> = this.rule('hintArgument', (options) => {
    const first = this.LA(1);
    this.OR([
      { ALT: () => {
        const key = this.SUBRULE(this.text);
        const value = this.OPTION(() => (this.CONSUME(Equal), this.SUBRULE1(this.text)));
        this.ACTION(() => { if (value !== undefined) options.push({ key, value, place: this.placeFrom(first) }); });
      } },
      { ALT: () => { this.SUBRULE(this.qualifiedName); } },
      { ALT: () => { this.CONSUME(NumberToken); } },
    ]);
  });
}
