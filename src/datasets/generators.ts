/** The generators that a dataset may name. */
import type { Batch } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import { generateUsEquitiesDay, usEquitiesDaySchema, US_EQUITIES_ROWS_MAX } from './us-equities/day.js';
import type { AnomalyLabel, Injections } from './market/injections.js';
import { usEquitiesDayInjections, usEquitiesDayLabels } from './us-equities/market.js';

export interface GeneratorParameters {
  readonly seed: number;
  readonly rows: number;
  readonly inject: Injections;
}

export interface DatasetGenerator {
  /** Raised whenever the same parameters give other rows, so that files made before are made again. */
  readonly version: number;
  readonly schema: Schema;
  readonly rowsMax: number;
  generate(parameters: GeneratorParameters): Iterable<Batch>;
  /** What is injected unless the user says otherwise. */
  readonly inject: Injections;
  /** What is injected where, whatever the number of rows; in the order of `from`. */
  labels(seed: number, inject: Injections): readonly AnomalyLabel[];
}

const generators = new Map<string, DatasetGenerator>([
  ['us-equities-day', {
    version: 2,
    schema: usEquitiesDaySchema,
    rowsMax: US_EQUITIES_ROWS_MAX,
    inject: usEquitiesDayInjections,
    generate: generateUsEquitiesDay,
    labels: usEquitiesDayLabels,
  }],
]);

export const generatorNames: readonly string[] = [...generators.keys()];

export const generatorNamed = (name: string): DatasetGenerator | null => generators.get(name) ?? null;
