/** Topics: made as asked, or checked to be so. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import { kafkaFailure } from './kafka.js';

export interface TopicOptions {
  readonly topic: string;
  /** Null: as the topic has, or 1. */
  readonly partitions: number | null;
  readonly replication: number;
  readonly brokers: readonly string[];
}

/** Milliseconds in which a new topic has leaders, also where brokers are busy. */
const leaderMillis = 30_000;

/** Number of partitions of the topic, which is there afterwards. Throws KAFKA_REFUSED, KAFKA_UNREACHABLE or USAGE. */
export async function ensureTopic(kafka: Kafka, options: TopicOptions): Promise<number> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await ensure(admin, options);
  } catch (cause) {
    if (cause instanceof TapewrightError) throw cause;
    throw kafkaFailure(`topic ${options.topic} cannot be made or read`, options.brokers, cause);
  } finally {
    await admin.disconnect();
  }
}

async function ensure(admin: Admin, { topic, partitions, replication }: TopicOptions): Promise<number> {
  if (!(await admin.listTopics()).includes(topic)) {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions ?? 1, replicationFactor: replication }] });
    await untilLed(admin, topic);
    return partitions ?? 1;
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const found = topics[0]!.partitions.length;
  if (partitions !== null && partitions !== found) {
    throw new TapewrightError('USAGE', `topic ${topic} has ${found} partitions, not ${partitions}: leave --partitions out, or name another topic`, { topic, partitions: found });
  }
  return found;
}

/** A topic that was just made is not known everywhere at once: who writes to it, or asks of it, would be refused. kafkajs gives up after a moment. */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (const until = performance.now() + leaderMillis; ; await pause(50)) {
    try {
      const { topics: [found] } = await admin.fetchTopicMetadata({ topics: [topic] });
      if (found!.partitions.every(({ leader }) => leader >= 0)) return;
    } catch (cause) {
      if (performance.now() > until) throw cause;
    }
    if (performance.now() > until) throw new TapewrightError('KAFKA_REFUSED', `topic ${topic} was made, and has no leaders after ${leaderMillis / 1000} s`, { topic });
  }
}
