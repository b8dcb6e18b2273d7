/** The generators that a dataset may name. */
import type { Batch } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import { generateDay, marketSchema, quotesSchema } from './market/generate.js';
import type { AnomalyLabel, Injections } from './market/injections.js';
import { planDay } from './market/plan.js';
import type { MarketSpec } from './market/spec.js';
import { usEquities } from './market/us-equities.js';

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

function generatorOf(version: number, market: (seed: number) => MarketSpec): DatasetGenerator {
  const { quotesOnly, rowsMax, inject } = market(0);
  return {
    version, rowsMax, inject,
    schema: quotesOnly ? quotesSchema : marketSchema,
    generate: (parameters) => generateDay(market(parameters.seed), parameters),
    labels: (seed, injections) => planDay(market(seed), seed, injections).labels,
  };
}

const generators = new Map<string, DatasetGenerator>([['us-equities-day', generatorOf(3, usEquities)]]);

export const generatorNames: readonly string[] = [...generators.keys()];

export const generatorNamed = (name: string): DatasetGenerator | null => generators.get(name) ?? null;
