/** How old the newest heartbeat of a connector is. */
import { kafkaClient } from '../live/kafka.js';
import type { LiveSettings } from '../live/settings.js';

/** What Debezium writes its heartbeats to, before the connector's prefix. */
export const heartbeatTopic = (prefix: string): string => `__debezium-heartbeat.${prefix}`;

/** How exactly it is found out, ms. */
const exactness = 250;

/**
 * Milliseconds since the newest record, to within a quarter of a second and no more than `most`; null: there is no such
 * topic. Kafka is asked for the first offset at a time, which needs no record to be read.
 */
export async function heartbeatAge(settings: LiveSettings, topic: string, most: number): Promise<number | null> {
  const admin = kafkaClient(settings).admin();
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) return null;
    const now = Date.now();
    const isSince = async (time: number): Promise<boolean> => {
      const [ends, found] = [await admin.fetchTopicOffsets(topic), await admin.fetchTopicOffsetsByTimestamp(topic, time)];
      return found.some(({ partition, offset }) => Number(offset) >= 0 && Number(offset) < Number(ends.find((end) => end.partition === partition)?.offset ?? 0));
    };
    let young = 0, old = most;
    if (!(await isSince(now - most))) return most;
    while (old - young > exactness) {
      const middle = (young + old) / 2;
      if (await isSince(Math.floor(now - middle))) old = middle;
      else young = middle;
    }
    return Math.round(old);
  } finally {
    await admin.disconnect();
  }
}
