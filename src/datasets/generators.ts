/** The generators that a dataset may name. */
import type { Batch } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import { captureSchema, generateLedger, LEDGER_ROWS_MAX } from './ledger/generate.js';
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

interface GeneratorBase {
  /** Raised whenever the same parameters give other rows, so that files made before are made again. */
  readonly version: number;
  readonly schema: Schema;
  readonly rowsMax: number;
  /** What can be injected: a market of quotes has no trades that could stand out, a ledger nothing at all. */
  readonly types: readonly AnomalyType[];
  /** What is injected unless the user says otherwise. */
  readonly inject: Injections;
  /** What is injected where, whatever the number of rows; in the order of `from`. */
  labels(seed: number, inject: Injections): readonly AnomalyLabel[];
}

/** Rows of a market, kept as Parquet; `Batch`es have the columns of the schema. */
export interface MarketGenerator extends GeneratorBase {
  readonly format: 'parquet';
  generate(parameters: GeneratorParameters): Iterable<Batch>;
}

/** Records of topics, each a line of JSON without its end; the schema is that of a line. */
export interface CaptureGenerator extends GeneratorBase {
  readonly format: 'jsonl';
  generate(parameters: GeneratorParameters): Iterable<string>;
}

export type DatasetGenerator = MarketGenerator | CaptureGenerator;

function generatorOf(version: number, market: (seed: number) => MarketSpec): MarketGenerator {
  const { quotesOnly, rowsMax, inject } = market(0);
  return {
    version, rowsMax, inject, format: 'parquet',
    types: quotesOnly ? ANOMALY_TYPES.filter((type) => !isPrint(type)) : ANOMALY_TYPES,
    schema: quotesOnly ? quotesSchema : marketSchema,
    generate: (parameters) => generateDay(market(parameters.seed), parameters),
    labels: (seed, injections) => planDay(market(seed), seed, injections).labels,
  };
}

const ledger: CaptureGenerator = {
  version: 1, rowsMax: LEDGER_ROWS_MAX, inject: {}, format: 'jsonl', types: [], schema: captureSchema, generate: generateLedger, labels: () => [],
};

const generators = new Map<string, DatasetGenerator>([
  ['us-equities-day', generatorOf(5, usEquities)],
  ['fx-day', generatorOf(3, fx)],
  ['crypto-hour', generatorOf(3, crypto)],
  ['ledger-day', ledger],
]);

export const generatorNames: readonly string[] = [...generators.keys()];

export function generatorNamed(name: 'us-equities-day' | 'fx-day' | 'crypto-hour'): MarketGenerator;
export function generatorNamed(name: string): DatasetGenerator | null;
export function generatorNamed(name: string): DatasetGenerator | null {
  return generators.get(name) ?? null;
}
