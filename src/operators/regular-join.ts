import { assert } from '../core/errors.js';
import { noRows, type TwoInputOperator, type Rows } from './operator.js';
import type { JoinSpec } from './join.js';

export interface RegularJoinSpec extends JoinSpec {
  /** Milliseconds of `now` after which a row of the side that was not touched is forgotten. */
  readonly ttl: readonly [number | null, number | null];
  /** Columns by which a row of the side is found again when it is taken back. */
  readonly identities: readonly [readonly number[], readonly number[]];
  /** Whether rows of the side change later. */
  readonly updating: readonly [boolean, boolean];
}

export class RegularJoin implements TwoInputOperator {
  readonly name: string;

  constructor(spec: RegularJoinSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'regular-join is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'regular-join is not there yet');
  }

  restore(): void {
    assert(false, 'regular-join is not there yet');
  }
}
