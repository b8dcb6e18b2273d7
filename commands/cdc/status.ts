import { Args, Flags } from '@oclif/core';
import type { CaptureStatus } from '../../src/connect/capture-status.js';
import { BaseCommand, exitCodes } from '../base.js';

export default class CdcStatus extends BaseCommand {
  static override summary = 'Say how a capture is: slot and log in the database, connector, tasks and heartbeat.';

  static override description = `Warns before the disk of the database fills or the slot is lost, where a task has failed, and where the slot stands beyond what the connector has read, so that changes are missing.

The password is PGPASSWORD's or of the file that PGPASSWORD_FILE names; its user needs pg_monitor. With a scenario, its captured tables must be published.

Exit codes: 0 all is well, 1 something needs somebody, 2 could not ask.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> ledger --database postgresql://monitor@db:5432/finance --connect http://127.0.0.1:8083',
    '<%= config.bin %> <%= command.id %> --database postgresql://monitor@db:5432/finance --json',
  ];

  static override args = { scenario: Args.string({ description: 'scenario or .sql file whose captured tables must be published' }) };

  static override flags = {
    database: Flags.string({ description: 'the database', helpValue: 'postgresql://USER@HOST:PORT/DB' }),
    connect: Flags.string({ description: 'Kafka Connect', helpValue: 'URL' }),
    brokers: Flags.string({ description: 'Kafka brokers, for the age of the last heartbeat; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…' }),
    table: Flags.string({ description: 'a table of the SQL, and what it is in the database [default: public.NAME]', helpValue: 'NAME=SCHEMA.TABLE', multiple: true, multipleNonGreedy: true }),
    name: Flags.string({ description: 'of the connector', default: 'finance-cdc' }),
    prefix: Flags.string({ description: "the connector's topic.prefix", default: 'finance-cdc' }),
    slot: Flags.string({ description: 'replication slot', default: 'flink_cdc_slot' }),
    publication: Flags.string({ description: 'publication', default: 'finance_pub' }),
    'wal-max': Flags.string({ description: 'log that the database may keep for the slot, MiB', default: '1024', helpValue: 'MIB' }),
    'heartbeat-max': Flags.string({ description: 'oldest heartbeat, seconds', default: '60', helpValue: 'SECONDS' }),
  };

  async run(): Promise<CaptureStatus> {
    const { args, flags } = await this.parse(CdcStatus);
    const [{ askStatus }, { statusText }] = await Promise.all([import('../../src/connect/ask-status.js'), import('../../src/connect/capture-status.js')]);
    const status = await askStatus(args.scenario ?? null, flags, process.env);
    this.log(statusText(status));
    if (status.warnings.length > 0) process.exitCode = exitCodes.different;
    return status;
  }
}
