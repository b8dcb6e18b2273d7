import { Args, Flags } from '@oclif/core';
import type { Recorded } from '../src/live/record.js';
import { BaseCommand } from './base.js';

export default class Record extends BaseCommand {
  static override summary = 'Record Kafka topics as datasets that replay.';

  static override description = `Rows as they arrive, with partition, offset, time of the message and number of arrival, in Arrow streams that a crash cannot spoil; Parquet and dataset.yaml at the end, or when it is started again. Killed at any moment, the same command goes on where it was: nothing is lost, nothing there twice. Ctrl-C ends the recording.

Columns are those of the topic's Avro schema, or of a table: --sql FILE.sql --table NAME, which a topic in JSON needs. Messages that cannot be decoded are kept in rejected-*.parquet with their bytes. With several topics there is a dataset of each in --out, and the numbers of arrival say how they interleaved.

--changes keeps records as they are, all topics in one file of JSON lines: topics that a Debezium connector writes, with that of its transactions, so that replay has the same changes with their transactions. Schemas of Avro lie beside it. cdc pack makes Parquet of them, a tenth of the size or less.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> market-data-raw --out recorded/monday --until latest',
    '<%= config.bin %> <%= command.id %> trades --sql vwap.sql --table market_data_raw --out trades --until 2026-03-02T21:00:00Z',
    '<%= config.bin %> replay vwap.sql --bind market_data_raw=recorded/monday',
    '<%= config.bin %> <%= command.id %> dbz.cdc.orders dbz.cdc.positions dbz.transaction --changes --out recorded/ledger --until latest',
  ];

  static override strict = false;

  static override args = { topic: Args.string({ description: 'topics', required: true }) };

  static override flags = {
    out: Flags.string({ description: 'folder of the dataset; of several topics the folder of their datasets', required: true, helpValue: 'DIR' }),
    until: Flags.string({ description: 'the messages that are last now, or a time: messages before it; by default until Ctrl-C', helpValue: 'latest|TIME' }),
    sql: Flags.string({ description: 'the .sql file or scenario that declares --table', helpValue: 'FILE' }),
    table: Flags.string({ description: 'the table whose columns and format are the topic\'s', helpValue: 'NAME' }),
    changes: Flags.boolean({ description: 'keep records as they are: changes of a database, which replay with their transactions' }),
    brokers: Flags.string({ description: 'Kafka brokers; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…' }),
    registry: Flags.string({ description: 'schema registry; by default SCHEMA_REGISTRY', helpValue: 'URL,…' }),
    quiet: Flags.boolean({ description: 'print no progress' }),
  };

  async run(): Promise<Recorded> {
    const { argv, flags } = await this.parse(Record);
    const [{ record }, { recordOptions }, { stopOnInterrupt }] = await Promise.all([flags.changes ? import('../src/live/record-changes.js').then(({ recordChanges }) => ({ record: recordChanges })) : import('../src/live/record.js'), import('../src/live/record-flags.js'), import('../src/runtime/interrupt.js')]);
    const asked = await recordOptions(argv as string[], flags, process.env);
    const interrupt = stopOnInterrupt(() => this.say('Stopping: what is here becomes Parquet. Ctrl-C again ends at once, and the next start goes on.'));
    let saidAt = performance.now(), saidRows = 0;
    try {
      const recorded = await record({
        ...asked, signal: interrupt.signal, onRemark: (text) => this.say(`Remark: ${text}`),
        onProgress: (rows) => {
          const seconds = (performance.now() - saidAt) / 1000;
          if (flags.quiet || seconds < 2) return;
          this.say(`${rows} messages, ${Math.round((rows - saidRows) / seconds)} a second`);
          saidAt = performance.now();
          saidRows = rows;
        },
      });
      for (const { topic, path, rows, rejected } of recorded.datasets) this.log(`${topic}: ${rows} rows in ${path}${rejected === 0 ? '' : `, ${rejected} messages that could not be decoded in rejected-*.parquet`}`);
      return recorded;
    } finally {
      interrupt.end();
    }
  }
}
