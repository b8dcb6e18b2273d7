/** The generators that a dataset may name. */
import type { Batch } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import { crypto } from './market/crypto.js';
import { fx } from './market/fx.js';
import { generateDay, marketSchema, quotesSchema } from './market/generate.js';
import { ANOMALY_TYPES, type AnomalyLabel, type AnomalyType, type Injections } from './market/injections.js';
import { isPrint, planDay } from './market/plan.js';
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
  /** What can be injected: a market of quotes has no trades that could stand out. */
  readonly types: readonly AnomalyType[];
  /** What is injected unless the user says otherwise. */
  readonly inject: Injections;
  /** What is injected where, whatever the number of rows; in the order of `from`. */
  labels(seed: number, inject: Injections): readonly AnomalyLabel[];
}

function generatorOf(version: number, market: (seed: number) => MarketSpec): DatasetGenerator {
  const { quotesOnly, rowsMax, inject } = market(0);
  return {
    version, rowsMax, inject,
    types: quotesOnly ? ANOMALY_TYPES.filter((type) => !isPrint(type)) : ANOMALY_TYPES,
    schema: quotesOnly ? quotesSchema : marketSchema,
    generate: (parameters) => generateDay(market(parameters.seed), parameters),
    labels: (seed, injections) => planDay(market(seed), seed, injections).labels,
  };
}

const generators = new Map<string, DatasetGenerator>([
  ['us-equities-day', generatorOf(5, usEquities)],
  ['fx-day', generatorOf(3, fx)],
  ['crypto-hour', generatorOf(3, crypto)],
]);

export const generatorNames: readonly string[] = [...generators.keys()];

export const generatorNamed = (name: string): DatasetGenerator | null => generators.get(name) ?? null;
