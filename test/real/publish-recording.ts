/** A recording of captured topics sent to a real Kafka: keys, values and headers as they were, each topic's records in their order. */
import kafkajs, { type Message } from 'kafkajs';
import { readFile } from 'node:fs/promises';
import { captureOf, type CapturedRecord } from '../../src/formats/debezium-record.js';

/** Records of one request. */
const batchMost = 500;

/** Makes the topics that are not there, with as many partitions as the recording names. Resolves to how many records were sent. */
export async function publishRecording(brokers: readonly string[], path: string): Promise<number> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const records = lines.map((line, index) => captureOf(line, index)!);
  const partitions = new Map<string, number>();
  for (const { topic, partition } of records) partitions.set(topic, Math.max(partitions.get(topic) ?? 0, partition + 1));
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin(), producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const known = new Set(await admin.listTopics());
    // What is recorded may be older than a broker keeps things.
    const configEntries = [{ name: 'retention.ms', value: '-1' }];
    await admin.createTopics({ waitForLeaders: true, topics: [...partitions].filter(([topic]) => !known.has(topic)).map(([topic, numPartitions]) => ({ topic, numPartitions, replicationFactor: 1, configEntries })) });
    for (let from = 0; from < records.length; from += batchMost) {
      const byTopic = grouped(records.slice(from, from + batchMost));
      await producer.sendBatch({ acks: -1, topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })) });
    }
    return records.length;
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

function grouped(records: readonly CapturedRecord[]): Map<string, Message[]> {
  const messages = new Map<string, Message[]>();
  for (const { topic, partition, key, value, timestamp, headers } of records) {
    const own = messages.get(topic) ?? [];
    messages.set(topic, own);
    const texts = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]));
    own.push({ partition, key, value, headers: texts, ...(timestamp === null ? {} : { timestamp: String(timestamp) }) });
  }
  return messages;
}
