/** Topics: made as asked, or checked to be so. */
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
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions ?? 1, replicationFactor: replication }] });
    return partitions ?? 1;
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const found = topics[0]!.partitions.length;
  if (partitions !== null && partitions !== found) {
    throw new TapewrightError('USAGE', `topic ${topic} has ${found} partitions, not ${partitions}: leave --partitions out, or name another topic`, { topic, partitions: found });
  }
  return found;
}
