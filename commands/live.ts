import { Args, Flags } from '@oclif/core';
import type { LiveResult } from '../src/live/live.js';
import { BaseCommand } from './base.js';

export default class Live extends BaseCommand {
  static override summary = 'Run a pipeline on Kafka: the same logic as replay, exactly once.';

  static override description = `Reads the topics of the pipeline's tables and writes its outputs to theirs. Each step is one transaction: outputs, late rows (GROUP-late), dead letters (GROUP-dead-letters), the step's record in the journal (GROUP-journal) and the input offsets. Lanes follow the partitions where the keys allow it. A process that dies, at whatever moment, is simply started again: it makes its state anew from the newest checkpoint and the journal, compares digests, and goes on where the journal ends.

Brokers and registry come from the flags or from KAFKA_BROKERS and SCHEMA_REGISTRY; users, passwords and keys only from the environment or files (see: publish --help). Ctrl-C finishes the step, writes a checkpoint and stops.`;

  static override examples = [
    "<%= config.bin %> <%= command.id %> trading-day --sink vwap_1m=kafka:vwap-1m --sink '*=kafka:'",
    '<%= config.bin %> <%= command.id %> vwap.sql --group vwap --start earliest --until latest --json',
  ];

  static override args = { scenario: Args.string({ description: 'scenario (name, folder or scenario.yaml), or .sql file', required: true }) };

  static override flags = {
    brokers: Flags.string({ description: 'Kafka brokers; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…' }),
    registry: Flags.string({ description: 'schema registry; by default SCHEMA_REGISTRY', helpValue: 'URL,…' }),
    group: Flags.string({ description: 'names the run: its journal, offsets and producers [default: tapewright-SCENARIO]', helpValue: 'NAME' }),
    state: Flags.string({ description: 'folder for checkpoints [default: live/GROUP]', helpValue: 'DIR' }),
    sink: Flags.string({ description: 'write a table to a topic, whatever its connector; * for all whose connector live does not write', helpValue: 'TABLE=kafka:TOPIC', multiple: true, multipleNonGreedy: true }),
    start: Flags.option({ description: "where the first start begins, instead of the tables' scan.startup.mode", options: ['earliest', 'latest', 'group'] as const })(),
    until: Flags.option({ description: 'end, as history does, at the offsets that are last now', options: ['latest'] as const })(),
    functions: Flags.string({ description: 'a .js module whose exported functions the SQL may call', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
    'checkpoint-every': Flags.string({ description: 'real time between checkpoints', default: '10s', helpValue: 'DURATION' }),
    strict: Flags.boolean({ description: 'stop at the first row that an expression fails on' }),
    quiet: Flags.boolean({ description: 'print no progress' }),
  };

  async run(): Promise<LiveResult> {
    const { args, flags } = await this.parse(Live);
    const [{ runLive }, { liveOptions }, { stopOnInterrupt }] = await Promise.all([
      import('../src/live/live.js'), import('../src/live/live-flags.js'), import('../src/runtime/interrupt.js'),
    ]);
    const asked = await liveOptions(args.scenario, flags, process.env);
    const interrupt = stopOnInterrupt(() => this.say('Stopping: the step is finished and a checkpoint written. Ctrl-C again ends at once.'));
    let rows = 0, outputs = 0, saidAt = performance.now(), saidRows = 0;
    try {
      const result = await runLive({
        ...asked, signal: interrupt.signal, onRemark: (text) => this.say(`Remark: ${text}`),
        events: {
          phase: (lane, phase, seq) => {
            if (phase === 'taken' && !flags.quiet) this.say(`Lane ${lane} is taken after step ${seq < 0 ? 'none' : seq}`);
          },
          committed: (_lane, step, read) => {
            rows += read;
            for (const { batch } of step.outputs) outputs += batch.length;
            const seconds = (performance.now() - saidAt) / 1000;
            if (flags.quiet || seconds < 2) return;
            this.say(`${rows} rows in, ${outputs} out, ${Math.round((rows - saidRows) / seconds)} rows a second${Number.isFinite(step.record.now) ? `, ${new Date(step.record.now).toISOString()}` : ''}`);
            saidAt = performance.now();
            saidRows = rows;
          },
        },
      });
      this.print(result);
      return result;
    } finally {
      interrupt.end();
    }
  }

  private print({ group, ended, lanes }: LiveResult): void {
    this.log(`${group}: ${ended ? 'the input has ended' : 'stopped; start it again to go on'}`);
    for (const { lane, steps, rows, late, deadLetters, outputs } of lanes) {
      this.log(`lane ${lane}: ${rows} rows read, ${steps} steps, ${late} late, ${deadLetters} dead letters`);
      for (const [table, output] of Object.entries(outputs)) this.log(`  ${table}  ${output.rows} rows  ${output.digest}`);
    }
  }
}
