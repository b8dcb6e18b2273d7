import { basename, dirname } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { FilePlan } from '../../src/datasets/import/plan.js';
import type { ImportProgress, ImportResult } from '../../src/datasets/import/import.js';
import { BaseCommand } from '../base.js';

/** Between two lines of progress. */
const progressMillis = 2000;

export default class DatasetsImport extends BaseCommand {
  static override summary = 'Import files of trades and quotes as a dataset that replays at once.';

  static override description = `Reads CSV, JSON lines, Parquet and Arrow, text also packed with gzip or as a zip archive of one file. Whose format a file has is found from its header, or from the shape of its fields, and told before a row is read; --as says it where that is not enough.

Written are datasets/NAME/data.parquet, dataset.yaml and, for rows that cannot be used, rejects.jsonl with the reason. Prices become the double nearest to their decimal text. Sizes must be whole: fractional ones need --size-scale, and are exact. Times that state no zone need --time-zone; it is never guessed. The price of a quote is the mean of bid and ask, its volume the sum of both sizes.

Mappings: binance-trades, binance-agg-trades, binance-book-ticker, binance-capture, databento, dukascopy, lobster (with its orderbook file), nautilus, quantconnect, taq, mtgox, market-data (Tapewright's own columns), bid-ask, trades.

Exit codes: 0 imported, also with rejects; 2 could not be imported, and nothing was written.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> BTCUSDT-trades-2024-01-01.zip --name btc --size-scale 1e8',
    '<%= config.bin %> <%= command.id %> AAPL_2012-06-21_34200000_57600000_message_10.csv AAPL_2012-06-21_34200000_57600000_orderbook_10.csv --name aapl --time-zone America/New_York',
    '<%= config.bin %> <%= command.id %> eurusd.csv --name eurusd --as bid-ask --symbol EURUSD --time-zone UTC',
    '<%= config.bin %> replay vwap.sql --bind market_data_raw=btc',
  ];

  // The first of them is this argument, the others are taken with it.
  static override strict = false;

  static override args = { file: Args.string({ description: 'files of one dataset', required: true }) };

  static override flags = {
    name: Flags.string({ description: 'name of the dataset', required: true }),
    as: Flags.string({ description: 'mapping; by default found from the header', helpValue: 'MAPPING' }),
    symbol: Flags.string({ description: 'symbol of all rows, where the files do not say it' }),
    exchange: Flags.string({ description: 'exchange of the rows that do not say it' }),
    date: Flags.string({ description: 'day of files that have times of day only', helpValue: 'YYYY-MM-DD' }),
    'time-zone': Flags.string({ description: 'zone of times that state none', helpValue: 'UTC|+HH:MM|REGION/CITY' }),
    'size-scale': Flags.string({ description: 'power of ten that sizes are multiplied by', helpValue: '1eN' }),
    order: Flags.string({ description: 'order of the rows: of event time, or of the files', options: ['time', 'file'], default: 'time' }),
    encoding: Flags.string({ description: 'of text', options: ['utf8', 'latin1'], default: 'utf8' }),
    origin: Flags.string({ description: 'where the files come from, for dataset.yaml' }),
    licence: Flags.string({ description: 'licence of the data, for dataset.yaml [default: unknown]' }),
    out: Flags.string({ description: 'folder to write, new or empty [default: datasets/NAME]', helpValue: 'DIR' }),
    quiet: Flags.boolean({ description: 'print no progress' }),
  };

  async run(): Promise<ImportResult> {
    const { argv, flags } = await this.parse(DatasetsImport);
    const [{ importOptions }, { importDataset }, { interruptedExit, stopOnInterrupt }] = await Promise.all([
      import('../../src/datasets/import/options.js'), import('../../src/datasets/import/import.js'), import('../../src/runtime/interrupt.js'),
    ]);
    const options = importOptions(flags);
    const interrupt = stopOnInterrupt(() => this.say('Stopping; nothing will have been written.'));
    try {
      const result = await importDataset(argv as string[], {
        ...options, signal: interrupt.signal, onPlan: (plans) => this.tellPlan(plans, options.sizeExponent), ...(flags.quiet ? {} : { onProgress: this.progress() }),
      });
      this.print(result, options.order);
      return result;
    } catch (error) {
      // What had been written is gone by now.
      if (interrupt.signal.aborted) process.exit(interruptedExit);
      throw error;
    } finally {
      interrupt.end();
    }
  }

  /** What was found and will be done, before it is. */
  private tellPlan(plans: readonly FilePlan[], sizeExponent: number | null): void {
    for (const { head, mapping, says } of plans) this.say(`${head.path}: ${mapping.title} (${mapping.name}). ${says.join(' ')}`);
    this.say(sizeExponent === null ? 'Sizes are taken as they are.' : `Sizes are multiplied by 1e${sizeExponent}.`);
  }

  private progress(): (progress: ImportProgress) => void {
    let saidAt = performance.now();
    return ({ rows, bytes, bytesTotal }) => {
      if (performance.now() - saidAt < progressMillis) return;
      saidAt = performance.now();
      this.say(`${Math.floor((100 * bytes) / bytesTotal)} %, ${rows} rows`);
    };
  }

  private print({ dataset, path, rows, symbols, span, leftOut, rejected, unsorted, files }: ImportResult, order: 'time' | 'file'): void {
    const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, each) => total + each, 0);
    this.log(`${dataset}: ${rows} rows of ${symbols.length} symbol${symbols.length === 1 ? '' : 's'}, ${span.from} to ${span.to}, in ${path}`);
    if (unsorted > 0) this.say(`Remark: ${unsorted} rows stood after later ones${files.length > 1 ? ', within the files or between them' : ''}${order === 'time' ? '; they were put in order' : ''}.`);
    for (const [reason, times] of Object.entries(leftOut)) this.say(`Left out: ${times} records: ${reason}.`);
    for (const [reason, times] of Object.entries(rejected)) this.say(`Rejected: ${times} records: ${reason}.`);
    if (sum(rejected) > 0) this.say(`The rejected ${sum(rejected)} are in ${path}/rejects.jsonl.`);
    // Elsewhere it is not found by its name.
    const bound = basename(dirname(path)) === 'datasets' && basename(path) === dataset ? dataset : path;
    this.say(`To replay it: ${this.config.bin} replay SCENARIO --bind TABLE=${bound}`);
  }
}
