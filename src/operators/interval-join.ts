import { assert } from '../core/errors.js';
import { noRows, type TwoInputOperator, type Rows } from './operator.js';
import type { JoinSpec } from './join.js';

export interface IntervalJoinSpec extends JoinSpec {
  readonly times: readonly [number, number];
  /** Milliseconds: rows match where left.time - right.time is within them. */
  readonly lower: number;
  readonly upper: number;
}

export class IntervalJoin implements TwoInputOperator {
  readonly name: string;

  constructor(spec: IntervalJoinSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'interval-join is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'interval-join is not there yet');
  }

  restore(): void {
    assert(false, 'interval-join is not there yet');
  }
}
