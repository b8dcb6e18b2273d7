/** All committed messages of a topic, by a plain consumer that shares no code with live's reader. */
import type { KafkaMessage } from 'kafkajs';
import { kafkaClient } from '../../src/live/kafka.js';
import type { LiveSettings } from '../../src/live/settings.js';

export type Seen = KafkaMessage & { readonly partition: number };

/** Reads until `count` messages are there and a few fetches more find nothing: more would be as wrong as less. By partition and offset. */
export async function readTopic(settings: LiveSettings, topic: string, count: number): Promise<Seen[]> {
  let ended = false;
  // A broker that has just started loads its coordinators: kafkajs crashes and starts again, which must stop with the test.
  const consumer = kafkaClient(settings).consumer({ groupId: `reader-${topic}-${Math.random()}`, maxWaitTimeInMs: 200, retry: { restartOnFailure: () => Promise.resolve(!ended) } });
  try {
    const seen: Seen[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let quiet = 0;
    const all = new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload: { restart, error } }) => {
        if (!restart) reject(error);
      });
      consumer.on(consumer.events.FETCH, ({ payload }) => {
        quiet = payload.numberOfBatches === 0 ? quiet + 1 : 0;
        if (seen.length >= count && quiet > 3) resolve();
      });
    });
    await consumer.run({ eachMessage: ({ partition, message }) => {
      seen.push({ ...message, partition });
      return Promise.resolve();
    } });
    await all;
    return seen.sort((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));
  } finally {
    ended = true;
    await consumer.disconnect();
  }
}
