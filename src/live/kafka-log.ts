/** The log on kafkajs. */
import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, EachBatchPayload, Kafka, Producer } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import { compressionOf, kafkaClient, kafkaFailure } from './kafka.js';
import type { Log, LogBounds, LogFetch, LogMessage, LogOffsets, LogPosition, LogProducer, LogReader } from './log.js';
import type { LiveSettings } from './settings.js';

/** Records that may wait between the client and the lane; beyond it the fetch is not answered. */
const waitingMax = 65_536;

/** Of a reader that has not joined its group yet, a fraction of a second apart. */
const crashesMax = 60;

export class KafkaLog implements Log {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | null = null;

  constructor(private readonly settings: LiveSettings, remark: (text: string) => void) {
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

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#ask(`offsets of group ${group} cannot be read`, async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return new Map((found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0).map(({ partition, offset }) => [partition, Number(offset)]));
    });
  }

  async create(topic: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#ask(`topic ${topic} cannot be made`, (admin) => admin.createTopics({
      waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries: Object.entries(config).map(([name, value]) => ({ name, value })) }],
    }));
  }

  async read(positions: readonly LogPosition[]): Promise<LogReader> {
    const reader = new KafkaReader(this.#kafka, positions);
    try {
      await reader.start();
    } catch (cause) {
      await reader.close();
      throw kafkaFailure('the input cannot be read', this.settings.brokers, cause);
    }
    return reader;
  }

  producer(id: string): Promise<LogProducer> {
    return KafkaProducer.open(this.#kafka, id);
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

/**
 * kafkajs reads by consumer groups only: this one is of nobody else, and never commits. Partitions that are not wanted
 * are paused.
 */
class KafkaReader implements LogReader {
  readonly #consumer: Consumer;
  readonly #queue: LogFetch[] = [];
  #records = 0;
  /** By topic and partition: the next offset that is wanted. */
  readonly #next = new Map<string, number>();
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;
  #failure: Error | null = null;
  #closed = false;
  #joined = false;
  #crashes = 0;
  emptyAnswers = 0;

  constructor(kafka: Kafka, private readonly positions: readonly LogPosition[]) {
    this.#consumer = kafka.consumer({ groupId: `tapewright-reader-${randomUUID()}`, maxWaitTimeInMs: 100, sessionTimeout: 30_000, readUncommitted: false, allowAutoTopicCreation: false,
      // Before it has joined, a crash is a broker that loads its coordinators; later it is for the lane to take up.
      retry: { restartOnFailure: () => Promise.resolve(!this.#joined && !this.#closed && this.#crashes < crashesMax) },
    });
    for (const { topic, partition, offset } of positions) this.#next.set(`${topic}/${partition}`, offset);
  }

  async start(): Promise<void> {
    const consumer = this.#consumer;
    await consumer.connect();
    const topics = [...new Set(this.positions.map(({ topic }) => topic))];
    await consumer.subscribe({ topics, fromBeginning: true });
    const assigned = new Promise<Readonly<Record<string, readonly number[]>>>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        this.#joined = true;
        resolve(payload.memberAssignment);
      });
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        this.#crashes += 1;
        if (restart) return;
        this.#failure = error;
        this.#wake();
        reject(error);
      });
    });
    assigned.catch(() => undefined);
    consumer.on(consumer.events.FETCH, ({ payload }) => {
      this.emptyAnswers = payload.numberOfBatches === 0 ? this.emptyAnswers + 1 : 0;
    });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: Math.min(8, this.positions.length), eachBatch: (payload) => this.#take(payload) });
    for (const [topic, partitions] of Object.entries(await assigned)) {
      for (const partition of partitions) {
        const offset = this.#next.get(`${topic}/${partition}`);
        if (offset === undefined) consumer.pause([{ topic, partitions: [partition] }]);
        else consumer.seek({ topic, partition, offset: String(offset) });
      }
    }
    this.emptyAnswers = 0;
  }

  async #take({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
    const at = performance.now();
    const { topic, partition } = batch;
    const wanted = this.#next.get(`${topic}/${partition}`);
    if (wanted === undefined || this.#closed) return;
    // What was fetched before the seek was heard is not what was asked for.
    const records = batch.messages.filter(({ offset }) => Number(offset) >= wanted).map(({ offset, key, value, timestamp }) => ({ offset: Number(offset), key, value, timestamp: Number(timestamp) }));
    while (this.#records > waitingMax && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        setTimeout(resolve, 1000);
      });
      await heartbeat();
    }
    const last = batch.messages[batch.messages.length - 1];
    if (last !== undefined) resolveOffset(last.offset);
    if (records.length === 0) return;
    this.emptyAnswers = 0;
    this.#next.set(`${topic}/${partition}`, records[records.length - 1]!.offset + 1);
    this.#queue.push({ topic, partition, records, at });
    this.#records += records.length;
    this.#wake();
  }

  async next(millis: number): Promise<LogFetch | null> {
    if (this.#queue.length === 0 && this.#failure === null && !this.#closed && millis > 0) {
      let timer: NodeJS.Timeout | null = null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, millis);
      });
      clearTimeout(timer!);
    }
    if (this.#failure !== null) throw new TapewrightError('KAFKA_UNREACHABLE', `reading stopped: ${this.#failure.message}`, {}, { cause: this.#failure });
    const fetch = this.#queue.shift() ?? null;
    if (fetch !== null) {
      this.#records -= fetch.records.length;
      this.#drained();
    }
    return fetch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    this.#drained();
    await this.#consumer.disconnect().catch(() => undefined);
  }
}

class KafkaProducer implements LogProducer {
  private constructor(private readonly producer: Producer) {}

  static async open(kafka: Kafka, id: string): Promise<LogProducer> {
    // The first transaction initialises the id, which fences whoever had it. Back-to-back transactions meet
    // CONCURRENT_TRANSACTIONS while the last one's markers are written: short waits, or each takes 0.3 s.
    const producer = kafka.producer({
      transactionalId: id, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 30_000, allowAutoTopicCreation: false,
      retry: { initialRetryTime: 5, factor: 0.1, multiplier: 1.5, maxRetryTime: 500, retries: 30 },
    });
    await producer.connect();
    return new KafkaProducer(producer);
  }

  async commit(messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<LogPosition[]> {
    try {
      return await this.#commit(messages, offsets);
    } catch (cause) {
      throw isFenced(cause) ? new TapewrightError('PRODUCER_FENCED', 'another process has taken the producer', {}, { cause }) : cause;
    }
  }

  async #commit(messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<LogPosition[]> {
    const transaction = await this.producer.transaction();
    let positions: LogPosition[];
    try {
      const topics = new Map<string, LogMessage[]>();
      for (const message of messages) {
        const list = topics.get(message.topic);
        if (list === undefined) topics.set(message.topic, [message]);
        else list.push(message);
      }
      const results = await transaction.sendBatch({
        acks: -1, compression: compressionOf('lz4'),
        topicMessages: [...topics].map(([topic, list]) => ({ topic, messages: list.map(({ partition, key, value, headers }) => ({ partition, key, value, ...(headers === undefined ? {} : { headers: { ...headers } }) })) })),
      });
      // kafkajs resolves although a partition was never sent when its leader dies meanwhile.
      const acknowledged = new Set(results.filter(({ errorCode }) => errorCode === 0).map(({ topicName, partition }) => `${topicName}/${partition}`));
      const lost = messages.find(({ topic, partition }) => !acknowledged.has(`${topic}/${partition}`));
      if (lost !== undefined) throw new Error(`partition ${lost.partition} of ${lost.topic} was not acknowledged`);
      positions = results.map(({ topicName: topic, partition, baseOffset }) => ({ topic, partition, offset: Number(baseOffset) }));
      if (offsets !== null) await transaction.sendOffsets({ consumerGroupId: offsets.group, topics: offsetTopics(offsets) });
    } catch (cause) {
      await transaction.abort().catch(() => undefined);
      throw cause;
    }
    await transaction.commit();
    return positions;
  }

  async close(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined);
  }
}

/** The client wraps what it has tried again. */
function isFenced(cause: unknown): boolean {
  for (let error = cause as { readonly type?: string; readonly cause?: unknown } | undefined; error !== undefined && error !== null; error = error.cause as typeof error) {
    if (error.type === 'INVALID_PRODUCER_EPOCH' || error.type === 'PRODUCER_FENCED') return true;
  }
  return false;
}

function offsetTopics({ positions, metadata }: LogOffsets): { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[] {
  return [...new Set(positions.map(({ topic }) => topic))].map((topic) => ({
    topic, partitions: positions.filter((position) => position.topic === topic).map(({ partition, offset }) => ({ partition, offset: String(offset), metadata })),
  }));
}
