import { assert } from '../core/errors.js';
import { noRows, type TwoInputOperator, type Rows } from './operator.js';
import type { JoinSpec } from './join.js';

export interface WindowJoinSpec extends JoinSpec {
  readonly starts: readonly [number, number];
  readonly ends: readonly [number, number];
}

export class WindowJoin implements TwoInputOperator {
  readonly name: string;

  constructor(spec: WindowJoinSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'window-join is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'window-join is not there yet');
  }

  restore(): void {
    assert(false, 'window-join is not there yet');
  }
}
