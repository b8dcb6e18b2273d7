/** Calls: what stands between their parentheses, and FILTER, OVER and their like after them. */
import type { IToken } from 'chevrotain';
import type { Name, SqlExpression, TypeName, WindowSpecification } from './ast.js';
import { buildCall, emptyCall, type CallParts } from './calls.js';
import type { GrammarRule } from './grammar-base.js';
import { WindowGrammar } from './grammar-window.js';
import { K, LeftParen, NameToken, RightParen, Star } from './tokens.js';

export abstract class CallGrammar extends WindowGrammar {
  abstract readonly type: GrammarRule<TypeName>;

  /** The parentheses of a call and the clauses after them. */
  readonly call: GrammarRule<SqlExpression, [name: Name[], first: IToken]> = this.rule('call', (name, first) => {
    const parts = emptyCall();
    this.CONSUME(LeftParen);
    this.OPTION(() => this.OR([
      { ALT: () => { this.CONSUME(Star); parts.star = true; } },
      { ALT: () => this.SUBRULE(this.callArguments, { ARGS: [parts] }) },
    ]));
    this.CONSUME(RightParen);
    this.SUBRULE(this.callClauses, { ARGS: [parts] });
    return this.ACTION(() => buildCall(name, parts, this.placeFrom(first)));
  });

  /** FINAL or RUNNING before a call in MATCH_RECOGNIZE: a call of that name with the call as its argument. */
  readonly modifiedCall: GrammarRule<SqlExpression> = this.rule('modifiedCall', () => {
    const first = this.CONSUME(NameToken);
    const start = this.LA(1);
    const name = this.SUBRULE(this.name);
    const inner = this.SUBRULE(this.call, { ARGS: [[name], start] });
    return this.ACTION(() => buildCall([this.nameOf(first)], { ...emptyCall(), args: [inner] }, this.placeFrom(first)));
  });

  /** Arguments, and the words that EXTRACT, CAST, TRIM and their like have in place of commas. */
  readonly callArguments: GrammarRule<void, [parts: CallParts]> = this.rule('callArguments', (parts = emptyCall()) => {
    this.OPTION(() => this.OR([
      { ALT: () => { this.CONSUME(K.DISTINCT); parts.distinct = true; } },
      { ALT: () => { this.CONSUME(K.ALL); } },
      { ALT: () => { this.CONSUME(K.BOTH); parts.side = 'BOTH'; } },
      { ALT: () => { this.CONSUME(K.LEADING); parts.side = 'LEADING'; } },
      { ALT: () => { this.CONSUME(K.TRAILING); parts.side = 'TRAILING'; } },
    ]));
    this.OPTION1(() => { parts.args = this.SUBRULE(this.expressions); });
    this.OPTION2(() => this.OR1([
      { ALT: () => { this.CONSUME(K.AS); parts.as = this.SUBRULE(this.type); } },
      { ALT: () => { this.CONSUME(K.TO); parts.to = this.SUBRULE(this.name); } },
      { ALT: () => { this.CONSUME(K.IN); parts.within = this.SUBRULE(this.expression); } },
      { ALT: () => { this.CONSUME(K.PLACING); parts.placing = this.SUBRULE1(this.expression); } },
    ]));
    this.OPTION3(() => {
      this.CONSUME(K.FROM);
      parts.from = this.SUBRULE2(this.expression);
      this.OPTION4(() => {
        this.CONSUME(K.FOR);
        parts.length = this.SUBRULE3(this.expression);
      });
    });
  });

  readonly callClauses: GrammarRule<void, [parts: CallParts]> = this.rule('callClauses', (parts = emptyCall()) => {
    this.OPTION({ GATE: () => this.isNext(K.NULLS, 2), DEF: () => {
      this.OR([
        { ALT: () => { this.CONSUME(K.IGNORE); parts.nulls = 'IGNORE'; } },
        { ALT: () => { this.CONSUME(K.RESPECT); parts.nulls = 'RESPECT'; } },
      ]);
      this.CONSUME(K.NULLS);
    } });
    this.OPTION1(() => {
      this.CONSUME(K.WITHIN);
      this.CONSUME(K.GROUP);
      this.CONSUME(LeftParen);
      parts.withinGroup = this.SUBRULE(this.orderBy);
      this.CONSUME(RightParen);
    });
    this.OPTION2(() => {
      this.CONSUME(K.FILTER);
      this.CONSUME1(LeftParen);
      this.CONSUME(K.WHERE);
      parts.filter = this.SUBRULE(this.expression);
      this.CONSUME1(RightParen);
    });
    this.OPTION3(() => {
      this.CONSUME(K.OVER);
      parts.over = this.OR1([
        { ALT: () => this.SUBRULE(this.windowSpecification) },
        { ALT: (): WindowSpecification => {
          const base = this.SUBRULE(this.name);
          return { base, partitionBy: [], orderBy: [], frame: undefined, place: base.place };
        } },
      ]);
    });
  });
}
