import { Args } from '@oclif/core';
import { TapewrightError } from '../../src/core/errors.js';
import type { DatasetCheck } from '../../src/datasets/check.js';
import { BaseCommand, exitCodes } from '../base.js';

type Checked = Omit<DatasetCheck, 'rows' | 'fingerprint'> & Partial<DatasetCheck>;

export default class DatasetsCheck extends BaseCommand {
  static override summary = 'Check that datasets are what they say: all rows are read, counted and fingerprinted.';

  static override description = `Without a name, all datasets of the working directory and of the package are checked; generated ones are made first if need be.

Exit codes: 0 all are as they say, 1 at least one is not, 2 could not run.`;

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> us-equities-day'];

  static override args = { dataset: Args.string({ description: 'name, folder or dataset.yaml', required: false }) };

  async run(): Promise<{ datasets: Checked[] }> {
    const { args } = await this.parse(DatasetsCheck);
    const [{ listDatasets, loadDataset }, { checkDataset }] = await Promise.all([import('../../src/datasets/dataset.js'), import('../../src/datasets/check.js')]);
    const datasets: Checked[] = [];
    for (const name of args.dataset !== undefined ? [args.dataset] : await listDatasets()) {
      try {
        datasets.push(await checkDataset(await loadDataset(name)));
      } catch (error) {
        if (!(error instanceof TapewrightError)) throw error;
        datasets.push({ dataset: name, problems: [error.message] });
      }
    }
    for (const { dataset, rows, problems } of datasets) {
      this.log(problems.length === 0 ? `${dataset}: ${rows} rows, as it says` : `${dataset}: ${problems.join('; ')}`);
    }
    if (datasets.some(({ problems }) => problems.length > 0)) process.exitCode = exitCodes.different;
    return { datasets };
  }
}
