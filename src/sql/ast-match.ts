/** The tree of MATCH_RECOGNIZE. */
import type { Place } from '../plan/expression.js';
import type { Name, OrderItem, SqlExpression, SqlNode, TableAlias, TableReference } from './ast.js';

/** `clause` is the place of the words MATCH_RECOGNIZE themselves. */
export interface MatchRecognize extends SqlNode {
  readonly kind: 'matchRecognize';
  readonly input: TableReference;
  readonly clause: Place;
  readonly body: MatchBody;
  readonly alias: TableAlias | undefined;
}

/** What stands in its brackets, in the order in which it stands there. */
export interface MatchBody extends SqlNode {
  readonly partitionBy: readonly SqlExpression[];
  readonly orderBy: readonly OrderItem[];
  readonly measures: readonly Measure[];
  readonly rows: RowsPerMatch | undefined;
  readonly skip: AfterMatchSkip | undefined;
  readonly pattern: RowPattern;
  readonly within: SqlExpression | undefined;
  /** SUBSET with what it lists, which is not read further. */
  readonly subset: Place | undefined;
  readonly define: readonly Definition[];
}

export interface Measure extends SqlNode {
  readonly expression: SqlExpression;
  readonly name: Name;
}

export interface RowsPerMatch extends SqlNode {
  readonly rows: 'ONE' | 'ALL';
}

/** `TO A` is told as `TO LAST A`. */
export interface AfterMatchSkip extends SqlNode {
  readonly to: 'PAST LAST ROW' | 'NEXT ROW' | 'FIRST' | 'LAST';
  /** FIRST and LAST only. */
  readonly variable: Name | undefined;
}

export interface Definition extends SqlNode {
  readonly variable: Name;
  readonly condition: SqlExpression;
}

export type RowPattern = PatternName | PatternConcatenation | PatternAlternation | PatternQuantified | PatternExclusion | PatternPermutation | PatternAnchor;

export interface PatternName extends SqlNode {
  readonly kind: 'patternName';
  readonly name: Name;
}

export interface PatternConcatenation extends SqlNode {
  readonly kind: 'patternConcatenation';
  readonly parts: readonly RowPattern[];
}

export interface PatternAlternation extends SqlNode {
  readonly kind: 'patternAlternation';
  readonly branches: readonly RowPattern[];
}

/** `A+?`: min 1, max null (no bound), not greedy. The numbers are as written. */
export interface PatternQuantified extends SqlNode {
  readonly kind: 'patternQuantified';
  readonly pattern: RowPattern;
  readonly min: number;
  readonly max: number | null;
  readonly greedy: boolean;
}

/** `{- A -}` */
export interface PatternExclusion extends SqlNode {
  readonly kind: 'patternExclusion';
  readonly pattern: RowPattern;
}

/** `PERMUTE (A, B)` */
export interface PatternPermutation extends SqlNode {
  readonly kind: 'patternPermutation';
  readonly patterns: readonly RowPattern[];
}

/** `^` or `$` */
export interface PatternAnchor extends SqlNode {
  readonly kind: 'patternAnchor';
}
