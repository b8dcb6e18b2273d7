/** Transactions of one id, by kafkajs. */
import type { Kafka, Producer, Transaction } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import { sizeOf } from './batch-writer.js';
import { compressionOf, kafkaFailure } from './kafka.js';
import type { LogMessage, LogOffsets, LogPosition, LogProducer } from './log.js';

/** Of messages to a partition, before compression: brokers take 1 MiB a batch unless told otherwise. */
const batchBytesMax = 900_000;

export class KafkaProducer implements LogProducer {
  private constructor(private readonly producer: Producer, private readonly brokers: readonly string[]) {}

  static async open(kafka: Kafka, brokers: readonly string[], id: string): Promise<LogProducer> {
    // The first transaction initialises the id, which fences whoever had it. Back-to-back transactions meet
    // CONCURRENT_TRANSACTIONS while the last one's markers are written: short waits, or each takes 0.3 s.
    const producer = kafka.producer({
      transactionalId: id, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 30_000, allowAutoTopicCreation: false,
      retry: { initialRetryTime: 5, factor: 0.1, multiplier: 1.5, maxRetryTime: 500, retries: 30 },
    });
    await producer.connect().catch((cause: unknown) => { throw kafkaFailure(`producer ${id} cannot be opened`, brokers, cause); });
    return new KafkaProducer(producer, brokers);
  }

  async commit(messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<LogPosition[]> {
    try {
      return await this.#commit(messages, offsets);
    } catch (cause) {
      throw producerFailure(this.brokers, cause);
    }
  }

  async #commit(messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<LogPosition[]> {
    const transaction = await this.producer.transaction();
    let positions: LogPosition[];
    try {
      positions = [];
      for (const round of roundsOf(messages)) {
        const sent = await send(transaction, round);
        positions.push(...sent.filter(({ topic, partition }) => !positions.some((known) => known.topic === topic && known.partition === partition)));
      }
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

/** Messages to each partition in turns of what a broker takes as one batch: the client makes one of all it is given. */
function roundsOf(messages: readonly LogMessage[]): LogMessage[][] {
  const rounds: LogMessage[][] = [];
  const places = new Map<string, { round: number; bytes: number }>();
  for (const message of messages) {
    const key = `${message.topic}/${message.partition}`, size = sizeOf(message);
    let place = places.get(key);
    if (place === undefined) places.set(key, place = { round: 0, bytes: 0 });
    if (place.bytes > 0 && place.bytes + size > batchBytesMax) Object.assign(place, { round: place.round + 1, bytes: 0 });
    place.bytes += size;
    (rounds[place.round] ??= []).push(message);
  }
  return rounds;
}

/** Offsets of the first messages to each partition. Throws where one was not acknowledged. */
async function send(transaction: Transaction, messages: readonly LogMessage[]): Promise<LogPosition[]> {
  const topics = new Map<string, LogMessage[]>();
  for (const message of messages) {
    const list = topics.get(message.topic);
    if (list === undefined) topics.set(message.topic, [message]);
    else list.push(message);
  }
  const results = await transaction.sendBatch({
    acks: -1, compression: compressionOf('lz4'),
    topicMessages: [...topics].map(([topic, list]) => ({ topic, messages: list.map(({ partition, key, value, headers, timestamp }) => ({
      partition, key, value, ...(headers === undefined ? {} : { headers: { ...headers } }), ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
    })) })),
  });
  // kafkajs resolves although a partition was never sent when its leader dies meanwhile.
  const acknowledged = new Set(results.filter(({ errorCode }) => errorCode === 0).map(({ topicName, partition }) => `${topicName}/${partition}`));
  const lost = messages.find(({ topic, partition }) => !acknowledged.has(`${topic}/${partition}`));
  if (lost !== undefined) throw new Error(`partition ${lost.partition} of ${lost.topic} was not acknowledged`);
  return results.map(({ topicName: topic, partition, baseOffset }) => ({ topic, partition, offset: Number(baseOffset) }));
}

/** The client wraps what it has tried again. */
function producerFailure(brokers: readonly string[], cause: unknown): TapewrightError {
  for (let error = cause as { readonly type?: string; readonly cause?: unknown } | undefined; error !== undefined && error !== null; error = error.cause as typeof error) {
    if (error.type === 'INVALID_PRODUCER_EPOCH' || error.type === 'PRODUCER_FENCED') return new TapewrightError('PRODUCER_FENCED', `another process has taken the producer (${error.type})`, { type: error.type }, { cause });
    if (error.type === 'MESSAGE_TOO_LARGE' || error.type === 'RECORD_LIST_TOO_LARGE') {
      return new TapewrightError('KAFKA_REFUSED', `a message is larger than its topic takes (${error.type}); raise max.message.bytes of the topic`, { type: error.type }, { cause });
    }
  }
  return kafkaFailure('a transaction failed', brokers, cause);
}

function offsetTopics({ positions, metadata }: LogOffsets): { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[] {
  return [...new Set(positions.map(({ topic }) => topic))].map((topic) => ({
    topic, partitions: positions.filter((position) => position.topic === topic).map(({ partition, offset }) => ({ partition, offset: String(offset), metadata })),
  }));
}
