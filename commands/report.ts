import { dirname } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { Report as RunReport } from '../src/report/report.js';
import { BaseCommand } from './base.js';

export default class Report extends BaseCommand {
  static override summary = 'Write the report of a run again, from its bundle.';

  static override description = `Writes report.html, one file that opens from disk without a network, and report.json, which holds what data and SQL alone decide. Reads the bundle and nothing else, and runs no code from it.
Prints the path of the page; with --json, report.json's object. With --format, one report as text goes to standard output or to the file that --out names, and the bundle stays as it is.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/vwap',
    '<%= config.bin %> <%= command.id %> runs/vwap --out report',
    '<%= config.bin %> <%= command.id %> runs/vwap --format markdown > vwap.md',
  ];

  static override args = {
    bundle: Args.string({ description: 'directory of a run', required: true }),
  };

  static override flags = {
    format: Flags.option({ description: 'one report as text', options: ['html', 'json', 'markdown'] as const })(),
    out: Flags.string({ description: 'directory for the two files [default: the bundle], or with --format the file [default: standard output]', helpValue: 'PATH' }),
  };

  async run(): Promise<RunReport> {
    const { args, flags } = await this.parse(Report);
    const [{ reportText, rewriteReport }, { makeDirectory, writeAside }] = await Promise.all([import('../src/report/write.js'), import('../src/stores/files.js')]);
    if (flags.format === undefined) {
      const { report, path } = await rewriteReport(args.bundle, flags.out ?? null);
      this.log(path);
      return report;
    }
    const { report, text } = await reportText(args.bundle, flags.format);
    if (flags.out === undefined) this.log(text.replace(/\n$/, ''));
    else {
      await makeDirectory(dirname(flags.out));
      await writeAside(flags.out, text);
      this.log(flags.out);
    }
    return report;
  }
}
