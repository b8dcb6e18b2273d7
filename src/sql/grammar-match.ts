/** What stands in the brackets of MATCH_RECOGNIZE. Patterns that no statement may have are read too, to be refused by name. */
import type { IToken } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import type { AfterMatchSkip, Definition, MatchBody, Measure, RowPattern, RowsPerMatch } from './ast-match.js';
import type { GrammarRule } from './grammar-base.js';
import { QueryGrammar } from './grammar-query.js';
import { sqlInvalid } from './sql-error.js';
import {
  Bar, Caret, Comma, Dollar, Equal, ExclusionEnd, ExclusionStart, K, LeftBrace, LeftParen, NumberToken, Plus, Question, RightBrace, RightParen, Star,
} from './tokens.js';

type Quantifier = { readonly min: number; readonly max: number | null };

export abstract class MatchGrammar extends QueryGrammar {
  readonly matchBody: GrammarRule<MatchBody> = this.rule('matchBody', () => {
    const first = this.CONSUME(LeftParen);
    const partitionBy = this.OPTION(() => {
      this.CONSUME(K.PARTITION);
      this.CONSUME(K.BY);
      return this.SUBRULE(this.expressions);
    }) ?? [];
    const orderBy = this.OPTION1(() => this.SUBRULE(this.orderBy)) ?? [];
    const measures = this.OPTION2(() => this.SUBRULE(this.measures)) ?? [];
    const rows = this.OPTION3(() => this.SUBRULE(this.rowsPerMatch));
    const skip = this.OPTION4(() => this.SUBRULE(this.afterMatchSkip));
    this.CONSUME(K.PATTERN);
    this.CONSUME1(LeftParen);
    const pattern = this.SUBRULE(this.rowPattern);
    this.CONSUME1(RightParen);
    const within = this.OPTION5(() => {
      this.CONSUME(K.WITHIN);
      return this.SUBRULE(this.expression);
    });
    const subset = this.OPTION6(() => this.SUBRULE(this.subset));
    const define = this.OPTION7(() => this.SUBRULE(this.definitions)) ?? [];
    this.CONSUME2(RightParen);
    return { partitionBy, orderBy, measures, rows, skip, pattern, within, subset, define, place: this.placeFrom(first) };
  });

  readonly measures: GrammarRule<Measure[]> = this.rule('measures', () => {
    this.CONSUME(K.MEASURES);
    const items = [this.SUBRULE(this.measure)];
    this.MANY(() => {
      this.CONSUME(Comma);
      items.push(this.SUBRULE1(this.measure));
    });
    return items;
  });

  readonly measure: GrammarRule<Measure> = this.rule('measure', () => {
    const first = this.LA(1);
    const expression = this.SUBRULE(this.expression);
    this.CONSUME(K.AS);
    const name = this.SUBRULE(this.name);
    return { expression, name, place: this.placeFrom(first) };
  });

  readonly rowsPerMatch: GrammarRule<RowsPerMatch> = this.rule('rowsPerMatch', () => {
    const first = this.LA(1);
    const rows = this.OR([
      { ALT: () => (this.CONSUME(K.ONE), this.CONSUME(K.ROW), 'ONE' as const) },
      { ALT: () => (this.CONSUME(K.ALL), this.CONSUME(K.ROWS), 'ALL' as const) },
    ]);
    this.CONSUME(K.PER);
    this.CONSUME(K.MATCH);
    return { rows, place: this.placeFrom(first) };
  });

  readonly afterMatchSkip: GrammarRule<AfterMatchSkip> = this.rule('afterMatchSkip', () => {
    const first = this.CONSUME(K.AFTER);
    this.CONSUME(K.MATCH);
    this.CONSUME(K.SKIP);
    const target = this.OR<Pick<AfterMatchSkip, 'to' | 'variable'>>([
      { ALT: () => {
        this.CONSUME(K.PAST);
        this.CONSUME(K.LAST);
        this.CONSUME(K.ROW);
        return { to: 'PAST LAST ROW', variable: undefined };
      } },
      { ALT: () => {
        this.CONSUME(K.TO);
        return this.SUBRULE(this.skipTarget);
      } },
    ]);
    return { ...target, place: this.placeFrom(first) };
  });

  readonly skipTarget: GrammarRule<Pick<AfterMatchSkip, 'to' | 'variable'>> = this.rule('skipTarget', () => this.OR<Pick<AfterMatchSkip, 'to' | 'variable'>>([
    { GATE: () => this.isNext(K.ROW, 2), ALT: () => {
      this.CONSUME(K.NEXT);
      this.CONSUME(K.ROW);
      return { to: 'NEXT ROW', variable: undefined };
    } },
    { GATE: () => this.#isVariable(2), ALT: () => (this.CONSUME(K.FIRST), { to: 'FIRST', variable: this.SUBRULE(this.name) }) },
    { GATE: () => this.#isVariable(2), ALT: () => (this.CONSUME1(K.LAST), { to: 'LAST', variable: this.SUBRULE1(this.name) }) },
    { ALT: () => ({ to: 'LAST', variable: this.SUBRULE2(this.name) }) },
  ]));

  /** A name that is not the word PATTERN before its bracket. */
  #isVariable(ahead: number): boolean {
    return this.isName(ahead) && !(this.isNext(K.PATTERN, ahead) && this.isNext(LeftParen, ahead + 1));
  }

  readonly rowPattern: GrammarRule<RowPattern> = this.rule('rowPattern', () => {
    this.ACTION(() => this.enter());
    const first = this.LA(1);
    const branches = [this.SUBRULE(this.patternBranch)];
    this.MANY(() => {
      this.CONSUME(Bar);
      branches.push(this.SUBRULE1(this.patternBranch));
    });
    this.ACTION(() => this.leave());
    return branches.length === 1 ? branches[0]! : { kind: 'patternAlternation', branches, place: this.placeFrom(first) };
  });

  readonly patternBranch: GrammarRule<RowPattern> = this.rule('patternBranch', () => {
    const first = this.LA(1);
    const parts = [this.SUBRULE(this.patternFactor)];
    this.MANY(() => parts.push(this.SUBRULE1(this.patternFactor)));
    return parts.length === 1 ? parts[0]! : { kind: 'patternConcatenation', parts, place: this.placeFrom(first) };
  });

  readonly patternFactor: GrammarRule<RowPattern> = this.rule('patternFactor', () => {
    const first = this.LA(1);
    const pattern = this.SUBRULE(this.patternPrimary);
    const quantifier = this.OPTION(() => this.SUBRULE(this.quantifier));
    const reluctant = this.OPTION1({ GATE: () => quantifier !== undefined, DEF: () => this.CONSUME(Question) });
    return quantifier === undefined ? pattern : { kind: 'patternQuantified', pattern, ...quantifier, greedy: reluctant === undefined, place: this.placeFrom(first) };
  });

  readonly patternPrimary: GrammarRule<RowPattern> = this.rule('patternPrimary', () => {
    const first = this.LA(1);
    return this.OR<RowPattern>([
      { GATE: () => this.isNext(LeftParen, 2), ALT: () => {
        this.CONSUME(K.PERMUTE);
        this.CONSUME(LeftParen);
        const patterns = [this.SUBRULE(this.rowPattern)];
        this.MANY(() => {
          this.CONSUME(Comma);
          patterns.push(this.SUBRULE1(this.rowPattern));
        });
        this.CONSUME(RightParen);
        return { kind: 'patternPermutation', patterns, place: this.placeFrom(first) };
      } },
      { ALT: () => {
        this.CONSUME1(LeftParen);
        const pattern = this.SUBRULE2(this.rowPattern);
        this.CONSUME1(RightParen);
        return pattern;
      } },
      { ALT: () => {
        this.CONSUME(ExclusionStart);
        const pattern = this.SUBRULE3(this.rowPattern);
        this.CONSUME(ExclusionEnd);
        return { kind: 'patternExclusion', pattern, place: this.placeFrom(first) };
      } },
      { ALT: () => (this.CONSUME(Caret), { kind: 'patternAnchor', place: this.placeFrom(first) }) },
      { ALT: () => (this.CONSUME(Dollar), { kind: 'patternAnchor', place: this.placeFrom(first) }) },
      { ALT: () => ({ kind: 'patternName', name: this.SUBRULE(this.name), place: this.placeFrom(first) }) },
    ]);
  });

  readonly quantifier: GrammarRule<Quantifier> = this.rule('quantifier', () => this.OR<Quantifier>([
    { ALT: () => (this.CONSUME(Star), { min: 0, max: null }) },
    { ALT: () => (this.CONSUME(Plus), { min: 1, max: null }) },
    { ALT: () => (this.CONSUME(Question), { min: 0, max: 1 }) },
    { ALT: () => {
      const first = this.CONSUME(LeftBrace);
      const min = this.OPTION(() => this.CONSUME(NumberToken));
      let max: IToken | undefined;
      const comma = this.OPTION1(() => {
        const token = this.CONSUME(Comma);
        max = this.OPTION2(() => this.CONSUME1(NumberToken));
        return token;
      });
      this.CONSUME(RightBrace);
      return this.ACTION(() => {
        if (min === undefined && max === undefined) throw sqlInvalid(this.placeFrom(first), 'this quantifier has no number', 'Write {3}, {2,}, {2,5} or {,5}.');
        const least = min === undefined ? 0 : this.#count(min);
        return { min: least, max: comma === undefined ? least : max === undefined ? null : this.#count(max) };
      });
    } },
  ]));

  #count(token: IToken): number {
    const count = Number(token.image);
    if (!Number.isInteger(count) || !/^\d+$/.test(token.image)) throw sqlInvalid(this.tokenPlace(token), `'${token.image}' is no number of rows`, 'Write a whole number.');
    return count;
  }

  readonly subset: GrammarRule<Place> = this.rule('subset', () => {
    const first = this.CONSUME(K.SUBSET);
    this.SUBRULE(this.subsetItem);
    this.MANY(() => {
      this.CONSUME(Comma);
      this.SUBRULE1(this.subsetItem);
    });
    return this.placeFrom(first);
  });

  readonly subsetItem: GrammarRule<void> = this.rule('subsetItem', () => {
    this.SUBRULE(this.name);
    this.CONSUME(Equal);
    this.SUBRULE(this.nameList);
  });

  readonly definitions: GrammarRule<Definition[]> = this.rule('definitions', () => {
    this.CONSUME(K.DEFINE);
    const items = [this.SUBRULE(this.definition)];
    this.MANY(() => {
      this.CONSUME(Comma);
      items.push(this.SUBRULE1(this.definition));
    });
    return items;
  });

  readonly definition: GrammarRule<Definition> = this.rule('definition', () => {
    const first = this.LA(1);
    const variable = this.SUBRULE(this.name);
    this.CONSUME(K.AS);
    const condition = this.SUBRULE(this.expression);
    return { variable, condition, place: this.placeFrom(first) };
  });
}
