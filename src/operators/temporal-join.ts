import { assert } from '../core/errors.js';
import { noRows, type TwoInputOperator, type Rows } from './operator.js';
import type { JoinSpec } from './join.js';

export interface TemporalJoinSpec extends JoinSpec {
  readonly times: readonly [number, number];
}

export class TemporalJoin implements TwoInputOperator {
  readonly name: string;

  constructor(spec: TemporalJoinSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'temporal-join is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'temporal-join is not there yet');
  }

  restore(): void {
    assert(false, 'temporal-join is not there yet');
  }
}
