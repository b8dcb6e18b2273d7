/** How many lanes a run has, and by which columns its rows are divided. */
import { TapewrightError } from '../core/errors.js';
import { laneKeys } from '../plan/lanes.js';
import type { Pipeline } from '../plan/plan.js';
import type { RunParameters } from './options.js';

export interface LaneChoice {
  readonly lanes: number;
  /** Whether more lanes than one are possible with this key. */
  readonly possible: boolean;
  /** Why, or why not. */
  readonly reason: string;
  /** For each source the key's columns, as indexes into its `columns`; empty when not possible. */
  readonly columns: readonly (readonly number[])[];
}

/** @throws LANES_IMPOSSIBLE when more than one lane is asked for and the plan's keys do not allow it. */
export function chooseLanes(pipeline: Pipeline, { key, lanes }: Pick<RunParameters, 'key' | 'lanes'>): LaneChoice {
  const { possible, reason, columns } = laneKeys(pipeline, key);
  if (lanes > 1 && !possible) {
    throw new TapewrightError('LANES_IMPOSSIBLE', `${lanes} lanes are not possible: ${reason}; leave out --lanes, or give a key that all of them have with --key`, { lanes, key, reason });
  }
  return { lanes, possible, reason, columns };
}
