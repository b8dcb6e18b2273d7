/** Typed scalar expressions over the columns of one row. Made by the analyzer, compiled by `compile.ts`. */
import type { Physical, SqlType } from '../core/types.js';
import type { UserScalar } from '../functions/user-function.js';

/** Where in the user's text something stands: 1-based line and column, and the text itself. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export type Expression =
  | { readonly kind: 'column'; readonly index: number; readonly type: SqlType }
  | { readonly kind: 'literal'; readonly value: Physical; readonly type: SqlType }
  /** A scalar function or operator of `functions/scalar.ts`, or the user's, its arguments already coerced to what it takes. */
  | {
      readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly type: SqlType; readonly place: Place;
      readonly user?: UserScalar;
    };

export const columnRef = (index: number, type: SqlType): Expression => ({ kind: 'column', index, type });
export const literal = (value: Physical, type: SqlType): Expression => ({ kind: 'literal', value, type });

/** The same expression over other columns: `at(index)` stands in for column `index`. */
export function substitute(expression: Expression, at: (index: number) => Expression): Expression {
  if (expression.kind === 'column') return at(expression.index);
  if (expression.kind === 'literal') return expression;
  return { ...expression, args: expression.args.map((arg) => substitute(arg, at)) };
}

/** Whether the expression asks for the time: all functions of the moment resolve to this one. */
export function usesClock(expression: Expression): boolean {
  return expression.kind === 'call' && (expression.name === 'CURRENT_TIMESTAMP' || expression.args.some(usesClock));
}

export function columnsOf(expression: Expression, into = new Set<number>()): Set<number> {
  if (expression.kind === 'column') into.add(expression.index);
  else if (expression.kind === 'call') for (const arg of expression.args) columnsOf(arg, into);
  return into;
}
