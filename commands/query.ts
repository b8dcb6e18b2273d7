import { Args, Flags } from '@oclif/core';
import { TapewrightError } from '../src/core/errors.js';
import { BaseCommand } from './base.js';

interface Queried {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Left out where they are in a file. */
  readonly rows?: readonly (readonly unknown[])[];
  readonly rowCount?: number;
  readonly path?: string;
}

export default class Query extends BaseCommand {
  static override summary = 'Ask the outputs of a run with SQL (DuckDB).';

  static override description = `Tables are the run's outputs by name, and late and dead_letters (also as bundle.late and bundle.dead_letters, for an output may have the shorter name). An output that changes (GROUP BY without a window, Top-N, outer joins) is the table as it stands at the end; its changes are NAME__changes, with _op (+I, -U, +U, -D) last.
The query reads the bundle and nothing else, and changes nothing.

The formats arrow (IPC) and parquet keep every type as it is, for notebooks and other engines: to a file with --out, or into a pipe, which gets Arrow as a stream.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/vwap "SELECT symbol, max(vwap) FROM vwap_1m GROUP BY symbol ORDER BY 2 DESC LIMIT 5"',
    '<%= config.bin %> <%= command.id %> runs/vwap "SELECT * FROM late" --format csv',
    '<%= config.bin %> <%= command.id %> runs/best "FROM best__changes WHERE _op = \'+U\'"',
    '<%= config.bin %> <%= command.id %> runs/vwap "FROM vwap_1m" --format arrow --out vwap.arrow',
  ];

  static override args = {
    bundle: Args.string({ description: 'directory of a run', required: true }),
    sql: Args.string({ description: 'one SELECT', required: true }),
  };

  static override flags = {
    format: Flags.option({ description: 'how rows are given', options: ['table', 'csv', 'json', 'arrow', 'parquet'] as const, default: 'table' as const })(),
    out: Flags.string({ description: 'file to write instead of standard output', helpValue: 'FILE' }),
  };

  async run(): Promise<Queried> {
    const { args, flags } = await this.parse(Query);
    const { Bundle } = await import('../src/stores/bundle.js');
    // Says what is wrong with a directory that is no bundle before DuckDB looks into it.
    await Bundle.open(args.bundle);
    if (flags.format === 'arrow' || flags.format === 'parquet') return this.binary(args.bundle, args.sql, flags.format, flags.out);
    const { formatCsv, formatJson, formatTable, queryBundle } = await import('../src/sinks/query.js');
    const result = await queryBundle(args.bundle, args.sql);
    const text = { table: formatTable, csv: formatCsv, json: formatJson }[flags.format](result);
    if (flags.out === undefined) this.log(text.replace(/\n$/, ''));
    else {
      const { outsideBundle } = await import('../src/sinks/query-file.js');
      const { writeAside } = await import('../src/stores/files.js');
      await writeAside(await outsideBundle(args.bundle, flags.out), text);
    }
    return result;
  }

  private async binary(bundle: string, sql: string, format: 'arrow' | 'parquet', out: string | undefined): Promise<Queried> {
    if (out === undefined && (process.stdout.isTTY || this.jsonEnabled())) {
      throw new TapewrightError('USAGE', `--format ${format} gives bytes, which are not for ${this.jsonEnabled() ? 'the one object of --json' : 'a terminal'}; write them to a file with --out FILE${this.jsonEnabled() ? '' : ', or into a pipe'}`);
    }
    const { queryToFile, queryToStream } = await import('../src/sinks/query-file.js');
    if (out === undefined) {
      // Whoever read the pipe may have had enough.
      const written = await queryToStream(bundle, sql, format, process.stdout).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
        return { columns: [] };
      });
      return { columns: written.columns };
    }
    const { columns, rows } = await queryToFile(bundle, sql, format, out);
    this.say(`${rows} row${rows === 1 ? '' : 's'} in ${out}`);
    return { columns, rowCount: rows, path: out };
  }
}
