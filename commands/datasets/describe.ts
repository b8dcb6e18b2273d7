import { Args, Flags } from '@oclif/core';
import { TapewrightError } from '../../src/core/errors.js';
import type { Dataset } from '../../src/datasets/dataset.js';
import type { Description } from '../../src/datasets/describe/describe.js';
import type { Verdict } from '../../src/datasets/describe/verdict.js';
import type { Profile } from '../../src/datasets/describe/profile.js';
import type { AnomalyLabel } from '../../src/datasets/market/injections.js';
import { BaseCommand } from '../base.js';

interface About {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly licence: string;
  readonly span: { readonly from: string; readonly to: string };
  readonly rows: number | null;
  readonly fingerprint: string | null;
  /** What a generator put in for detectors to find; empty for files. */
  readonly labels: readonly (Omit<AnomalyLabel, 'from' | 'to'> & { readonly from: string; readonly to: string })[];
}

interface Described {
  readonly name: string;
  /** What dataset.yaml says; null: a file that is no dataset. */
  readonly dataset: About | null;
  readonly schema: Readonly<Record<string, string>>;
  /** Left out with --said. */
  readonly file?: { readonly files: readonly string[]; readonly format: string; readonly bytes: number; readonly sha256: string };
  readonly found?: Readonly<Record<string, string>>;
  readonly expressions?: Readonly<Record<string, string>>;
  readonly remarks?: readonly string[];
  readonly profile?: Profile;
  readonly verdict?: Verdict;
}

/** Between two lines of progress. */
const progressMillis = 2000;

export default class DatasetsDescribe extends BaseCommand {
  static override summary = 'Describe a dataset or a file: what an engineer must know before trusting a backtest on it.';

  static override description = `Reads all rows once, of a dataset or of a file that is none (Parquet, Arrow, CSV, JSON lines, also with gzip, or an Iceberg table), and says: columns with NULLs and odd numbers, span and symbols, how far rows come out of order and how many would be late at which bound, silences, ties and repeated rows, crossed, locked and impossible quotes, prints that their neighbours or quotes contradict, and a verdict with the watermark to write.

Columns are found by their names and types, and what was found is said; flags name them where that is not enough. Rows are numbered from 0, as in late.parquet. Memory does not grow with them.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> us-equities-day', '<%= config.bin %> <%= command.id %> ticks.csv.gz --time ts --price last --page ticks.html',
    "<%= config.bin %> <%= command.id %> ticks.arrow --map 'time=epoch_ms(t * 1000)' --json", '<%= config.bin %> <%= command.id %> us-equities-day --seed 7 --said',
  ];

  static override args = { dataset: Args.string({ description: 'name, folder or dataset.yaml of a dataset, or a file or glob', required: true }) };

  static override flags = {
    time: Flags.string({ description: 'column of the event time', helpValue: 'COLUMN' }),
    symbol: Flags.string({ description: 'column of the symbol', helpValue: 'COLUMN' }),
    price: Flags.string({ description: 'column of the price', helpValue: 'COLUMN' }),
    volume: Flags.string({ description: 'column of the volume, or size', helpValue: 'COLUMN' }),
    bid: Flags.string({ description: 'column of the bid', helpValue: 'COLUMN' }),
    ask: Flags.string({ description: 'column of the ask', helpValue: 'COLUMN' }),
    'event-type': Flags.string({ description: 'column that tells trades from quotes', helpValue: 'COLUMN' }),
    map: Flags.string({ description: "DuckDB expression over the file's columns, for one of these", helpValue: 'COLUMN=EXPRESSION', multiple: true, multipleNonGreedy: true }),
    page: Flags.string({ description: 'also write it as a page', helpValue: 'FILE.html' }),
    said: Flags.boolean({ description: 'only what dataset.yaml says: no row is read or made' }),
    rows: Flags.integer({ description: "number of rows of a generated dataset; by default the dataset's own", min: 1 }),
    seed: Flags.integer({ description: "seed of a generated dataset; by default the dataset's own", min: 0 }),
    quiet: Flags.boolean({ description: 'print no progress' }),
  };

  async run(): Promise<Described> {
    const { args, flags } = await this.parse(DatasetsDescribe);
    const parameters = { ...(flags.rows === undefined ? {} : { rows: flags.rows }), ...(flags.seed === undefined ? {} : { seed: flags.seed }) };
    if (flags.said) return this.said(args.dataset, flags.seed);
    const [{ describe }, { descriptionText }] = await Promise.all([import('../../src/datasets/describe/describe.js'), import('../../src/datasets/describe/text.js')]);
    const { time, symbol, price, volume, bid, ask, 'event-type': type } = flags;
    const asked = Object.fromEntries(Object.entries({ time, symbol, price, volume, bid, ask, event_type: type }).filter(([, column]) => column !== undefined));
    const description = await describe(args.dataset, { ...asked, map: mapFrom(flags.map ?? []) }, { ...parameters, ...(flags.quiet ? {} : this.progress()) });
    const { dataset } = description.subject;
    const about = dataset === null ? null : await this.about(dataset, flags.seed);
    if (about !== null) this.printAbout(about);
    this.log(descriptionText(description).trimEnd());
    if (flags.page !== undefined) await this.writePage(flags.page, description);
    return described(about, description);
  }

  private async said(name: string, seed: number | undefined): Promise<Described> {
    const [{ loadDataset }, { typeName }] = await Promise.all([import('../../src/datasets/dataset.js'), import('../../src/core/types.js')]);
    const dataset = await loadDataset(name);
    const about = await this.about(dataset, seed);
    const schema = Object.fromEntries(dataset.schema.map((field) => [field.name, typeName(field.type)]));
    this.printAbout(about);
    this.log('Columns');
    this.table(Object.entries(schema));
    return { name: about.name, dataset: about, schema };
  }

  private async about({ data, name, description, origin, licence, span, rows, fingerprint }: Dataset, seed: number | undefined): Promise<About> {
    const { generatorNamed } = await import('../../src/datasets/generators.js');
    const generator = data.kind === 'generator' ? generatorNamed(data.name)! : null;
    const labels = generator === null || data.kind !== 'generator' ? [] : generator.labels(seed ?? data.seed, generator.inject);
    const text = (millis: number): string => new Date(millis).toISOString();
    return {
      name, description, origin, licence, rows, fingerprint, span: { from: text(span.from), to: text(span.to) },
      labels: labels.map((label) => ({ ...label, from: text(label.from), to: text(label.to) })),
    };
  }

  private printAbout({ name, description, origin, licence, span, rows, fingerprint, labels }: About): void {
    this.log(`${name}\n\n${description}\n`);
    this.table([['origin', origin], ['licence', licence], ['span', `${span.from} to ${span.to}`], ['rows', String(rows ?? 'not said')], ['fingerprint', fingerprint ?? 'not said']]);
    if (labels.length > 0) {
      this.log('\nAnomalies put in');
      this.table(labels.map(({ type, symbol, from, size }) => [from, `${(symbol ?? 'all').padEnd(5)} ${type.padEnd(16)} ${size}`]));
    }
    this.log('');
  }

  private table(pairs: readonly (readonly [string, string])[]): void {
    const width = Math.max(0, ...pairs.map(([key]) => key.length));
    for (const [key, value] of pairs) this.log(`  ${key.padEnd(width)}  ${value}`);
  }

  private progress(): { readonly onRows: (rows: number, total: number | null) => void; readonly onProgress: (rows: number, total: number) => void } {
    let saidAt = performance.now();
    const say = (what: string) => (rows: number, total: number | null): void => {
      if (performance.now() - saidAt < progressMillis) return;
      saidAt = performance.now();
      this.say(`${what} ${rows} rows${total === null || total === 0 ? '' : `, ${Math.floor((100 * rows) / total)} %`}`);
    };
    return { onRows: say('Read'), onProgress: say('Made') };
  }

  private async writePage(path: string, description: Description): Promise<void> {
    const [{ descriptionPage }, { writeAside }] = await Promise.all([import('../../src/datasets/describe/page.js'), import('../../src/stores/files.js')]);
    await writeAside(path, descriptionPage(description));
    this.say(`The page is ${path}`);
  }
}

function mapFrom(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1 || text.slice(at + 1).trim() === '') throw new TapewrightError('USAGE', `--map ${text}: must be COLUMN=EXPRESSION, e.g. time=epoch_ms(ts)`, { given: text });
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}

function described(dataset: About | null, { subject, profile, remarks, fingerprint, verdict }: Description): Described {
  const schema = Object.fromEntries(subject.columns.map(({ name, type }) => [name, type.kind === 'DECIMAL' ? `DECIMAL(${type.precision}, ${type.scale})` : type.precision === undefined ? type.kind : `${type.kind}(${type.precision})`]));
  return {
    name: subject.name, dataset, schema, file: { files: subject.files, format: subject.binding.format, bytes: subject.bytes, sha256: fingerprint },
    found: subject.found, expressions: subject.expressions, remarks, profile, verdict,
  };
}
