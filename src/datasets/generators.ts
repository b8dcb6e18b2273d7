/** The generators that a dataset may name. */
import type { Batch } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import { generateUsEquitiesDay, usEquitiesDaySchema, US_EQUITIES_ROWS_MAX } from './us-equities/day.js';
import { usEquitiesDayLabels, type AnomalyLabel } from './us-equities/market.js';

export interface GeneratorParameters {
  readonly seed: number;
  readonly rows: number;
}

export interface DatasetGenerator {
  /** Raised whenever the same parameters give other rows, so that files made before are made again. */
  readonly version: number;
  readonly schema: Schema;
  readonly rowsMax: number;
  generate(parameters: GeneratorParameters): Iterable<Batch>;
  /** What was injected, by seed. */
  labels(seed: number): readonly AnomalyLabel[];
}

const generators = new Map<string, DatasetGenerator>([
  ['us-equities-day', {
    version: 1,
    schema: usEquitiesDaySchema,
    rowsMax: US_EQUITIES_ROWS_MAX,
    generate: generateUsEquitiesDay,
    labels: usEquitiesDayLabels,
  }],
]);

export const generatorNames: readonly string[] = [...generators.keys()];

export const generatorNamed = (name: string): DatasetGenerator | null => generators.get(name) ?? null;
