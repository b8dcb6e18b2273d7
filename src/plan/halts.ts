/** The plan node of trading halts: what a policy makes of anomalies, symbol by symbol. */
import { sqlType, timestampType } from '../core/types.js';
import type { Place } from './expression.js';
import type { NodeBase, PlanNode } from './plan.js';

/** What an anomaly of one type does to trading in its symbol. Times in ms of event time. */
export interface HaltRule {
  readonly anomaly: string;
  /** Trading is halted until so long after the anomaly. */
  readonly halt: number;
  /** It resumes so long after the last such anomaly at the earliest, */
  readonly after: number;
  /** and not before the symbol has had no anomaly of any type for so long. */
  readonly quiet: number;
}

/** The key's columns, then event_time (rowtime), action (HALT or RESUME), reason (the anomaly's type) and until (NULL for RESUME). */
export interface HaltsNode extends NodeBase {
  readonly kind: 'halts';
  readonly input: PlanNode;
  /** Event-time column of the input. */
  readonly time: number;
  /** What is halted. */
  readonly keys: readonly number[];
  /** STRING column of the anomaly's type; rows where it is NULL are none. */
  readonly anomaly: number;
  readonly rules: readonly HaltRule[];
  readonly place: Place;
}

/** The node, with its schema. */
export function halts(node: Omit<HaltsNode, 'kind' | 'schema' | 'rowtime'>): HaltsNode {
  const { input, keys } = node;
  const schema = [
    ...keys.map((key) => input.schema[key]!), { name: 'event_time', type: timestampType(3, false) }, { name: 'action', type: sqlType('STRING', false) },
    { name: 'reason', type: sqlType('STRING', false) }, { name: 'until', type: timestampType(3) },
  ];
  return { ...node, kind: 'halts', schema, rowtime: keys.length };
}
