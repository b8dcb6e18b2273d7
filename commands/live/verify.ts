import { Args, Flags } from '@oclif/core';
import type { LiveVerdict } from '../../src/live/verify-live.js';
import { BaseCommand, exitCodes } from '../base.js';

export default class LiveVerify extends BaseCommand {
  static override summary = 'Prove that a live run can be made again from its journal and input, to the same bytes.';

  static override description = `Reads the journal of the group and the input that it names, runs every step again without taking a lane or writing anything, and compares digests.

Exit codes: 0 equal, 1 the first step that differs is named, 2 could not run.`;

  static override examples = ["<%= config.bin %> <%= command.id %> trading-day --sink '*=kafka:' --brokers 127.0.0.1:9092"];

  static override args = { scenario: Args.string({ description: 'scenario or .sql file that ran', required: true }) };

  static override flags = {
    brokers: Flags.string({ description: 'Kafka brokers; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…' }),
    registry: Flags.string({ description: 'schema registry; by default SCHEMA_REGISTRY', helpValue: 'URL,…' }),
    group: Flags.string({ description: 'the run [default: tapewright-SCENARIO]', helpValue: 'NAME' }),
    sink: Flags.string({ description: 'as the run had it', helpValue: 'TABLE=kafka:TOPIC', multiple: true, multipleNonGreedy: true }),
    functions: Flags.string({ description: 'a .js module whose exported functions the SQL may call', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
  };

  async run(): Promise<LiveVerdict> {
    const { args, flags } = await this.parse(LiveVerify);
    const [{ verifyLive }, { liveOptions }] = await Promise.all([import('../../src/live/verify-live.js'), import('../../src/live/live-flags.js')]);
    const asked = await liveOptions(args.scenario, { ...flags, 'checkpoint-every': '10s', strict: false, 'allow-unbounded-state': true }, process.env);
    const verdict = await verifyLive({ ...asked, onRemark: (text) => this.say(`Remark: ${text}`) });
    for (const { lane, steps, rows, digest } of verdict.lanes) this.log(`lane ${lane}: ${steps} steps, ${rows} rows${digest === null ? '' : `, digest ${digest}`}`);
    this.log(verdict.equal ? 'Equal.' : `Different: ${verdict.difference}`);
    if (!verdict.equal) process.exitCode = exitCodes.different;
    return verdict;
  }
}
