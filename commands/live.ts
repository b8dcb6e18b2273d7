import { Args, Flags } from '@oclif/core';
import type { LiveResult } from '../src/live/live.js';
import { BaseCommand } from './base.js';

export default class Live extends BaseCommand {
  static override summary = 'Run a pipeline on Kafka: the same logic as replay, exactly once.';

  static override description = `Reads the topics of the pipeline's tables and writes its outputs to theirs. Each step is one transaction: outputs, late rows (GROUP-late), dead letters (GROUP-dead-letters), the step's record in the journal (GROUP-journal) and the input offsets. Lanes follow the partitions where the keys allow it. A process that dies, at whatever moment, is simply started again: it makes its state anew from the newest checkpoint and the journal, compares digests, and goes on where the journal ends.

Several processes of one group share its lanes: start and stop them freely, with one --state folder for all. --lanes takes lanes without a group, from whoever has them.

Brokers and registry come from the flags or from KAFKA_BROKERS and SCHEMA_REGISTRY; users, passwords and keys only from the environment or files (see: publish --help). Ctrl-C finishes the step, writes a checkpoint and stops.

While it runs, a terminal shows lanes, lag, rates, latencies against their budget, and the last alerts; with --json there is a line of JSON a second ({"status": …}) and the result as the last. Latencies are kept in the state folder every ten seconds (see: report latency). --metrics serves Prometheus on the loopback; alert rules and a dashboard are in the folder ops.`;

  static override examples = [
    "<%= config.bin %> <%= command.id %> trading-day --sink vwap_1m=kafka:vwap-1m --sink '*=kafka:'",
    '<%= config.bin %> <%= command.id %> vwap.sql --group vwap --start earliest --until latest --json',
    '<%= config.bin %> <%= command.id %> vwap.sql --lanes 0-3 --until 2026-03-02T21:00:00Z',
  ];

  static override args = { scenario: Args.string({ description: 'scenario (name, folder or scenario.yaml), or .sql file', required: true }) };

  static override flags = {
    brokers: Flags.string({ description: 'Kafka brokers; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…' }),
    registry: Flags.string({ description: 'schema registry; by default SCHEMA_REGISTRY', helpValue: 'URL,…' }),
    client: Flags.option({ description: 'who speaks to Kafka: one on the protocol layer of @platformatic/kafka, or kafkajs [default: platformatic]', options: ['platformatic', 'kafkajs'] as const })(),
    group: Flags.string({ description: 'names the run: its journal, offsets and producers [default: tapewright-SCENARIO]', helpValue: 'NAME' }),
    state: Flags.string({ description: 'folder for checkpoints [default: live/GROUP]', helpValue: 'DIR' }),
    sink: Flags.string({ description: 'write a table to a topic, whatever its connector; * for all whose connector live does not write', helpValue: 'TABLE=kafka:TOPIC', multiple: true, multipleNonGreedy: true }),
    start: Flags.option({ description: "where the first start begins, instead of the tables' scan.startup.mode", options: ['earliest', 'latest', 'group'] as const })(),
    until: Flags.string({ description: 'end, as history does, at the offsets that are last now, or where event time comes to TIME', helpValue: 'latest|TIME' }),
    lanes: Flags.string({ description: 'run these lanes, whoever has them now, rather than those that the group gives to this process [default: the group gives them]', helpValue: 'all|0-3,5' }),
    'session-timeout': Flags.string({ description: 'after which a process that the group does not hear of loses its lanes', default: '10s', helpValue: 'DURATION' }),
    'on-gap': Flags.option({ description: 'where input was deleted before it was read, or changes of a database are missing', options: ['refuse', 'continue'] as const, default: 'refuse' as const })(),
    linger: Flags.integer({ description: 'milliseconds for which a step waits for more rows [default: 0]', default: 0, min: 0, max: 60_000 }),
    functions: Flags.string({ description: 'a .js module whose exported functions the SQL may call', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
    'checkpoint-every': Flags.string({ description: 'real time between checkpoints', default: '10s', helpValue: 'DURATION' }),
    strict: Flags.boolean({ description: 'stop at the first row that an expression fails on' }),
    'warm-from': Flags.string({ description: 'history to build the state from before the first row: a run, a recording or another dataset', helpValue: '[TABLE=]RUN|DATASET', multiple: true, multipleNonGreedy: true }),
    record: Flags.string({ description: 'keep the input while the run goes on, and make a bundle of it, in this folder, when it ends or is stopped', helpValue: 'DIR' }),
    'allow-unbounded-state': Flags.boolean({ description: 'run statements whose state grows with every new key (GROUP BY without a window, Top-N, joins without a time-to-live)' }),
    'released-by': Flags.boolean({ description: 'messages of outputs carry a header released-by: topic/partition/offset of the message that let them go' }),
    metrics: Flags.integer({ description: 'serve metrics for Prometheus at http://127.0.0.1:PORT/metrics; 0: any port that is free', helpValue: 'PORT', min: 0, max: 65_535 }),
    quiet: Flags.boolean({ description: 'print no progress' }),
  };

  async run(): Promise<LiveResult> {
    const { args, flags } = await this.parse(Live);
    const [{ runLive }, { liveOptions }, { stopOnInterrupt }, { MeteredRun }] = await Promise.all([
      import('../src/live/live.js'), import('../src/live/live-flags.js'), import('../src/runtime/interrupt.js'), import('../src/live/meter-run.js'),
    ]);
    const asked = await liveOptions(args.scenario, flags, process.env);
    const { NO_COLOR: noColour, TERM: terminal } = process.env;
    const isView = process.stdout.isTTY && !flags.quiet && !this.jsonEnabled() && terminal !== 'dumb';
    const metered = await MeteredRun.start({
      ...asked, metricsPort: flags.metrics ?? null, screen: isView ? process.stdout : null, colours: (noColour ?? '') === '',
      onStatus: this.jsonEnabled() ? (status) => this.logJson({ status }) : null, say: flags.quiet ? null : (text) => this.say(text),
    });
    const interrupt = stopOnInterrupt(() => metered.remark('Stopping: the step is finished and a checkpoint written. Ctrl-C again ends at once.'));
    try {
      const result = await runLive({ ...asked, signal: interrupt.signal, onRemark: (text) => metered.remark(`Remark: ${text}`), events: metered.events });
      await metered.close();
      this.print(result);
      return result;
    } finally {
      await metered.close();
      interrupt.end();
    }
  }

  /** A line each, so that a machine can read them as they come. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }

  private print({ group, ended, bundle, lanes }: LiveResult): void {
    const stopped = lanes.length === 0 ? 'stopped without a lane; other processes of the group have them' : `stopped; ${lanes.length === 1 ? 'the lane goes' : 'the lanes go'} on in another process of the group, or when it is started again`;
    this.log(`${group}: ${ended ? 'the input has ended' : stopped}`);
    for (const { lane, steps, rows, late, deadLetters, outputs } of lanes) {
      this.log(`lane ${lane}: ${rows} rows read, ${steps} steps, ${late} late, ${deadLetters} dead letters`);
      for (const [table, output] of Object.entries(outputs)) this.log(`  ${table}  ${output.rows} rows  ${output.digest}`);
    }
    if (bundle !== null) this.log(`bundle: ${bundle}`);
  }
}
