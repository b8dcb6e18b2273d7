/** The log on kafkajs. */
import type { Admin, Kafka } from 'kafkajs';
import { KafkaProducer } from './kafka-producer.js';
import { KafkaReader } from './kafka-reader.js';
import { kafkaClient, kafkaFailure } from './kafka.js';
import type { Log, LogBounds, LogCommitted, LogPosition, LogProducer, LogReader } from './log.js';
import type { LiveSettings } from './settings.js';
import { pause } from './wire.js';

/** What brokers answer that are busy, or have not heard of a new topic or their new part: the client gives it four tries within a second. */
const passing = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS',
  'NOT_CONTROLLER', 'REQUEST_TIMED_OUT',
]);

/** Milliseconds. */
const patience = 15_000;

/** Milliseconds in which a topic that was made must be there. */
const leaderMillis = 30_000;

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
      waitForLeaders: false, topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries: Object.entries(config).map(([name, value]) => ({ name, value })) }],
    }));
    await this.#leaders(topic);
  }

  /** A topic that was just made is not known to every broker yet; the client's own wait gives up at that. */
  async #leaders(topic: string): Promise<void> {
    const until = performance.now() + leaderMillis;
    for (;;) {
      try {
        await this.#ask(`topic ${topic} has no leaders`, (admin) => admin.fetchTopicOffsets(topic));
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
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
    for (const until = performance.now() + patience; ;) {
      try {
        return await ask(await this.#admin);
      } catch (cause) {
        const failure = kafkaFailure(what, this.settings.brokers, cause);
        if (!passing.has(String(failure.details['type'])) || performance.now() > until) throw failure;
        await pause(200);
      }
    }
  }
}

const boundsFrom = ({ partition, low, high }: { readonly partition: number; readonly low: string; readonly high: string }): LogBounds =>
  ({ partition, start: Number(low), end: Number(high) });

const byPartition = (a: LogBounds, b: LogBounds): number => a.partition - b.partition;
