import { Args, Flags } from '@oclif/core';
import type { RunAccuracy } from '../../src/report/run-accuracy.js';
import { BaseCommand } from '../base.js';

export default class ReportAccuracy extends BaseCommand {
  static override summary = "Hold the alerts of runs against the labels of their data: precision, recall, delay.";

  static override description = `For each type of label: how many were found (recall), how many alerts found one (precision), and how long after a label's beginning its first alert stands (event time; median, 90th percentile and most, by nearest rank).

An alert finds a label of its own type, or of one that the scenario's key accuracy.types maps it to; of its own symbol, or of none (the whole market); with a time from the label's beginning to its end and the tolerance. A label is found once; more alerts within it count as matched, not as false. Alerts that find a label of another type only are not counted against this one. Several runs are shown side by side. Columns are those that the scenario's accuracy.output, type, symbol and time name, else found by name and type.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/trading-day',
    '<%= config.bin %> <%= command.id %> runs/before runs/after --tolerance 30s',
  ];

  // The first of them is this argument, the others are taken with it.
  static override strict = false;

  static override args = { bundle: Args.string({ description: 'directories of runs', required: true }) };

  static override flags = {
    tolerance: Flags.string({ description: "event time after a label's end in which an alert counts [default: the scenario's, else 5s]", helpValue: 'DURATION' }),
  };

  async run(): Promise<{ runs: RunAccuracy[] }> {
    const { argv, flags } = await this.parse(ReportAccuracy);
    const [{ runAccuracy }, { accuracyText }, { toleranceFrom }] = await Promise.all([
      import('../../src/report/run-accuracy.js'), import('../../src/report/accuracy-text.js'), import('../../src/scenario/accuracy.js'),
    ]);
    const tolerance = flags.tolerance === undefined ? null : toleranceFrom(flags.tolerance);
    const runs: RunAccuracy[] = [];
    for (const directory of argv as string[]) runs.push(await runAccuracy(directory, tolerance));
    this.log(accuracyText(runs));
    return { runs };
  }
}
