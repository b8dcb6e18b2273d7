/** Records of topics as recordings have them, by a plain consumer that shares no code with live's reader. */
import kafkajs from 'kafkajs';

/** All records that are there now, a line each: topic by topic, partition by partition. */
export async function recordTopics(brokers: readonly string[], wanted: (topic: string) => boolean): Promise<string[]> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  const missing = new Map<string, number>();
  const topics: string[] = [];
  try {
    await admin.connect();
    for (const topic of (await admin.listTopics()).filter(wanted).sort()) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) if (high !== low) missing.set(`${topic} ${partition}`, Number(high));
      topics.push(topic);
    }
  } finally {
    await admin.disconnect();
  }
  const lines = new Map<string, string[]>([...missing.keys()].map((name) => [name, []]));
  if (missing.size === 0) return [];
  let ended = false;
  const consumer = kafka.consumer({ groupId: `recorder-${process.pid}-${Math.random()}`, maxWaitTimeInMs: 100, retry: { restartOnFailure: () => Promise.resolve(!ended) } });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    let quiet = 0;
    await new Promise<void>((resolve, reject) => {
      // Where a transaction wrote, its end stands at the last offset and is no record.
      consumer.on(consumer.events.FETCH, ({ payload: { numberOfBatches } }) => {
        quiet = numberOfBatches === 0 ? quiet + 1 : 0;
        if (quiet > 5 && [...missing.keys()].every((name) => lines.get(name)!.length > 0)) resolve();
      });
      consumer.on(consumer.events.CRASH, ({ payload: { restart, error } }) => {
        if (!restart) reject(error);
      });
      void consumer.run({ eachMessage: ({ topic, partition, message: { offset, timestamp, key, value, headers } }) => {
        const name = `${topic} ${partition}`;
        const end = missing.get(name);
        if (end === undefined) return Promise.resolve();
        lines.get(name)!.push(JSON.stringify({
          topic, partition, offset, timestamp, ...payload('key', key), ...payload('value', value),
          headers: Object.fromEntries(Object.entries(headers ?? {}).map(([header, text]) => [header, String(text)])),
        }));
        if (Number(offset) + 1 >= end) missing.delete(name);
        if (missing.size === 0) resolve();
        return Promise.resolve();
      } }).catch(reject);
    });
  } finally {
    ended = true;
    await consumer.disconnect();
  }
  return [...lines.values()].flat();
}

/** Text as such, bytes of Confluent's framing in hex. */
function payload(name: 'key' | 'value', bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  return bytes[0] === 0 ? { [`${name}_hex`]: bytes.toString('hex') } : { [name]: bytes.toString('utf8') };
}
