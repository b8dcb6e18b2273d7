/**
 * Sends batches of messages so that each partition gets its own in order, whole, for as long as the delivery time-out
 * allows. The client's retries are one attempt.
 */
import type { Kafka, Producer } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import { kafkaFailure } from './kafka.js';

/** Of a producer's usual settings those that have no place in the client, and what is done instead. */
export const notHonoured = 'Of no effect with this client: linger.ms (what is due is sent at once), batch.size (at most 16 KiB a partition), max.in.flight.requests (the next send waits for the one before, so that order holds).';

export interface Outgoing {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DeliveryOptions {
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly compression: number;
  /** Milliseconds for one batch, retries included. */
  readonly timeout: number;
}

/** What has become of the messages so far. */
export interface DeliveryCounts {
  acknowledged: number;
  /** Messages that were sent again. */
  resent: number;
  /** Attempts that failed. */
  failures: number;
}

export class Delivery {
  readonly counts: DeliveryCounts = { acknowledged: 0, resent: 0, failures: 0 };
  #producer: Producer | null = null;

  constructor(private readonly kafka: Kafka, private readonly options: DeliveryOptions, private readonly remark: (text: string) => void) {}

  /** Resolves once every message is acknowledged by all in-sync replicas. Throws KAFKA_UNREACHABLE or KAFKA_REFUSED. */
  async send(messages: readonly Outgoing[]): Promise<void> {
    const until = performance.now() + this.options.timeout;
    let left = messages;
    for (let wait = 100; left.length > 0; wait = Math.min(wait * 2, 2000)) {
      try {
        left = await this.#attempt(left);
        if (left.length === 0) return;
        this.remark(`partitions ${[...new Set(left.map(({ partition }) => partition))].join(', ')} were not acknowledged; their ${left.length} messages are sent again`);
      } catch (cause) {
        this.counts.failures += 1;
        await this.#drop();
        if (performance.now() >= until || isFinal(cause)) throw kafkaFailure(`${left.length} messages were not delivered to ${this.options.topic}`, this.options.brokers, cause);
        this.remark(`a delivery failed (${cause instanceof Error ? cause.message : String(cause)}); its ${left.length} messages are sent again`);
      }
      if (performance.now() >= until) throw new TapewrightError('KAFKA_UNREACHABLE', `${left.length} messages were not acknowledged by ${this.options.topic} in time; see --delivery-timeout`, { topic: this.options.topic });
      this.counts.resent += left.length;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async close(): Promise<void> {
    await this.#drop();
  }

  /**
   * Messages that are not acknowledged. kafkajs resolves although a partition was never sent when its leader dies
   * meanwhile: what it returns then lacks that partition. A new producer sends it again, since the sequence numbers of
   * the old one may have moved on.
   */
  async #attempt(messages: readonly Outgoing[]): Promise<readonly Outgoing[]> {
    const producer = (this.#producer ??= await this.#connect());
    const results = await producer.send({
      topic: this.options.topic, acks: -1, compression: this.options.compression, timeout: 30_000,
      messages: messages.map(({ partition, key, value, headers }) => ({ partition, key, value, ...(headers === undefined ? {} : { headers: { ...headers } }) })),
    });
    const acknowledged = new Set(results.filter(({ errorCode }) => errorCode === 0).map(({ partition }) => partition));
    const left = messages.filter(({ partition }) => !acknowledged.has(partition));
    this.counts.acknowledged += messages.length - left.length;
    if (left.length > 0) {
      this.counts.failures += 1;
      await this.#drop();
    }
    return left;
  }

  async #connect(): Promise<Producer> {
    const producer = this.kafka.producer({ idempotent: true, maxInFlightRequests: 5, allowAutoTopicCreation: false, retry: { initialRetryTime: 100, retries: 3, multiplier: 1, factor: 0, maxRetryTime: 100 } });
    await producer.connect();
    return producer;
  }

  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect().catch(() => undefined);
  }
}

/** What no further attempt can mend. */
function isFinal(cause: unknown): boolean {
  const { type } = cause as { readonly type?: string };
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE' || type === 'TOPIC_AUTHORIZATION_FAILED' || type === 'CLUSTER_AUTHORIZATION_FAILED' || type === 'INVALID_TOPIC_EXCEPTION';
}
