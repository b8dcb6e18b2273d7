import { Args, Flags } from '@oclif/core';
import type { ReplayOptions, ReplayResult } from '../src/runtime/options.js';
import type { JournalFlags } from '../src/live/from-journal-flags.js';
import type { ReplayFlags } from '../src/scenario/flags.js';
import { BaseCommand, exitCodes } from './base.js';

export interface ReplayReport extends ReplayResult {
  /** Expectations of the scenario that the run did not meet. */
  readonly failed: readonly string[];
}

export default class Replay extends BaseCommand {
  static override summary = 'Replay a day of market data through a scenario or an SQL file.';

  static override description = `The same data and the same SQL give the same digests on every machine.
The run's bundle (outputs as Parquet, late rows, journal, report) is a directory: runs/ID, or what --out names.
A scenario is a name (see "scenarios list"), or the path of a folder, a scenario.yaml, a .sql file or a .js module that exports a pipeline; code is run only of files that are named so.

Exit codes: 0 as expected, 1 an expectation of the scenario was not met, 2 could not run.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> trading-day',
    '<%= config.bin %> <%= command.id %> vwap.sql --bind market_data_raw=ticks.parquet --out runs/vwap',
    '<%= config.bin %> <%= command.id %> vwap.sql --bind market_data_raw=ticks.csv --map market_data_raw.event_time=\'make_timestamp(CAST(ts AS BIGINT) * 1000)\'',
    '<%= config.bin %> <%= command.id %> trading-day --from 2026-03-02T15:00 --to 2026-03-02T16:00 --json',
    '<%= config.bin %> <%= command.id %> --resume runs/vwap',
    '<%= config.bin %> <%= command.id %> trading-day --from-journal tapewright-trading-day --brokers 127.0.0.1:9092',
  ];

  static override args = {
    scenario: Args.string({ description: 'scenario (name, folder or scenario.yaml), .sql file, or .js module of a pipeline', required: false }),
  };

  static override flags = {
    bind: Flags.string({ description: 'what a table reads: a Parquet, Arrow, CSV or JSON lines file, a glob, an Iceberg table, or a dataset; a table that is not named reads what the scenario binds it to', helpValue: 'TABLE=PATH|DATASET', multiple: true, multipleNonGreedy: true }),
    map: Flags.string({ description: 'a column as an expression (DuckDB) over the bound file\'s columns', helpValue: 'TABLE.COLUMN=EXPRESSION', multiple: true, multipleNonGreedy: true }),
    functions: Flags.string({ description: 'a .js module whose exported functions the SQL may call', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
    key: Flags.string({ description: 'source columns that divide the rows into lanes', helpValue: 'COLUMN[,COLUMN]' }),
    lanes: Flags.string({ description: 'lanes, 1 unless the scenario says otherwise', helpValue: 'N' }),
    from: Flags.string({ description: 'first event time: ISO (UTC when no zone is given) or epoch ms', helpValue: 'TIME' }),
    to: Flags.string({ description: 'event time to end before', helpValue: 'TIME' }),
    'batch-rows': Flags.string({ description: 'rows a batch; no output depends on it [default: 32768]', helpValue: 'N' }),
    speed: Flags.string({ description: 'max, or a multiple of real time [default: max]', helpValue: 'max|N' }),
    'step-every': Flags.string({ description: 'event time between steps [default: 10s]', helpValue: 'DURATION' }),
    'checkpoint-every': Flags.string({ description: 'real time between checkpoints, at least 1s [default: 10s]', helpValue: 'DURATION' }),
    'max-ahead': Flags.string({ description: 'hold a row that moves the watermark by more than this [default: none is held, and more than an hour is told]', helpValue: 'DURATION' }),
    'open-end': Flags.boolean({ description: 'leave open windows open when the data end' }),
    strict: Flags.boolean({ description: 'stop at the first row that an expression fails on' }),
    out: Flags.string({ description: 'directory of the bundle, new or empty [default: runs/ID]', helpValue: 'DIR' }),
    resume: Flags.string({ description: 'take up again the run whose bundle this is', helpValue: 'DIR' }),
    'from-journal': Flags.string({ description: 'make the bundle of a live run, from its journal and the topics that it read', helpValue: 'GROUP' }),
    brokers: Flags.string({ description: 'of --from-journal: Kafka brokers; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…', dependsOn: ['from-journal'] }),
    registry: Flags.string({ description: 'of --from-journal: schema registry; by default SCHEMA_REGISTRY', helpValue: 'URL,…', dependsOn: ['from-journal'] }),
    sink: Flags.string({ description: 'of --from-journal: as the run had it', helpValue: 'TABLE=kafka:TOPIC', multiple: true, multipleNonGreedy: true, dependsOn: ['from-journal'] }),
    'stop-after-rows': Flags.string({ description: 'stop, with a checkpoint, after so many rows', helpValue: 'N' }),
    quiet: Flags.boolean({ description: 'print no progress' }),
    watch: Flags.boolean({ description: 'show tape, movers and alerts on a terminal while the run goes on [default: where --speed keeps a pace]', allowNo: true }),
  };

  async run(): Promise<ReplayReport> {
    const { args, flags } = await this.parse(Replay);
    if (flags['from-journal'] !== undefined) return this.#fromJournal(flags['from-journal'], args.scenario, flags);
    const { newRunOptions } = await import('../src/scenario/flags.js');
    const asked = flags.resume === undefined ? await newRunOptions(args.scenario, flags) : await this.#resumed(flags.resume, args.scenario, flags);
    const result = await this.#replay(asked, flags.quiet, flags.watch);
    const failed = await this.#unmet(result);
    await this.#print(result, failed, flags.quiet);
    if (failed.length > 0) process.exitCode = exitCodes.different;
    return { ...result, failed };
  }

  /** Its expectations are those of the scenario, as for any run of it. */
  async #fromJournal(group: string, scenario: string | undefined, flags: JournalFlags): Promise<ReplayReport> {
    const [{ replayJournal }, { journalOptions }] = await Promise.all([import('../src/live/from-journal.js'), import('../src/live/from-journal-flags.js')]);
    const asked = await journalOptions(group, scenario, flags, process.env);
    let saidAt = performance.now();
    const result = await replayJournal({
      ...asked, onRemark: (text) => this.say(`Remark: ${text}`),
      onProgress: (rows) => {
        if (flags.quiet || performance.now() - saidAt < 2000) return;
        saidAt = performance.now();
        this.say(`${rows} rows`);
      },
    });
    const failed = await this.#unmet(result);
    await this.#print(result, failed, flags.quiet);
    if (failed.length > 0) process.exitCode = exitCodes.different;
    return { ...result, failed };
  }

  /** No code of a bundle is run: its functions are those of the files given. */
  async #resumed(directory: string, scenario: string | undefined, flags: ReplayFlags): Promise<ReplayOptions> {
    const [{ resumeOptions }, { loadModule }] = await Promise.all([import('../src/scenario/flags.js'), import('../src/runtime/modules.js')]);
    for (const path of flags.functions ?? []) await loadModule(path);
    return resumeOptions(directory, scenario, flags);
  }

  async #replay(asked: ReplayOptions, quiet: boolean, watch: boolean | undefined): Promise<ReplayResult> {
    const [{ runReplay }, { ShownRun }, { stopOnInterrupt }] = await Promise.all([
      import('../src/runtime/replay.js'), import('../src/runtime/watch-run.js'), import('../src/runtime/interrupt.js'),
    ]);
    const { NO_COLOR: noColour, TERM: terminal } = process.env;
    const shown = new ShownRun({
      screen: process.stderr, isTerminal: process.stderr.isTTY && !this.jsonEnabled() && terminal !== 'dumb', colours: (noColour ?? '') === '',
      quiet, watch, say: (text) => this.say(text),
    });
    const interrupt = stopOnInterrupt(() => shown.remark('Stopping at a checkpoint; press Ctrl-C again to quit at once.'));
    try {
      return await runReplay({ ...asked, signal: interrupt.signal, onRemark: shown.remark, onProgress: shown.onProgress, observe: shown.observe });
    } finally {
      shown.close();
      interrupt.end();
    }
  }

  /** Expectations are the scenario's that the bundle was made with, so that they hold for a resumed run as well. */
  async #unmet(result: ReplayResult): Promise<readonly string[]> {
    if (result.status !== 'complete') return [];
    const [{ Bundle }, { unmetExpectations }, { queryBundle }] = await Promise.all([
      import('../src/stores/bundle.js'), import('../src/scenario/expectations.js'), import('../src/sinks/query.js'),
    ]);
    const { manifest } = await Bundle.open(result.directory);
    return unmetExpectations(manifest.texts.expect, result, async (sql) => (await queryBundle(result.directory, sql)).rows);
  }

  /** The most eventful symbols and what was raised, for people; for all else there is the report. */
  async #printHighlights(directory: string): Promise<void> {
    const [{ bundleHighlights }, { TapewrightError }] = await Promise.all([import('../src/report/bundle-highlights.js'), import('../src/core/errors.js')]);
    try {
      const text = await bundleHighlights(directory, process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb');
      if (text !== '') this.log(`${text}\n`);
    } catch (error) {
      // The run stands without it.
      if (!(error instanceof TapewrightError)) throw error;
      this.say(`Remark: no summary can be made: ${error.message}`);
    }
  }

  async #print(result: ReplayResult, failed: readonly string[], quiet: boolean): Promise<void> {
    const { resultText } = await import('../src/runtime/result-text.js');
    if (!quiet && result.status === 'complete' && !this.jsonEnabled()) await this.#printHighlights(result.directory);
    this.log(resultText(result));
    if (!quiet) for (const remark of result.remarks) this.say(`Remark: ${remark}`);
    for (const one of failed) this.say(`Not as expected: ${one}`);
    if (result.status === 'stopped') this.say(`Stopped. To go on: ${this.config.bin} replay --resume ${result.directory}`);
  }
}
