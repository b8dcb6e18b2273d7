import { BaseCommand } from '../base.js';

interface Listed {
  readonly name: string;
  readonly description: string;
  readonly path: string;
}

export default class ScenariosList extends BaseCommand {
  static override summary = 'List the scenarios of the working directory and of the package.';

  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ scenarios: Listed[] }> {
    await this.parse(ScenariosList);
    const [{ listScenarios }, { loadScenario }] = await Promise.all([import('../../src/scenario/locate.js'), import('../../src/scenario/scenario.js')]);
    const scenarios: Listed[] = [];
    for (const { name, path } of await listScenarios()) {
      // A broken one is still listed: `scenarios check` says what is wrong with it.
      const description = await loadScenario(path).then((scenario) => scenario.description, () => '(cannot be read; see: tapewright scenarios check)');
      scenarios.push({ name, description, path });
    }
    const width = Math.max(0, ...scenarios.map(({ name }) => name.length));
    for (const { name, description } of scenarios) this.log(`${name.padEnd(width)}  ${description.split('\n')[0]}`);
    if (scenarios.length === 0) this.log('There are none here.');
    return { scenarios };
  }
}
