import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import type { Configuration } from '../../src/connect/configuration.js';
import { BaseCommand } from '../base.js';

interface Connector {
  readonly name: string;
  readonly config: Configuration;
  readonly remarks: readonly string[];
  /** What was done at Connect; null: nothing. */
  readonly applied: 'made' | 'changed' | null;
}

export default class CdcConnector extends BaseCommand {
  static override summary = "Print the Debezium connector that writes a scenario's captured tables, or apply it.";

  static override description = `Transactions, heartbeats, truncates, routing to the topics that the tables name, and a task that fails where the database's slot was made anew. Secrets are references that Connect resolves (its config.providers), never values.

The connector makes its publication for these tables where there is none, and its slot. It needs wal_level = logical and a user that may replicate.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> ledger --database postgresql://debezium@db:5432/finance',
    '<%= config.bin %> <%= command.id %> ledger --database postgresql://debezium@db:5432/finance --apply http://127.0.0.1:8083',
    "<%= config.bin %> <%= command.id %> ledger --database postgresql://debezium@db:5432/finance --format strimzi --password '${secrets:finance/postgres:password}'",
  ];

  static override args = { scenario: Args.string({ description: 'scenario (name, folder or scenario.yaml) or .sql file', required: true }) };

  static override flags = {
    database: Flags.string({ description: 'the database whose changes are captured', helpValue: 'postgresql://USER@HOST:PORT/DB', required: true }),
    password: Flags.string({ description: 'a reference to its password', default: '${env:PGPASSWORD}', helpValue: '${PROVIDER:…}' }),
    table: Flags.string({ description: 'a table of the SQL, and what it is in the database [default: public.NAME]', helpValue: 'NAME=SCHEMA.TABLE', multiple: true, multipleNonGreedy: true }),
    name: Flags.string({ description: 'of the connector', default: 'finance-cdc' }),
    prefix: Flags.string({ description: "the connector's topic.prefix", default: 'finance-cdc' }),
    slot: Flags.string({ description: 'replication slot', default: 'flink_cdc_slot' }),
    publication: Flags.string({ description: 'publication', default: 'finance_pub' }),
    'dead-letters': Flags.string({ description: 'topic', default: 'cdc-dlq' }),
    'heartbeat-table': Flags.string({ description: 'a table with columns id (its primary key) and beat (timestamptz), written at every heartbeat, so that the slot moves on while the captured tables are quiet', helpValue: 'SCHEMA.TABLE' }),
    values: Flags.string({ description: "how values are written; others than the tables' format are refused [default: that format]", options: ['avro', 'json'] }),
    registry: Flags.string({ description: 'schema registry, for Avro; by default SCHEMA_REGISTRY or what the tables say', helpValue: 'URL' }),
    converter: Flags.string({ description: "whose Avro converter; both write Confluent's framing", options: ['confluent', 'apicurio'], default: 'confluent' }),
    set: Flags.string({ description: 'another property of the connector', helpValue: 'PROPERTY=VALUE', multiple: true, multipleNonGreedy: true }),
    format: Flags.string({ description: "for Connect's REST, or as a Strimzi resource", options: ['connect', 'strimzi'], default: 'connect' }),
    cluster: Flags.string({ description: 'the KafkaConnect resource of a Strimzi connector', default: 'connect' }),
    out: Flags.string({ description: 'write it there', helpValue: 'FILE' }),
    apply: Flags.string({ description: 'give it to Kafka Connect', helpValue: 'URL' }),
  };

  async run(): Promise<Connector> {
    const { args, flags } = await this.parse(CdcConnector);
    const [{ loadScenario }, { planTexts }, { connectorRequest }, { connectorConfiguration, connectorRemarks }] = await Promise.all([
      import('../../src/scenario/scenario.js'), import('../../src/runtime/pipeline.js'), import('../../src/connect/flags.js'), import('../../src/connect/configuration.js'),
    ]);
    const request = connectorRequest(planTexts((await loadScenario(args.scenario)).texts), flags, process.env);
    const [config, remarks] = [connectorConfiguration(request), connectorRemarks(request)];
    for (const remark of remarks) this.say(`Remark: ${remark}`);
    const text = flags.format === 'strimzi' ? (await import('../../src/connect/strimzi.js')).strimziText(flags.name, config, flags.cluster) : `${JSON.stringify({ name: flags.name, config }, null, 2)}\n`;
    if (flags.out !== undefined) await writeFile(flags.out, text);
    let applied: Connector['applied'] = null;
    if (flags.apply === undefined) {
      if (flags.out === undefined) this.log(text.trimEnd());
    } else {
      const { ConnectRest } = await import('../../src/connect/rest.js');
      applied = await new ConnectRest(flags.apply).apply(flags.name, config);
      this.log(`${flags.name} was ${applied}; 'tapewright cdc status' tells how it is.`);
    }
    return { name: flags.name, config, remarks, applied };
  }
}
