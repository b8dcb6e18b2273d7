import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base.js';

interface Generated {
  readonly dataset: string;
  readonly path: string;
  readonly rows: number | null;
  readonly fingerprint: string | null;
  /** File of the anomalies put in; null when nothing is said of that. */
  readonly labels: string | null;
}

export default class DatasetsGenerate extends BaseCommand {
  static override summary = 'Make the rows of a generated dataset, or say where they are.';

  static override description = `The file goes into the cache: TAPEWRIGHT_CACHE, else .cache in the working directory. A run makes what it needs by itself.

The same seed, number of rows and anomalies give the same rows on every machine. The anomalies put in lie in a file beside them: type, symbol (NULL: the whole market), from_time, to_time, size.`;

  static override examples = ['<%= config.bin %> <%= command.id %> us-equities-day', '<%= config.bin %> <%= command.id %> us-equities-day --rows 10000000 --seed 7', '<%= config.bin %> <%= command.id %> us-equities-day --inject flash-crash:1,stuck-price:2'];

  static override args = { dataset: Args.string({ description: 'name, folder or dataset.yaml', required: true }) };

  static override flags = {
    rows: Flags.integer({ description: "number of rows; by default the dataset's own", min: 1 }),
    seed: Flags.integer({ description: "seed; by default the dataset's own", min: 0 }),
    inject: Flags.string({ description: 'anomalies to put in, by type and number; by default those its README names', helpValue: 'none|TYPE:N,…' }),
  };

  async run(): Promise<Generated> {
    const { args, flags } = await this.parse(DatasetsGenerate);
    const [{ loadDataset }, { resolveDataset }, { parseInjections }] = await Promise.all([
      import('../../src/datasets/dataset.js'), import('../../src/datasets/resolve.js'), import('../../src/datasets/market/injections.js'),
    ]);
    const dataset = await loadDataset(args.dataset);
    let percentSaid = -1;
    const { rows: rowsAsked, seed, inject } = flags;
    const { binding, rows, fingerprint, labels } = await resolveDataset(dataset, {
      ...(rowsAsked === undefined ? {} : { rows: rowsAsked }), ...(seed === undefined ? {} : { seed }), ...(inject === undefined ? {} : { inject: parseInjections(inject) }),
      onProgress: (made, rowsTotal) => {
        const percent = Math.floor((10 * made) / rowsTotal) * 10;
        if (percent > percentSaid) this.say(`${dataset.name}: ${percent} % of ${rowsTotal} rows`);
        percentSaid = percent;
      },
    });
    this.log(`${binding.path}\n${rows ?? 'an unknown number of'} rows, fingerprint ${fingerprint ?? 'not said'}${labels === null ? '' : `\nwhat is in them to be found: ${labels}`}`);
    return { dataset: dataset.name, path: binding.path, rows, fingerprint, labels };
  }
}
