import { Args, Flags } from '@oclif/core';
import type { FlinkExplanation } from '../src/flink/explain.js';
import type { Explanation } from '../src/runtime/explain.js';
import { BaseCommand } from './base.js';

export default class Explain extends BaseCommand {
  static override summary = 'Show what a scenario or an SQL file will do, without reading a row.';

  static override description = `Prints the plan, the lanes and why, the keys and state of every operator, and the columns that are read. What is unsupported is refused with its place in the text.
With --flink, prints the statements for a Flink cluster instead: connectors and settings filled in, what Flink refuses rewritten, each change with its reason. Secrets are not printed.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> trading-day',
    '<%= config.bin %> <%= command.id %> vwap.sql --key symbol --lanes 4 --json',
    '<%= config.bin %> <%= command.id %> trading-day --flink > trading-day.sql',
  ];

  static override args = {
    scenario: Args.string({ description: 'scenario (name, folder or scenario.yaml), .sql file, or .js module of a pipeline', required: true }),
  };

  static override flags = {
    functions: Flags.string({ description: 'a .js module whose exported functions the SQL may call', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
    key: Flags.string({ description: 'source columns that divide the rows into lanes', helpValue: 'COLUMN[,COLUMN]' }),
    lanes: Flags.string({ description: 'lanes, 1 unless the scenario says otherwise', helpValue: 'N' }),
    flink: Flags.boolean({ description: 'the statements as they go to a Flink cluster' }),
  };

  async run(): Promise<Explanation | FlinkExplanation> {
    const { args, flags } = await this.parse(Explain);
    const [{ loadScenario }, { mergeParameters }, { withFunctions }, { explain, explanationText }] = await Promise.all([
      import('../src/scenario/scenario.js'), import('../src/scenario/flags.js'), import('../src/scenario/modules.js'), import('../src/runtime/explain.js'),
    ]);
    const scenario = await loadScenario(args.scenario);
    const texts = await withFunctions(scenario.texts, flags.functions ?? []);
    const parameters = mergeParameters(flags, scenario.parameters);
    if (flags.flink) {
      const { explainFlink } = await import('../src/flink/explain.js');
      const explained = explainFlink(texts, parameters);
      this.log(explained.text);
      return explained;
    }
    const explanation = explain(texts, parameters);
    this.log(explanationText(explanation));
    return explanation;
  }
}
