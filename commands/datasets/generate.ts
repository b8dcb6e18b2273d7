import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base.js';

interface Generated {
  readonly dataset: string;
  readonly path: string;
  readonly rows: number | null;
  readonly fingerprint: string | null;
}

export default class DatasetsGenerate extends BaseCommand {
  static override summary = 'Make the rows of a generated dataset, or say where they are.';

  static override description = `The file goes into the cache: TAPEWRIGHT_CACHE, else .cache in the working directory. A run makes what it needs by itself.

The same seed and number of rows give the same rows on every machine.`;

  static override examples = ['<%= config.bin %> <%= command.id %> us-equities-day', '<%= config.bin %> <%= command.id %> us-equities-day --rows 10000000 --seed 7'];

  static override args = { dataset: Args.string({ description: 'name, folder or dataset.yaml', required: true }) };

  static override flags = {
    rows: Flags.integer({ description: "number of rows; by default the dataset's own", min: 1 }),
    seed: Flags.integer({ description: "seed; by default the dataset's own", min: 0 }),
  };

  async run(): Promise<Generated> {
    const { args, flags } = await this.parse(DatasetsGenerate);
    const [{ loadDataset }, { resolveDataset }] = await Promise.all([import('../../src/datasets/dataset.js'), import('../../src/datasets/resolve.js')]);
    const dataset = await loadDataset(args.dataset);
    let percentSaid = -1;
    const { binding, rows, fingerprint } = await resolveDataset(dataset, {
      ...flags,
      onProgress: (made, rowsTotal) => {
        const percent = Math.floor((10 * made) / rowsTotal) * 10;
        if (percent > percentSaid) this.say(`${dataset.name}: ${percent} % of ${rowsTotal} rows`);
        percentSaid = percent;
      },
    });
    this.log(`${binding.path}\n${rows ?? 'an unknown number of'} rows, fingerprint ${fingerprint ?? 'not said'}`);
    return { dataset: dataset.name, path: binding.path, rows, fingerprint };
  }
}
