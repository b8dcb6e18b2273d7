import { Args, Flags } from '@oclif/core';
import type { AnomalyLabel } from '../../src/datasets/market/injections.js';
import type { DatasetGenerator } from '../../src/datasets/generators.js';
import { BaseCommand } from '../base.js';

interface Described {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly licence: string;
  readonly schema: Readonly<Record<string, string>>;
  readonly span: { readonly from: string; readonly to: string };
  readonly rows: number | null;
  readonly fingerprint: string | null;
  /** What a generator put in for detectors to find; empty for files. */
  readonly labels: readonly (Omit<AnomalyLabel, 'from' | 'to'> & { readonly from: string; readonly to: string })[];
}

const labelsOf = (generator: DatasetGenerator, seed: number): readonly AnomalyLabel[] => generator.labels(seed, generator.inject);

export default class DatasetsDescribe extends BaseCommand {
  static override summary = 'Describe a dataset: columns, span, origin, and the anomalies put into it.';

  static override examples = ['<%= config.bin %> <%= command.id %> us-equities-day', '<%= config.bin %> <%= command.id %> us-equities-day --seed 7 --json'];

  static override args = { dataset: Args.string({ description: 'name, folder or dataset.yaml', required: true }) };

  static override flags = { seed: Flags.integer({ description: "seed whose anomalies are listed; by default the dataset's own", min: 0 }) };

  async run(): Promise<Described> {
    const { args, flags } = await this.parse(DatasetsDescribe);
    const [{ loadDataset }, { generatorNamed }, { typeName }] = await Promise.all([
      import('../../src/datasets/dataset.js'), import('../../src/datasets/generators.js'), import('../../src/core/types.js'),
    ]);
    const { data, name, description, origin, licence, rows, fingerprint, ...dataset } = await loadDataset(args.dataset);
    const labels = data.kind === 'generator' ? labelsOf(generatorNamed(data.name)!, flags.seed ?? data.seed) : [];
    const text = (millis: number): string => new Date(millis).toISOString();
    const described: Described = {
      name, description, origin, licence, rows, fingerprint,
      schema: Object.fromEntries(dataset.schema.map((field) => [field.name, typeName(field.type)])),
      span: { from: text(dataset.span.from), to: text(dataset.span.to) },
      labels: labels.map((label) => ({ ...label, from: text(label.from), to: text(label.to) })),
    };
    this.print(described);
    return described;
  }

  private print({ name, description, origin, licence, schema, span, rows, fingerprint, labels }: Described): void {
    const table = (pairs: readonly (readonly [string, string])[]): void => {
      const width = Math.max(0, ...pairs.map(([key]) => key.length));
      for (const [key, value] of pairs) this.log(`  ${key.padEnd(width)}  ${value}`);
    };
    this.log(`${name}\n\n${description}\n`);
    table([['origin', origin], ['licence', licence], ['span', `${span.from} to ${span.to}`], ['rows', String(rows ?? 'not said')], ['fingerprint', fingerprint ?? 'not said']]);
    this.log('\nColumns');
    table(Object.entries(schema));
    if (labels.length === 0) return;
    this.log('\nAnomalies put in');
    table(labels.map(({ type, symbol, from, size }) => [from, `${(symbol ?? 'all').padEnd(5)} ${type.padEnd(16)} ${size}`]));
  }
}
