import { Args, Flags } from '@oclif/core';
import type { MadeStarter } from '../../src/scenario/starter-write.js';
import { BaseCommand } from '../base.js';

const column = (what: string) => Flags.string({ description: `the file's column with ${what}; by default found by name and values`, helpValue: 'COLUMN' });

export default class ScenariosNew extends BaseCommand {
  static override summary = 'Write a commented starter scenario over a file of ticks or a dataset; it runs at once.';

  static override description = `Finds the file's columns for time, symbol, price, volume, bid and ask, says which they are, tries the texts on the first rows, and writes scenario.yaml, tables.sql and outputs.sql into a folder of the scenario's name beside the file (over a dataset: scenarios/NAME). Nothing is overwritten. Takes Parquet, Arrow, CSV with a header, JSON lines and names of datasets. Times without a zone are UTC.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> mine --from ticks.parquet',
    '<%= config.bin %> <%= command.id %> mine --from "my ticks.csv" --time "Trade Time" --symbol Ticker',
  ];

  static override args = { name: Args.string({ description: "the scenario's name", required: true }) };

  static override flags = {
    from: Flags.string({ description: 'file of ticks, or a dataset', helpValue: 'FILE|DATASET', required: true }),
    time: column('the event time'), symbol: column('the symbol'), price: column('the price'), volume: column('the volume or size'), bid: column('the bid'), ask: column('the ask'),
    out: Flags.string({ description: 'folder to write, new or empty', helpValue: 'DIR' }),
  };

  async run(): Promise<MadeStarter> {
    const { args, flags } = await this.parse(ScenariosNew);
    const { makeStarter } = await import('../../src/scenario/starter-write.js');
    const { from, out, time, symbol, price, volume, bid, ask } = flags;
    const named = Object.fromEntries(Object.entries({ time, symbol, price, volume, bid, ask }).filter(([, name]) => name !== undefined));
    const made = await makeStarter({ name: args.name, from, out: out ?? null, columns: named, onRemark: (remark) => this.say(remark) });
    this.say(`In ${from}: ${Object.entries(made.columns).map(([role, name]) => `${role.replace('_', ' ')} is '${name}'`).join(', ')}.`);
    for (const remark of made.remarks) this.say(`Remark: ${remark}`);
    for (const file of made.files) this.log(file);
    const folder = /^[\w./-]+$/.test(made.folder) ? made.folder : `'${made.folder.replaceAll("'", "'\\''")}'`;
    this.say(`To run it: ${this.config.bin} replay ${folder}`);
    return made;
  }
}
