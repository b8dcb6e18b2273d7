/** History onto Kafka: a dataset's rows in their order, at any pace. */
import { Buffer } from 'node:buffer';
import { cell, type Batch } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import { findSubject } from '../datasets/describe/subject.js';
import { ConfluentWriter } from '../formats/confluent.js';
import { isMarketData, marketData, recordOf } from '../formats/avro-schema.js';
import { jsonWriter } from '../formats/json-writer.js';
import { Pace } from '../runtime/pace.js';
import { openSource } from '../sources/open.js';
import { Delivery, type DeliveryCounts, type Outgoing } from './delivery.js';
import { compressionOf, kafkaClient, type Compression } from './kafka.js';
import { PartitionChooser, type PartitionBy } from './partitioning.js';
import { SchemaRegistry } from './registry.js';
import type { LiveSettings } from './settings.js';
import { ensureTopic } from './topic.js';

export interface PublishOptions {
  readonly dataset: string;
  readonly topic: string;
  /** Times real time; null: as fast as it goes. */
  readonly speed: number | null;
  readonly partitions: number | null;
  readonly replication: number;
  readonly partitionBy: PartitionBy | null;
  readonly subPartitions: ReadonlyMap<string, number>;
  readonly format: 'avro' | 'json';
  readonly compression: Compression;
  /** Milliseconds. */
  readonly deliveryTimeout: number;
  /** Rows, at the most. */
  readonly rowsMax: number | null;
  readonly rows?: number;
  readonly seed?: number;
  readonly settings: LiveSettings;
  readonly signal?: AbortSignal;
  readonly onRemark?: (text: string) => void;
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Messages that were acknowledged together, and how long that took. */
  readonly onAcknowledged?: (messages: number, millis: number) => void;
}

export interface PublishProgress extends Readonly<DeliveryCounts> {
  readonly rowsTotal: number | null;
  /** Epoch ms of the last row; null before any. */
  readonly eventTime: number | null;
}

export interface Published extends Readonly<DeliveryCounts> {
  readonly topic: string;
  /** Messages, by partition. */
  readonly partitions: readonly number[];
  readonly schemaId: number | null;
  readonly seconds: number;
  readonly bytes: number;
  /** Whether a stop was asked for before the last row. */
  readonly stopped: boolean;
}

/** Messages of one send: a batch of about 16 KiB a partition. */
const sendBytes = 16 * 1024;
const sendMessages = 4096;

/** Rows are keyed by their symbol, or by the first column that the partition is chosen by. */
export async function publish(options: PublishOptions): Promise<Published> {
  const { topic, settings, format } = options;
  const remark = options.onRemark ?? (() => undefined);
  const { rows, seed } = options;
  const subject = await findSubject(options.dataset, {}, { ...(rows === undefined ? {} : { rows }), ...(seed === undefined ? {} : { seed }) });
  const columns: Schema = subject.columns.map(({ name, type, eventTime }) => ({ name: eventTime && name === 'timestamp' ? 'event_time' : name, type }));
  const keyName = options.partitionBy?.columns[0] ?? columns[subject.roles.symbol]?.name;
  const by = options.partitionBy ?? (keyName === undefined ? null : { columns: [keyName], span: null });
  if (by === null) throw new TapewrightError('USAGE', `${options.dataset} has no column that is known as a symbol: name one with --partition-by`, { columns: columns.map(({ name }) => name) });
  const key = columns.findIndex(({ name }) => name === (columns[subject.roles.symbol]?.name ?? keyName));
  const kafka = kafkaClient(settings, remark);
  const partitions = await ensureTopic(kafka, { topic, partitions: options.partitions, replication: options.replication, brokers: settings.brokers });
  const chooser = new PartitionChooser(by, columns, subject.roles.time, partitions, options.subPartitions);
  const { encode, schemaId } = await encoder(format, topic, subject.name, columns, settings);
  const source = await openSource(subject.binding, subject.columns, { table: topic });
  const delivery = new Delivery(kafka, { topic, brokers: settings.brokers, compression: compressionOf(options.compression), timeout: options.deliveryTimeout }, remark);
  const counts = new Array<number>(partitions).fill(0);
  const started = performance.now();
  let bytes = 0, taken = 0, eventTime: number | null = null;
  const pace = new Pace(options.speed, options.signal);
  const isStopped = (): boolean => options.signal?.aborted === true;
  try {
    let waiting: Outgoing[] = [];
    let waitingBytes = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length === 0) return;
      const sent = waiting;
      waiting = [];
      bytes += waitingBytes;
      waitingBytes = 0;
      const began = performance.now();
      await delivery.send(sent);
      options.onAcknowledged?.(sent.length, performance.now() - began);
      for (const { partition } of sent) counts[partition]! += 1;
      options.onProgress?.({ ...delivery.counts, rowsTotal: source.rowsTotal, eventTime });
    };
    const most = options.rowsMax ?? Infinity;
    for (let next = await source.next(); next !== null && !isStopped() && taken < most; next = await source.next()) {
      const { batch } = next;
      const times = batch.columns[subject.roles.time]!.values as ArrayLike<number>;
      let limit = pace.limit();
      for (let row = 0; row < batch.length && !isStopped() && taken < most; row += 1) {
        const at = Number(times[row]);
        while (at > limit && !isStopped()) {
          // What may go goes before the wait: a message is never held for the one after it.
          await flush();
          await pace.until(at);
          limit = pace.limit();
        }
        const value = encode(batch, row);
        const keyText = cell(batch.columns[key]!, row);
        waiting.push({ partition: chooser.partition(batch, row), key: keyText === null ? null : Buffer.from(String(keyText), 'utf8'), value });
        waitingBytes += value.length;
        taken += 1;
        eventTime = at;
        if (waiting.length >= sendMessages || waitingBytes >= sendBytes * partitions) await flush();
      }
    }
    await flush();
    for (const said of source.remarks) remark(said);
  } finally {
    await Promise.all([source.close(), delivery.close()]);
  }
  return { topic, partitions: counts, schemaId, seconds: (performance.now() - started) / 1000, bytes, stopped: isStopped(), ...delivery.counts };
}

interface Encoder {
  readonly schemaId: number | null;
  encode(batch: Batch, row: number): Buffer;
}

async function encoder(format: PublishOptions['format'], topic: string, name: string, columns: Schema, { registries, registryAuthorization }: LiveSettings): Promise<Encoder> {
  if (format === 'json') {
    const write = jsonWriter(columns.map((field, column) => ({ ...field, column })));
    return { schemaId: null, encode: (batch, row) => Buffer.from(write(batch, row)) };
  }
  if (registries.length === 0) throw new TapewrightError('USAGE', 'Avro needs a schema registry: give --registry URL or set SCHEMA_REGISTRY, or publish with --format json');
  const record = isMarketData(columns) ? marketData : recordOf(name.replace(/^.*[/\\]/, ''), columns);
  const schemaId = await new SchemaRegistry(registries, registryAuthorization).register(`${topic}-value`, record);
  const writer = new ConfluentWriter(record, columns.map((field, column) => ({ ...field, column })), schemaId);
  return { schemaId, encode: (batch, row) => writer.encode(batch, row) };
}
