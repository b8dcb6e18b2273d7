import { Args, Flags } from '@oclif/core';
import type { Published } from '../src/live/publish.js';
import type { Compression } from '../src/live/kafka.js';
import { BaseCommand } from './base.js';

export default class Publish extends BaseCommand {
  static override summary = 'Publish a dataset to a Kafka topic, at any pace.';

  static override description = `Sends a dataset's rows in their order: acks=all, idempotent, keyed by symbol; unless flags say otherwise in batches of lz4, as Avro in Confluent's wire format with the schema registered. The topic is made if it is not there. A delivery that fails is sent again, in order, until --delivery-timeout. The timestamp of a message is the time of its sending.

Brokers and registry come from the flags or from KAFKA_BROKERS and SCHEMA_REGISTRY; users, passwords and keys only from the environment or files (KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE, KAFKA_SSL, KAFKA_SSL_CA_FILE, SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_PASSWORD). Ctrl-C sends what is on its way and stops.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> us-equities-day --topic market-data-raw --partitions 4 --speed 60',
    '<%= config.bin %> <%= command.id %> ticks.parquet --topic ticks --format json --brokers 127.0.0.1:9092',
    '<%= config.bin %> <%= command.id %> us-equities-day --topic market-data-raw --partition-by hash:symbol,exchange --sub-partition AAPL=4',
  ];

  static override args = { dataset: Args.string({ description: 'name or folder of a dataset, or a file or glob', required: true }) };

  static override flags = {
    topic: Flags.string({ description: 'topic to write to', required: true }),
    speed: Flags.string({ description: 'event time passes so many times faster than real time; by default as fast as it goes', helpValue: 'N' }),
    partitions: Flags.integer({ description: 'partitions of a topic that is made [default: 1]', min: 1, max: 10_000 }),
    replication: Flags.integer({ description: 'replicas of a topic that is made', min: 1, default: 1 }),
    'partition-by': Flags.string({ description: 'symbol, exchange or another column; hash:a,b; time:1m [default: the column of the symbol]', helpValue: 'WHAT' }),
    'sub-partition': Flags.string({ description: 'a key whose rows take turns on so many partitions', helpValue: 'KEY=N', multiple: true, multipleNonGreedy: true }),
    format: Flags.option({ description: 'of the values', options: ['avro', 'json'] as const, default: 'avro' as const })(),
    compression: Flags.option({ description: 'of the batches', options: ['lz4', 'gzip', 'none'] as const, default: 'lz4' as const })(),
    'delivery-timeout': Flags.string({ description: 'how long a batch is tried', default: '120s', helpValue: 'DURATION' }),
    rows: Flags.integer({ description: "rows to publish [default: all]; of a generated dataset: its size [default: the dataset's own]", min: 1 }),
    seed: Flags.integer({ description: "seed of a generated dataset [default: the dataset's own]", min: 0 }),
    brokers: Flags.string({ description: 'Kafka brokers; by default KAFKA_BROKERS', helpValue: 'HOST:PORT,…' }),
    registry: Flags.string({ description: 'schema registry; by default SCHEMA_REGISTRY', helpValue: 'URL,…' }),
    latency: Flags.string({ description: 'keep in this folder how long acknowledgements took; see: report latency', helpValue: 'DIR' }),
    quiet: Flags.boolean({ description: 'print no progress' }),
  };

  async run(): Promise<Published> {
    const { args, flags } = await this.parse(Publish);
    const [{ publish }, { AcknowledgeMeter }, { settingsFrom }, { parsePartitionBy, parseSubPartitions }, { publishFlags }, { stopOnInterrupt, interruptedExit }, { notHonoured }] = await Promise.all([
      import('../src/live/publish.js'), import('../src/live/latency-acknowledge.js'), import('../src/live/settings.js'), import('../src/live/partitioning.js'), import('../src/live/publish-flags.js'), import('../src/runtime/interrupt.js'), import('../src/live/delivery.js'),
    ]);
    const settings = settingsFrom(flags, process.env);
    const { speed, deliveryTimeout } = publishFlags(flags);
    const interrupt = stopOnInterrupt(() => this.say('Stopping: what is on its way is sent. Ctrl-C again ends at once.'));
    const meter = flags.latency === undefined ? null : await AcknowledgeMeter.start(flags.latency);
    try {
      if (!flags.quiet) this.say(`acks=all, idempotent, ${flags.compression}. ${notHonoured}`);
      let saidAt = performance.now(), saidCount = 0;
      const published = await publish({
        dataset: args.dataset, topic: flags.topic, speed, partitions: flags.partitions ?? null, replication: flags.replication,
        partitionBy: flags['partition-by'] === undefined ? null : parsePartitionBy(flags['partition-by']), subPartitions: parseSubPartitions(flags['sub-partition'] ?? []),
        format: flags.format, compression: flags.compression as Compression, deliveryTimeout, settings, rowsMax: flags.rows ?? null,
        ...(flags.rows === undefined ? {} : { rows: flags.rows }), ...(flags.seed === undefined ? {} : { seed: flags.seed }),
        signal: interrupt.signal, onRemark: (text) => this.say(text),
        onAcknowledged: (messages, millis) => meter?.add(messages, millis),
        onProgress: ({ acknowledged, resent, rowsTotal, eventTime }) => {
          const now = performance.now();
          if (flags.quiet || now - saidAt < 2000) return;
          const rate = Math.round(((acknowledged - saidCount) * 1000) / (now - saidAt));
          saidAt = now;
          saidCount = acknowledged;
          this.say(`${acknowledged}${rowsTotal === null ? '' : ` of ${rowsTotal}`} messages acknowledged, ${rate} a second${resent === 0 ? '' : `, ${resent} sent again`}${eventTime === null ? '' : `, at ${new Date(eventTime).toISOString()}`}`);
        },
      });
      this.print(published);
      if (published.stopped) process.exitCode = interruptedExit;
      return published;
    } finally {
      await meter?.close();
      interrupt.end();
    }
  }

  private print({ topic, partitions, acknowledged, resent, failures, seconds, bytes, schemaId }: Published): void {
    this.log(`${acknowledged} messages to ${topic} in ${seconds.toFixed(1)} s (${Math.round(acknowledged / seconds)} a second, ${(bytes / 1e6).toFixed(1)} MB)${schemaId === null ? '' : `, schema ${schemaId}`}`);
    this.log(`by partition: ${partitions.join(', ')}`);
    if (failures > 0) this.log(`${failures} deliveries failed and ${resent} messages were sent again`);
  }
}
