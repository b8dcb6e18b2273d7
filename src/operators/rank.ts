import { assert } from '../core/errors.js';
import { noRows, type Operator, type Rows } from './operator.js';
import type { Schema } from '../core/types.js';
import type { SortKey } from '../plan/plan.js';

export interface RankSpec {
  readonly name: string;
  readonly input: Schema;
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  /** Row numbers that leave, from 1. */
  readonly from: number;
  readonly to: number;
  /** The row number is the last column. */
  readonly numbered: boolean;
  /** Milliseconds of `now` after which a partition that was not touched is forgotten. */
  readonly ttl: number | null;
  /** Columns by which a row is found again when the input takes it back; null: it takes none back. */
  readonly identity: readonly number[] | null;
}

export class Rank implements Operator {
  readonly name: string;

  constructor(spec: RankSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'rank is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'rank is not there yet');
  }

  restore(): void {
    assert(false, 'rank is not there yet');
  }
}
