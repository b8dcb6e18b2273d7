/** The plan node of global windows: one of each key, which a trigger makes speak. */
import { sqlType, timestampType, type Schema } from '../core/types.js';
import type { Place } from './expression.js';
import type { AggregateCall, NodeBase, PlanNode } from './plan.js';
import type { TriggerSpec } from './trigger.js';

/**
 * Keys' columns, aggregates, then window_start (event time of the first row), window_end (the firing's time; a row's own
 * and 1 ms where a row fires), window_time and fired_by (what the trigger said). A window without rows says nothing.
 */
export interface GlobalWindowNode extends NodeBase {
  readonly kind: 'global-window';
  readonly input: PlanNode;
  /** Event-time column of the input. */
  readonly time: number;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  readonly trigger: TriggerSpec;
  /** Whether a firing empties the window; else the next one speaks of its rows again. */
  readonly purges: boolean;
  readonly place: Place;
}

/** The columns that follow keys and aggregates. */
export const globalWindowFields: Schema = [
  { name: 'window_start', type: timestampType(3, false) }, { name: 'window_end', type: timestampType(3, false) },
  { name: 'window_time', type: timestampType(3, false) }, { name: 'fired_by', type: sqlType('STRING', false) },
];

/** The node, with its schema. `names`: of the aggregates' columns. */
export function globalWindow(node: Omit<GlobalWindowNode, 'kind' | 'schema' | 'rowtime'>, names: readonly string[]): GlobalWindowNode {
  const { input, keys, aggregates } = node;
  const schema = [...keys.map((key) => input.schema[key]!), ...aggregates.map(({ type }, index) => ({ name: names[index]!, type })), ...globalWindowFields];
  return { ...node, kind: 'global-window', schema, rowtime: keys.length + aggregates.length + 2 };
}
