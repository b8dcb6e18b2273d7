import { Args } from '@oclif/core';
import { TapewrightError } from '../../src/core/errors.js';
import { BaseCommand, exitCodes } from '../base.js';

interface Checked {
  readonly scenario: string;
  /** What is wrong with it; null: nothing. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export default class ScenariosCheck extends BaseCommand {
  static override summary = 'Check scenarios: their files, SQL and lanes, without reading a row.';

  static override description = `Without a name, all scenarios of the working directory and of the package are checked.

Exit codes: 0 all are usable, 1 at least one is not, 2 could not run.`;

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> trading-day'];

  static override args = { scenario: Args.string({ description: 'scenario or .sql file', required: false }) };

  async run(): Promise<{ scenarios: Checked[] }> {
    const { args } = await this.parse(ScenariosCheck);
    const [{ listScenarios }, { loadScenario }, { mergeParameters }, { explain }] = await Promise.all([
      import('../../src/scenario/locate.js'), import('../../src/scenario/scenario.js'), import('../../src/scenario/flags.js'), import('../../src/runtime/explain.js'),
    ]);
    const names = args.scenario !== undefined ? [args.scenario] : (await listScenarios()).map(({ name }) => name);
    const scenarios: Checked[] = [];
    for (const name of names) {
      try {
        const scenario = await loadScenario(name);
        explain(scenario.texts, mergeParameters({}, scenario.parameters));
        scenarios.push({ scenario: name, error: null });
      } catch (error) {
        if (!(error instanceof TapewrightError)) throw error;
        scenarios.push({ scenario: name, error: { code: error.code, message: error.message } });
      }
    }
    for (const { scenario, error } of scenarios) this.log(error === null ? `${scenario}: usable` : `${scenario}: ${error.message}`);
    if (scenarios.some(({ error }) => error !== null)) process.exitCode = exitCodes.different;
    return { scenarios };
  }
}
