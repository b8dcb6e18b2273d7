/**
 * Operands and operators in a row, folded into a tree by precedence. The grammar reads an expression as
 * such a row rather than with a rule a level, so that an operand costs one rule and not ten.
 */
import type { IToken } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import type { BinaryOperator, IsTest, SqlExpression } from './ast.js';
import { sqlInvalid, tooDeep } from './sql-error.js';

export type Infix = BinaryOperator | 'BETWEEN' | 'LIKE' | 'SIMILAR TO' | 'ESCAPE' | 'IS DISTINCT FROM';

/** One piece of an expression, with the tokens it spans. */
export type Piece =
  | { readonly kind: 'operand'; readonly node: SqlExpression; readonly first: IToken; readonly last: IToken }
  | { readonly kind: 'prefix'; readonly operator: 'NOT' | '-' | '+'; readonly first: IToken }
  | { readonly kind: 'infix'; readonly operator: Infix; readonly negated: boolean; readonly symmetric: boolean; readonly first: IToken }
  | { readonly kind: 'test'; readonly test: IsTest['test']; readonly negated: boolean; readonly last: IToken }
  /** `IN (…)`: `build` makes the node of the operand before it. */
  | { readonly kind: 'in'; readonly build: (operand: SqlExpression, place: Place) => SqlExpression; readonly last: IToken };

type Operand = Extract<Piece, { kind: 'operand' }>;

/** Strength, as Flink's parser has it; all are left-associative. */
const STRENGTH: Readonly<Record<Infix, number>> = {
  OR: 1, AND: 2, 'IS DISTINCT FROM': 4, '=': 5, '<>': 5, '<': 5, '<=': 5, '>': 5, '>=': 5,
  BETWEEN: 6, LIKE: 6, 'SIMILAR TO': 6, ESCAPE: 0, '+': 7, '-': 7, '*': 8, '/': 8, '%': 8, '||': 8,
};
/** Only `a = NOT b = NOT c …` nests as deep as it is long; other rows nest by their few strengths. */
const DEPTH_MAX = 200;
const NOT_STRENGTH = 3;
const TEST_STRENGTH = 4;
const IN_STRENGTH = 6;
const SIGN_STRENGTH = 9;

export function foldOperators(pieces: readonly Piece[], placeBetween: (first: IToken, last: IToken) => Place): SqlExpression {
  return new Folder(pieces, placeBetween).fold();
}

class Folder {
  #at = 0;
  #depth = 0;

  constructor(private readonly pieces: readonly Piece[], private readonly placeBetween: (first: IToken, last: IToken) => Place) {}

  fold(): SqlExpression {
    const whole = this.#operand(1);
    const left = this.pieces[this.#at];
    if (left?.kind === 'infix') throw sqlInvalid(this.placeBetween(left.first, left.first), 'ESCAPE belongs after LIKE or SIMILAR TO');
    return whole.node;
  }

  /** The longest operand whose operators are at least so strong. */
  #operand(strength: number): Operand {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw tooDeep(this.#placeHere(), DEPTH_MAX);
    let left = this.#start();
    for (let piece = this.pieces[this.#at]; piece !== undefined && strengthOf(piece) >= strength; piece = this.pieces[this.#at]) {
      this.#at += 1;
      left = this.#join(left, piece);
    }
    this.#depth -= 1;
    return left;
  }

  #placeHere(): Place {
    const token = (this.pieces.slice(this.#at).find((piece) => 'first' in piece) as Operand).first;
    return this.placeBetween(token, token);
  }

  #start(): Operand {
    const prefixes: Extract<Piece, { kind: 'prefix' }>[] = [];
    let piece = this.pieces[this.#at]!;
    // A row of NOTs or a row of signs: in NOT -a < b the sign is part of what NOT takes.
    for (; piece.kind === 'prefix' && (piece.operator === 'NOT') === ((prefixes[0] ?? piece).operator === 'NOT'); piece = this.pieces[this.#at]!) {
      prefixes.push(piece);
      this.#at += 1;
    }
    const innermost = prefixes.at(-1);
    let operand = innermost === undefined ? this.#next() : this.#operand(innermost.operator === 'NOT' ? NOT_STRENGTH : SIGN_STRENGTH);
    for (const { operator, first } of prefixes.reverse()) {
      operand = this.#made(first, operand.last, (place) => ({ kind: 'unary', operator, operand: operand.node, place }));
    }
    return operand;
  }

  #next(): Operand {
    const piece = this.pieces[this.#at] as Operand;
    this.#at += 1;
    return piece;
  }

  #join(left: Operand, piece: Piece): Operand {
    const { node: operand, first } = left;
    if (piece.kind === 'in') return this.#made(first, piece.last, (place) => piece.build(operand, place));
    if (piece.kind === 'test') {
      const { test, negated } = piece;
      return this.#made(first, piece.last, (place) => ({ kind: 'is', test, negated, operand, place }));
    }
    const { operator, negated, symmetric } = piece as Extract<Piece, { kind: 'infix' }>;
    const right = this.#operand(STRENGTH[operator] + 1);
    if (operator === 'BETWEEN') {
      this.#expectAnd(piece as Extract<Piece, { kind: 'infix' }>);
      const high = this.#operand(STRENGTH.BETWEEN + 1);
      return this.#made(first, high.last, (place) => ({ kind: 'between', negated, symmetric, operand, low: right.node, high: high.node, place }));
    }
    if (operator === 'LIKE' || operator === 'SIMILAR TO') {
      const escape = this.#isAt('ESCAPE') ? (this.#at += 1, this.#operand(STRENGTH.LIKE + 1)) : undefined;
      return this.#made(first, (escape ?? right).last, (place) => ({
        kind: 'like', operator, negated, operand, pattern: right.node, escape: escape?.node, place,
      }));
    }
    return this.#made(first, right.last, (place) => operator === 'IS DISTINCT FROM'
      ? { kind: 'distinctFrom', negated, left: operand, right: right.node, place }
      : { kind: 'binary', operator: operator as BinaryOperator, left: operand, right: right.node, place });
  }

  #expectAnd(between: Extract<Piece, { kind: 'infix' }>): void {
    if (!this.#isAt('AND')) {
      throw sqlInvalid(this.placeBetween(between.first, between.first), 'BETWEEN has no AND', 'Write x BETWEEN low AND high.');
    }
    this.#at += 1;
  }

  #isAt(operator: Infix): boolean {
    const piece = this.pieces[this.#at];
    return piece?.kind === 'infix' && piece.operator === operator;
  }

  #made(first: IToken, last: IToken, build: (place: Place) => SqlExpression): Operand {
    return { kind: 'operand', node: build(this.placeBetween(first, last)), first, last };
  }
}

function strengthOf(piece: Piece): number {
  if (piece.kind === 'infix') return STRENGTH[piece.operator];
  return piece.kind === 'test' ? TEST_STRENGTH : IN_STRENGTH;
}
