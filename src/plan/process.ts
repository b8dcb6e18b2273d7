/** Operators in the user's code, as nodes of a plan. */
import type { UserProcess } from '../functions/process-function.js';
import type { Place } from './expression.js';
import type { NodeBase, PlanNode } from './plan.js';

/**
 * The key's columns, what the code puts out, and `rowtime`, the event time of the row or timer that made it. State and
 * timers are kept by key.
 */
export interface ProcessNode extends NodeBase {
  readonly kind: 'process';
  readonly input: PlanNode;
  readonly time: number;
  readonly keys: readonly number[];
  /** Input columns that the code reads, in the order of its declaration and of its types. */
  readonly columns: readonly number[];
  readonly process: UserProcess;
  readonly place: Place;
}
