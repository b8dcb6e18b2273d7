import { BaseCommand } from '../base.js';

interface Listed {
  readonly name: string;
  readonly description: string;
  readonly rows: number | null;
}

export default class DatasetsList extends BaseCommand {
  static override summary = 'List the datasets of the working directory and of the package.';

  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ datasets: Listed[] }> {
    await this.parse(DatasetsList);
    const { listDatasets, loadDataset } = await import('../../src/datasets/dataset.js');
    const datasets: Listed[] = [];
    for (const name of await listDatasets()) {
      // A broken one is still listed: `datasets describe` says what is wrong with it.
      const broken = { description: '(cannot be read; see: tapewright datasets describe)', rows: null };
      const { description, rows } = await loadDataset(name).catch(() => broken);
      datasets.push({ name, description, rows });
    }
    const width = Math.max(0, ...datasets.map(({ name }) => name.length));
    for (const { name, description } of datasets) this.log(`${name.padEnd(width)}  ${firstSentence(description)}`);
    if (datasets.length === 0) this.log('There are none here.');
    return { datasets };
  }
}

const firstSentence = (text: string): string => text.split(/(?<=[.;])\s/)[0]!;
