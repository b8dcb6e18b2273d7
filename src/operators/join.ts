/** What all joins are told. */
import type { Schema } from '../core/types.js';
import type { Place } from '../plan/expression.js';
import type { JoinType } from '../plan/plan.js';
import type { Stage } from '../plan/stage.js';

export interface JoinSpec {
  readonly name: string;
  /** Columns of the left's rows, and of the right's: as they come in, and as they leave, side by side. */
  readonly inputs: readonly [Schema, Schema];
  readonly type: JoinType;
  /** Pairs of columns that are equal in rows that match; NULL equals nothing. */
  readonly keys: { readonly left: readonly number[]; readonly right: readonly number[] };
  /** A stage without outputs over a left row's columns and a right row's: the pairs that it keeps match. Null: all. */
  readonly condition: Stage | null;
  readonly place: Place;
}
