import { assert } from '../core/errors.js';
import { noRows, type Operator, type Rows } from './operator.js';
import type { Schema } from '../core/types.js';
import type { AggregateCall } from '../plan/plan.js';

export interface GroupAggregateSpec {
  readonly name: string;
  readonly input: Schema;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  /** Milliseconds of `now` after which a group that was not touched is forgotten. */
  readonly ttl: number | null;
  /** Whether the input takes rows back. */
  readonly retracts: boolean;
}

export class GroupAggregate implements Operator {
  readonly name: string;

  constructor(spec: GroupAggregateSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'group-aggregate is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'group-aggregate is not there yet');
  }

  restore(): void {
    assert(false, 'group-aggregate is not there yet');
  }
}
