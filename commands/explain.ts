import { Args, Flags } from '@oclif/core';
import type { Explanation } from '../src/runtime/explain.js';
import { BaseCommand } from './base.js';

export default class Explain extends BaseCommand {
  static override summary = 'Show what a scenario or an SQL file will do, without reading a row.';

  static override description = `Prints the plan, the lanes and why, the keys and state of every operator,
and the columns that are read. What is unsupported is refused with its place in the text.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> trading-day',
    '<%= config.bin %> <%= command.id %> vwap.sql --key symbol --lanes 4 --json',
  ];

  static override args = {
    scenario: Args.string({ description: 'scenario (name, folder or scenario.yaml) or .sql file', required: true }),
  };

  static override flags = {
    key: Flags.string({ description: 'source columns that divide the rows into lanes', helpValue: 'COLUMN[,COLUMN]' }),
    lanes: Flags.string({ description: 'lanes', helpValue: 'N' }),
  };

  async run(): Promise<Explanation> {
    const { args, flags } = await this.parse(Explain);
    const [{ loadScenario }, { mergeParameters }, { explain, explanationText }] = await Promise.all([
      import('../src/scenario/scenario.js'), import('../src/scenario/flags.js'), import('../src/runtime/explain.js'),
    ]);
    const scenario = await loadScenario(args.scenario);
    const explanation = explain(scenario.texts, mergeParameters(flags, scenario.parameters));
    this.log(explanationText(explanation));
    return explanation;
  }
}
