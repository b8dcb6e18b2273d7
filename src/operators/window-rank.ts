import { assert } from '../core/errors.js';
import { noRows, type Operator, type Rows } from './operator.js';
import type { Schema } from '../core/types.js';
import type { AttachedWindow, SortKey } from '../plan/plan.js';

export interface WindowRankSpec {
  readonly name: string;
  readonly input: Schema;
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  readonly from: number;
  readonly to: number;
  readonly numbered: boolean;
  readonly attached: AttachedWindow;
}

export class WindowRank implements Operator {
  readonly name: string;

  constructor(spec: WindowRankSpec) {
    this.name = spec.name;
  }

  process(): Rows {
    assert(false, 'window-rank is not there yet');
    return noRows;
  }

  snapshot(): void {
    assert(false, 'window-rank is not there yet');
  }

  restore(): void {
    assert(false, 'window-rank is not there yet');
  }
}
