/** The log on kafkajs. */
import type { Admin, Kafka } from 'kafkajs';
import { KafkaProducer } from './kafka-producer.js';
import { KafkaReader } from './kafka-reader.js';
import { kafkaClient, kafkaFailure } from './kafka.js';
import type { Log, LogBounds, LogCommitted, LogPosition, LogProducer, LogReader } from './log.js';
import type { LiveSettings } from './settings.js';

export class KafkaLog implements Log {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | null = null;

  constructor(private readonly settings: LiveSettings, private readonly remark: (text: string) => void) {
    this.#kafka = kafkaClient(settings, remark);
  }

  async bounds(topic: string): Promise<LogBounds[] | null> {
    return this.#ask(`topic ${topic} cannot be read`, async (admin) => {
      if (!(await admin.listTopics()).includes(topic)) return null;
      return (await admin.fetchTopicOffsets(topic)).map(boundsFrom).sort(byPartition);
    });
  }

  async boundsAt(topic: string, timestamp: number): Promise<LogBounds[]> {
    return this.#ask(`topic ${topic} cannot be read`, async (admin) => {
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp);
      return found.map(({ partition, offset }) => ({ partition, start: Number(offset), end: Number(offset) })).sort(byPartition);
    });
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, LogCommitted>> {
    return this.#ask(`offsets of group ${group} cannot be read`, async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return new Map((found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0).map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata: metadata ?? '' }]));
    });
  }

  async create(topic: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#ask(`topic ${topic} cannot be made`, (admin) => admin.createTopics({
      waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries: Object.entries(config).map(([name, value]) => ({ name, value })) }],
    }));
  }

  async read(positions: readonly LogPosition[]): Promise<LogReader> {
    const reader = new KafkaReader(this.settings, this.remark, positions);
    try {
      await reader.start();
    } catch (cause) {
      await reader.close();
      throw kafkaFailure('the input cannot be read', this.settings.brokers, cause);
    }
    return reader;
  }

  producer(id: string): Promise<LogProducer> {
    return KafkaProducer.open(this.#kafka, this.settings.brokers, id);
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => null);
    await admin?.disconnect();
  }

  async #ask<T>(what: string, ask: (admin: Admin) => Promise<T>): Promise<T> {
    this.#admin ??= (async () => {
      const admin = this.#kafka.admin();
      await admin.connect();
      return admin;
    })();
    try {
      return await ask(await this.#admin);
    } catch (cause) {
      throw kafkaFailure(what, this.settings.brokers, cause);
    }
  }
}

const boundsFrom = ({ partition, low, high }: { readonly partition: number; readonly low: string; readonly high: string }): LogBounds =>
  ({ partition, start: Number(low), end: Number(high) });

const byPartition = (a: LogBounds, b: LogBounds): number => a.partition - b.partition;
