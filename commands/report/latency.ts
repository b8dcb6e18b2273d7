import { Args, Flags } from '@oclif/core';
import type { LatencyReport } from '../../src/report/latency.js';
import { BaseCommand } from '../base.js';

export default class ReportLatency extends BaseCommand {
  static override summary = 'Hold the latencies of live runs against their budget, layer by layer, over time.';

  static override description = `Reads what \`live\` keeps in its state folder every ten seconds, and \`publish --latency\` in its own: HDR histograms of how long rows took from their send to the fetch, to the output, to the commit, and in all. Writes a page with the percentiles over time, and prints them as a table; with --json, as an object. Several folders, as of processes that share a group's lanes, are counted together.

A layer meets its budget when 99 of 100 rows keep it over the whole time. The time of sending is the record's own timestamp, so clocks of different machines must agree. Rows sent before the group first ran waited for the run to begin and are left out, and counted.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> live/tapewright-trading-day',
    '<%= config.bin %> <%= command.id %> live/tapewright-trading-day publisher --out latency.html --json',
  ];

  // The first of them is this argument, the others are taken with it.
  static override strict = false;

  static override args = { directory: Args.string({ description: 'state folders of live runs', required: true }) };

  static override flags = { out: Flags.string({ description: 'file of the page [default: latency.html in the first folder]', helpValue: 'FILE' }) };

  async run(): Promise<LatencyReport> {
    const { argv, flags } = await this.parse(ReportLatency);
    const [{ latencyReport }, { latencyText }, { writeLatencyPage }] = await Promise.all([
      import('../../src/report/latency.js'), import('../../src/report/latency-text.js'), import('../../src/report/latency-page.js'),
    ]);
    const directories = argv as string[];
    const report = await latencyReport(directories);
    this.log(latencyText(report));
    this.log(await writeLatencyPage(report, flags.out ?? null));
    return report;
  }
}
