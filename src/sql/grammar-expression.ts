/** Expressions: rows of operands and operators, and all that an operand can be. */
import type { IToken } from 'chevrotain';
import type { Case, ColumnName, IntervalLiteral, Query, QueryBody, RowValue, ScalarQuery, SqlExpression } from './ast.js';
import { bareName } from './calls.js';
import type { GrammarRule } from './grammar-base.js';
import { CallGrammar } from './grammar-call.js';
import type { Pieces } from './grammar-window.js';
import { intervalField, readInterval } from './interval.js';
import { foldOperators, type Infix, type Piece } from './operators.js';
import { sqlInvalid } from './sql-error.js';
import {
  BinaryToken, Comma, Dot, K, LeftBracket, LeftParen, Minus, NameToken, NumberToken, Plus, RightBracket, RightParen, StringToken,
} from './tokens.js';

/** What may follow a query in parentheses when it is the first of a larger query. */
const QUERY_CONTINUES = [K.UNION, K.INTERSECT, K.EXCEPT, K.ORDER, K.LIMIT, K.OFFSET, K.FETCH];
const TEMPORAL = ['DATE', 'TIME', 'TIMESTAMP'] as const;

export abstract class ExpressionGrammar extends CallGrammar {
  abstract readonly query: GrammarRule<Query>;
  /** The rest of a query whose first operand has been read already. */
  abstract readonly queryRest: GrammarRule<Query, [first: IToken, left: QueryBody]>;

  readonly expression: GrammarRule<SqlExpression> = this.rule('expression', () => {
    this.ACTION(() => this.enter());
    const pieces: Piece[] = [];
    this.SUBRULE(this.operand, { ARGS: [pieces] });
    this.MANY({
      // POSITION(a IN b) is the one place where IN has no list.
      GATE: () => !this.isNext(K.IN) || this.isNext(LeftParen, 2),
      DEF: () => this.SUBRULE(this.operation, { ARGS: [pieces] }),
    });
    return this.ACTION(() => {
      this.leave();
      return foldOperators(pieces, (first, last) => this.placeBetween(first, last));
    });
  });

  readonly expressions: GrammarRule<SqlExpression[]> = this.rule('expressions', () => {
    const list = [this.SUBRULE(this.expression)];
    this.MANY(() => {
      this.CONSUME(Comma);
      list.push(this.SUBRULE1(this.expression));
    });
    return list;
  });

  /** Signs and NOTs, something to apply them to, and `[i]` or `.name` after it. */
  readonly operand: GrammarRule<void, Pieces> = this.rule('operand', (pieces) => {
    this.MANY(() => this.OR([
      { ALT: () => this.#prefix(pieces, 'NOT', this.CONSUME(K.NOT)) },
      { ALT: () => this.#prefix(pieces, '-', this.CONSUME(Minus)) },
      { ALT: () => this.#prefix(pieces, '+', this.CONSUME(Plus)) },
    ]));
    const first = this.LA(1);
    let node = this.SUBRULE(this.primary);
    this.MANY1(() => this.OR1([
      { ALT: () => {
        this.CONSUME(LeftBracket);
        const index = this.SUBRULE(this.expression);
        this.CONSUME(RightBracket);
        node = { kind: 'item', operand: node, index, place: this.placeFrom(first) };
      } },
      { ALT: () => {
        this.CONSUME(Dot);
        const name = this.SUBRULE(this.name);
        node = { kind: 'field', operand: node, name, place: this.placeFrom(first) };
      } },
    ]));
    this.ACTION(() => pieces.push({ kind: 'operand', node, first, last: this.LA(0) }));
  });

  #prefix(pieces: Piece[], operator: 'NOT' | '-' | '+', first: IToken): void {
    this.ACTION(() => pieces.push({ kind: 'prefix', operator, first }));
  }

  /** An operator and what stands to its right. */
  readonly operation: GrammarRule<void, Pieces> = this.rule('operation', (pieces) => {
    this.OR([
      { ALT: () => {
        const token = this.CONSUME(BinaryToken);
        this.ACTION(() => this.#infix(pieces, binaryOperator(token.image), token));
        this.SUBRULE(this.operand, { ARGS: [pieces] });
      } },
      { ALT: () => this.SUBRULE(this.isOperation, { ARGS: [pieces] }) },
      { ALT: () => this.SUBRULE(this.negatableOperation, { ARGS: [pieces] }) },
    ]);
  });

  #infix(pieces: Piece[], operator: Infix, first: IToken, negated = false, symmetric = false): void {
    pieces.push({ kind: 'infix', operator, negated, symmetric, first });
  }

  readonly isOperation: GrammarRule<void, Pieces> = this.rule('isOperation', (pieces) => {
    const is = this.CONSUME(K.IS);
    const negated = this.OPTION(() => this.CONSUME(K.NOT)) !== undefined;
    const test = (word: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN') => ({ ALT: () => {
      const last = this.CONSUME(K[word]);
      this.ACTION(() => pieces.push({ kind: 'test', test: word, negated, last }));
    } });
    this.OR([
      test('NULL'), test('TRUE'), test('FALSE'), test('UNKNOWN'),
      { ALT: () => {
        this.CONSUME(K.DISTINCT);
        this.CONSUME(K.FROM);
        this.ACTION(() => this.#infix(pieces, 'IS DISTINCT FROM', is, negated));
        this.SUBRULE(this.operand, { ARGS: [pieces] });
      } },
    ]);
  });

  /** BETWEEN, LIKE, SIMILAR TO and IN, each with NOT or without; the AND of BETWEEN comes as an operation of its own. */
  readonly negatableOperation: GrammarRule<void, Pieces> = this.rule('negatableOperation', (pieces) => {
    const negated = this.OPTION(() => this.CONSUME(K.NOT)) !== undefined;
    const first = this.LA(1);
    this.OR([
      { ALT: () => {
        this.CONSUME(K.BETWEEN);
        let symmetric = false;
        this.OPTION1(() => this.OR1([
          { ALT: () => { this.CONSUME(K.SYMMETRIC); symmetric = true; } },
          { ALT: () => { this.CONSUME(K.ASYMMETRIC); } },
        ]));
        this.ACTION(() => this.#infix(pieces, 'BETWEEN', first, negated, symmetric));
        this.SUBRULE(this.operand, { ARGS: [pieces] });
      } },
      { ALT: () => {
        this.CONSUME(K.LIKE);
        this.ACTION(() => this.#infix(pieces, 'LIKE', first, negated));
        this.SUBRULE1(this.operand, { ARGS: [pieces] });
      } },
      { ALT: () => {
        this.CONSUME(K.SIMILAR);
        this.CONSUME(K.TO);
        this.ACTION(() => this.#infix(pieces, 'SIMILAR TO', first, negated));
        this.SUBRULE2(this.operand, { ARGS: [pieces] });
      } },
      { ALT: () => {
        this.CONSUME(K.IN);
        const list = this.SUBRULE(this.parenthesised);
        this.ACTION(() => pieces.push({ kind: 'in', last: this.LA(0), build: (operand, place) => {
          if (list.kind === 'scalarQuery') return { kind: 'inQuery', negated, operand, query: list.query, place };
          return { kind: 'inList', negated, operand, list: list.values, place };
        } }));
      } },
    ]);
  });

  readonly primary: GrammarRule<SqlExpression> = this.rule('primary', () => {
    const first = this.LA(1);
    return this.OR<SqlExpression>([
      { ALT: () => this.#number(this.CONSUME(NumberToken)) },
      { ALT: () => ({ kind: 'string', value: this.SUBRULE(this.text), place: this.tokenPlace(first) }) },
      { ALT: () => (this.CONSUME(K.TRUE), { kind: 'boolean', value: true, place: this.tokenPlace(first) }) },
      { ALT: () => (this.CONSUME(K.FALSE), { kind: 'boolean', value: false, place: this.tokenPlace(first) }) },
      { ALT: () => (this.CONSUME(K.UNKNOWN), { kind: 'boolean', value: null, place: this.tokenPlace(first) }) },
      { ALT: () => (this.CONSUME(K.NULL), { kind: 'null', place: this.tokenPlace(first) }) },
      { ALT: () => this.SUBRULE(this.interval) },
      { ALT: () => this.SUBRULE(this.caseExpression) },
      { ALT: () => {
        this.CONSUME(K.EXISTS);
        this.CONSUME(LeftParen);
        const query = this.SUBRULE(this.query);
        this.CONSUME(RightParen);
        return { kind: 'exists', query, place: this.placeFrom(first) };
      } },
      { ALT: () => {
        const inside = this.SUBRULE(this.parenthesised);
        return this.ACTION(() => (inside.kind === 'row' && inside.values.length === 1 ? inside.values[0]! : inside));
      } },
      { ALT: () => {
        this.CONSUME(K.ROW);
        this.CONSUME1(LeftParen);
        const values = this.SUBRULE(this.expressions);
        this.CONSUME1(RightParen);
        return { kind: 'row', values, place: this.placeFrom(first) };
      } },
      { ALT: () => (this.CONSUME(K.ARRAY), { kind: 'array', values: this.SUBRULE(this.bracketed), place: this.placeFrom(first) }) },
      { GATE: () => this.isNext(LeftBracket, 2),
        ALT: () => (this.CONSUME(K.MAP), { kind: 'map', values: this.SUBRULE1(this.bracketed), place: this.placeFrom(first) }) },
      { GATE: () => this.isNext(StringToken, 2) && this.isWord(1, ...TEMPORAL), ALT: () => this.SUBRULE(this.temporal) },
      { GATE: () => this.isWord(1, 'FINAL', 'RUNNING') && this.isName(2) && this.isNext(LeftParen, 3), ALT: () => this.SUBRULE(this.modifiedCall) },
      { ALT: () => (this.CONSUME(K.LEFT), this.SUBRULE(this.call, { ARGS: [[this.nameOf(first)], first] })) },
      { ALT: () => (this.CONSUME(K.RIGHT), this.SUBRULE1(this.call, { ARGS: [[this.nameOf(first)], first] })) },
      { ALT: () => this.SUBRULE(this.nameOrCall) },
    ]);
  });

  #number(token: IToken): SqlExpression {
    const text = token.image;
    const form = /[eE]/.test(text) ? 'double' : text.includes('.') ? 'decimal' : 'integer';
    return { kind: 'number', form, text, place: this.tokenPlace(token) };
  }

  /** A query in parentheses, or values: one in a list of one. */
  readonly parenthesised: GrammarRule<ScalarQuery | RowValue> = this.rule('parenthesised', () => {
    const first = this.CONSUME(LeftParen);
    const start = this.LA(1);
    let query: Query | undefined;
    let values: SqlExpression[] = [];
    this.OR([
      { ALT: () => { query = this.SUBRULE(this.query); }, GATE: () => !this.isNext(LeftParen) },
      { ALT: () => {
        values = this.SUBRULE(this.expressions);
        const left = this.ACTION(() => (values.length === 1 && values[0]!.kind === 'scalarQuery' ? values[0]!.query : undefined));
        // ((SELECT …) UNION …): what looked like a value was the first part of a query.
        this.OPTION({
          GATE: () => left !== undefined && QUERY_CONTINUES.includes(this.LA(1).tokenType),
          DEF: () => { query = this.SUBRULE(this.queryRest, { ARGS: [start, left!] }); },
        });
      } },
    ]);
    this.CONSUME(RightParen);
    const place = this.placeFrom(first);
    return query === undefined ? { kind: 'row', values, place } : { kind: 'scalarQuery', query, place };
  });

  readonly bracketed: GrammarRule<SqlExpression[]> = this.rule('bracketed', () => {
    let values: SqlExpression[] = [];
    this.CONSUME(LeftBracket);
    this.OPTION(() => { values = this.SUBRULE(this.expressions); });
    this.CONSUME(RightBracket);
    return values;
  });

  readonly temporal: GrammarRule<SqlExpression> = this.rule('temporal', () => {
    const first = this.CONSUME(NameToken);
    const text = this.SUBRULE(this.text);
    const type = first.image.toUpperCase() as (typeof TEMPORAL)[number];
    return { kind: 'temporal', type, text, place: this.placeFrom(first) };
  });

  readonly interval: GrammarRule<IntervalLiteral> = this.rule('interval', () => {
    const first = this.CONSUME(K.INTERVAL);
    let negative = false;
    this.OPTION(() => this.OR([
      { ALT: () => { this.CONSUME(Minus); negative = true; } },
      { ALT: () => { this.CONSUME(Plus); } },
    ]));
    const text = this.SUBRULE(this.text);
    const from = this.SUBRULE(this.intervalUnit);
    const to = this.OPTION1(() => {
      this.CONSUME(K.TO);
      return this.SUBRULE1(this.intervalUnit);
    });
    return this.ACTION(() => readInterval({ text, negative, from, to, place: this.placeFrom(first) }));
  });

  /** `MINUTE`, `DAY(3)`, `SECOND(3, 6)`: precisions change nothing here. */
  readonly intervalUnit: GrammarRule<NonNullable<ReturnType<typeof intervalField>>> = this.rule('intervalUnit', () => {
    const token = this.CONSUME(NameToken);
    this.OPTION(() => {
      this.CONSUME(LeftParen);
      this.CONSUME(NumberToken);
      this.OPTION1(() => {
        this.CONSUME(Comma);
        this.CONSUME1(NumberToken);
      });
      this.CONSUME(RightParen);
    });
    return this.ACTION(() => {
      const field = intervalField(token.image);
      if (field !== undefined) return field;
      throw sqlInvalid(this.tokenPlace(token), `'${token.image}' is no unit of an interval`, 'Units are YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND.');
    });
  });

  readonly caseExpression: GrammarRule<SqlExpression> = this.rule('caseExpression', () => {
    const first = this.CONSUME(K.CASE);
    const operand = this.OPTION(() => this.SUBRULE(this.expression));
    const branches: Case['branches'][number][] = [this.SUBRULE(this.caseBranch)];
    this.MANY(() => branches.push(this.SUBRULE1(this.caseBranch)));
    const otherwise = this.OPTION1(() => {
      this.CONSUME(K.ELSE);
      return this.SUBRULE1(this.expression);
    });
    this.CONSUME(K.END);
    return { kind: 'case', operand, branches, otherwise, place: this.placeFrom(first) };
  });

  readonly caseBranch: GrammarRule<Case['branches'][number]> = this.rule('caseBranch', () => {
    this.CONSUME(K.WHEN);
    const when = this.SUBRULE(this.expression);
    this.CONSUME(K.THEN);
    const then = this.SUBRULE1(this.expression);
    return { when, then };
  });

  readonly nameOrCall: GrammarRule<SqlExpression> = this.rule('nameOrCall', () => {
    const first = this.LA(1);
    const parts = [this.SUBRULE(this.name)];
    this.MANY(() => {
      this.CONSUME(Dot);
      parts.push(this.SUBRULE1(this.name));
    });
    const call = this.OPTION({ GATE: () => this.isNext(LeftParen), DEF: () => this.SUBRULE(this.call, { ARGS: [parts, first] }) });
    return call ?? this.ACTION((): SqlExpression => {
      const column: ColumnName = { kind: 'name', parts, place: this.placeFrom(first) };
      return bareName(column);
    });
  });
}

function binaryOperator(image: string): Infix {
  return image === '!=' ? '<>' : (image.toUpperCase() as Infix);
}

