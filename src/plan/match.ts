/** MATCH_RECOGNIZE in the plan: rows of each key, in order of event time, searched for a pattern of variables. */
import type { SqlType } from '../core/types.js';
import type { Expression, Place } from './expression.js';
import { columnsRead, withColumns } from './failing.js';
import type { AggregateCall, NodeBase, PlanNode, SortKey } from './plan.js';

/** A variable of the pattern: it takes `min` to `max` rows in a row (null: any number), as many as it can when greedy. */
export interface PatternVariable {
  readonly name: string;
  readonly min: number;
  readonly max: number | null;
  readonly greedy: boolean;
}

/**
 * Whether the variable takes every row that it may take: what comes after it gets one only where its condition does not
 * hold, or it has as many as it may. So greedy is in Flink; but an optional one, A?, excludes nothing.
 */
export const isPossessive = ({ min, max, greedy }: PatternVariable): boolean => greedy && min !== max && (min > 0 || max !== 1);

/** A value that an expression of DEFINE or MEASURES takes from the match. `variable` null: the rows of all variables. */
export type MatchReference =
  /**
   * Column of the `offset`th row of the variable, counted from its first or from its last, or of the row `back` rows
   * before that one among the rows of the key. NULL where there is no such row. In DEFINE the row on trial counts as
   * one of its variable. `certain`: there is such a row in any case.
   */
  | {
      readonly kind: 'row'; readonly column: number; readonly variable: number | null; readonly from: 'first' | 'last';
      readonly offset: number; readonly back: number; readonly certain: boolean; readonly type: SqlType;
    }
  | { readonly kind: 'aggregate'; readonly variable: number | null; readonly call: AggregateCall; readonly type: SqlType }
  /** The event time at which the match became certain. */
  | { readonly kind: 'rowtime'; readonly type: SqlType };

/** Column k of `expression` is `references[k]`. */
export interface MatchExpression {
  readonly references: readonly MatchReference[];
  readonly expression: Expression;
  readonly place: Place;
}

/** Where the search goes on after a match: at the first row that may begin the next. */
export type MatchSkip =
  | { readonly kind: 'past-last-row' }
  | { readonly kind: 'to-next-row' }
  | { readonly kind: 'to-first' | 'to-last'; readonly variable: number };

/** Delivers one row a match, when it is certain: the key's columns, then the measures. */
export interface MatchNode extends NodeBase {
  readonly kind: 'match';
  readonly input: PlanNode;
  readonly time: number;
  readonly partition: readonly number[];
  /** How rows of one key and one instant are ordered; arrival decides the rest. */
  readonly order: readonly SortKey[];
  readonly pattern: readonly PatternVariable[];
  /** By variable; null: every row will do. */
  readonly defines: readonly (MatchExpression | null)[];
  readonly skip: MatchSkip;
  /** The last row of a match is less than so many milliseconds after its first. */
  readonly within: number | null;
  readonly measures: readonly MatchExpression[];
  readonly place: Place;
}

/** Input columns that the node reads, its key and time included. */
export function matchColumns(node: MatchNode): ReadonlySet<number> {
  const used = new Set<number>([node.time, ...node.partition, ...node.order.map(({ column }) => column)]);
  for (const { references } of [...node.defines.filter((define) => define !== null), ...node.measures]) {
    for (const reference of references) for (const column of referenceColumns(reference)) used.add(column);
  }
  return used;
}

export function referenceColumns(reference: MatchReference): readonly number[] {
  if (reference.kind === 'row') return [reference.column];
  if (reference.kind === 'rowtime') return [];
  return columnsRead(reference.call);
}

/** The same reference over an input whose columns have other numbers. */
export function renumbered(reference: MatchReference, at: (column: number) => number): MatchReference {
  if (reference.kind === 'row') return { ...reference, column: at(reference.column) };
  return reference.kind === 'rowtime' ? reference : { ...reference, call: withColumns(reference.call, at) };
}

/** Whether an expression looks at rows that were there before the match. */
export const looksAtRowsBefore = ({ defines, measures }: MatchNode): boolean =>
  [...defines, ...measures].some((expression) => expression?.references.some((reference) => reference.kind === 'row' && reference.back > 0));

/** `A B+? C{2,3}`. */
export function patternText(pattern: readonly PatternVariable[]): string {
  return pattern.map(({ name, min, max, greedy }) => `${name}${quantifierText(min, max)}${greedy || (min === 1 && max === 1) ? '' : '?'}`).join(' ');
}

function quantifierText(min: number, max: number | null): string {
  if (min === 1 && max === 1) return '';
  if (min === 0 && max === 1) return '?';
  if (max === null) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}
