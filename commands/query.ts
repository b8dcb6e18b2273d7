import { Args, Flags } from '@oclif/core';
import { BaseCommand } from './base.js';

export default class Query extends BaseCommand {
  static override summary = 'Ask the outputs of a run with SQL (DuckDB).';

  static override description = `Tables are the run's outputs by name, and late and dead_letters (also as bundle.late and
bundle.dead_letters, for an output may have the shorter name).
The query reads the bundle and nothing else, and changes nothing.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/vwap "SELECT symbol, max(vwap) FROM vwap_1m GROUP BY symbol ORDER BY 2 DESC LIMIT 5"',
    '<%= config.bin %> <%= command.id %> runs/vwap "SELECT * FROM late" --format csv',
  ];

  static override args = {
    bundle: Args.string({ description: 'directory of a run', required: true }),
    sql: Args.string({ description: 'one SELECT', required: true }),
  };

  static override flags = {
    format: Flags.option({ description: 'how rows are printed', options: ['table', 'csv', 'json'] as const, default: 'table' as const })(),
  };

  async run(): Promise<{ columns: readonly { name: string; type: string }[]; rows: readonly (readonly unknown[])[] }> {
    const { args, flags } = await this.parse(Query);
    const [{ Bundle }, { formatCsv, formatJson, formatTable, queryBundle }] = await Promise.all([
      import('../src/stores/bundle.js'), import('../src/sinks/query.js'),
    ]);
    // Says what is wrong with a directory that is no bundle before DuckDB looks into it.
    await Bundle.open(args.bundle);
    const result = await queryBundle(args.bundle, args.sql);
    const print = { table: formatTable, csv: formatCsv, json: formatJson }[flags.format];
    this.log(print(result).replace(/\n$/, ''));
    return result;
  }
}
