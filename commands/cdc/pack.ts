import { Args, Flags } from '@oclif/core';
import type { Packed } from '../../src/datasets/pack-recording.js';
import { BaseCommand } from '../base.js';

export default class CdcPack extends BaseCommand {
  static override summary = 'Write a recording of topics as Parquet: much smaller, and read faster.';

  static override description = `A row a record (topic, partition, offset, timestamp, key, value, headers), zstd, in the order of the lines; a run of it has the same tables, transactions and gaps. Payloads are text, or bytes where some are (Avro); schemas of Avro beside the recording are laid beside the file. The file is there whole or not at all.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> monday/changes.jsonl --out monday/changes.parquet',
    "<%= config.bin %> <%= command.id %> 'days/*.jsonl.gz' --out days.parquet",
    '<%= config.bin %> replay ledger --bind account_balances=monday/changes.parquet',
  ];

  static override args = { recording: Args.string({ description: 'JSON lines as record --changes writes them; a glob for several files', required: true }) };

  static override flags = { out: Flags.string({ description: 'the Parquet file', required: true, helpValue: 'FILE.parquet' }) };

  async run(): Promise<Packed> {
    const { args, flags } = await this.parse(CdcPack);
    const [{ packRecording }, { interruptedExit, stopOnInterrupt }] = await Promise.all([import('../../src/datasets/pack-recording.js'), import('../../src/runtime/interrupt.js')]);
    const interrupt = stopOnInterrupt(() => this.say('Stopping; nothing will have been written.'));
    const packed = await packRecording(args.recording, flags.out, interrupt.signal).catch((error: unknown) => {
      if (interrupt.signal.aborted) process.exit(interruptedExit);
      throw error;
    }).finally(() => interrupt.end());
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    this.log(`${packed.records} records in ${flags.out}: ${megabytes(packed.bytes)} of ${megabytes(packed.bytesBefore)}`);
    return packed;
  }
}
