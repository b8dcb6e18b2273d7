import { Args, Flags } from '@oclif/core';
import type { Report as RunReport } from '../../src/report/report.js';
import { BaseCommand } from '../base.js';

export default class Report extends BaseCommand {
  static override summary = 'Write the report of a run again, from its bundle.';

  static override description = `Writes report.html, one file that opens from disk without a network, and report.json, which holds
what data and SQL alone decide. Reads the bundle and nothing else, and runs no code from it.
Prints the path of the page; with --json, report.json's object.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/vwap',
    '<%= config.bin %> <%= command.id %> runs/vwap --out report',
  ];

  static override args = {
    bundle: Args.string({ description: 'directory of a run', required: true }),
  };

  static override flags = {
    out: Flags.string({ description: 'directory for the two files [default: the bundle]', helpValue: 'DIR' }),
  };

  async run(): Promise<RunReport> {
    const { args, flags } = await this.parse(Report);
    const { rewriteReport } = await import('../../src/report/write.js');
    const { report, path } = await rewriteReport(args.bundle, flags.out ?? null);
    this.log(path);
    return report;
  }
}
