/** Ticks of a made-up day, the same for everyone, on a topic. */
import type { Log, LogMessage } from '../../src/live/log.js';

export const dayStart = Date.parse('2100-03-02T14:30:00Z');

/** Milliseconds of event time between ticks. */
const step = 50;

const symbols = 20;

/** A number between 0 and 1 that looks like chance. */
function chance(index: number): number {
  let bits = Math.imul(index ^ (index >>> 16), 0x45d9f3b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x45d9f3b);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

const timeText = (millis: number): string => new Date(millis).toISOString().slice(0, 23).replace('T', ' ');

/** Ticks [from, to), up to three seconds out of order, over the partitions by symbol; `padding` makes messages larger, and so steps smaller. */
export function ticks(topic: string, partitions: number, from: number, to: number, padding = 0): LogMessage[] {
  const note = padding === 0 ? '' : `,"note":"${'x'.repeat(padding)}"`;
  return Array.from({ length: to - from }, (_, offset) => {
    const index = from + offset;
    const symbol = Math.floor(chance(index) * symbols);
    const time = dayStart + index * step - Math.floor(chance(index + 1e9) * 3000);
    const value = `{"symbol":"S${symbol}","price":${(100 + symbol + Math.floor(chance(index + 2e9) * 500) / 100).toFixed(2)},"volume":${1 + (index % 7)},"event_time":"${timeText(time)}"${note}}`;
    return { topic, partition: symbol % partitions, key: Buffer.from(`S${symbol}`), value: Buffer.from(value) };
  });
}

/** A tick for each partition, an hour after the day. */
export const lastTicks = (topic: string, partitions: number, end: number): LogMessage[] =>
  Array.from({ length: partitions }, (_, partition) => ({ topic, partition, key: Buffer.from('end'), value: Buffer.from(`{"symbol":"end","price":1,"volume":1,"event_time":"${timeText(end + 3_600_000)}"}`) }));

const batch = 5000;

/** Sends ticks until all are there; a commit that fails is sent again, and may then be there twice: input is what the topic has. */
export async function feed(log: Log, topic: string, partitions: number, from: number, to: number, padding = 0): Promise<void> {
  for (let next = from; next < to;) {
    try {
      const producer = await log.producer(`feed-${topic}`);
      try {
        for (; next < to; next += batch) await producer.commit(ticks(topic, partitions, next, Math.min(next + batch, to), padding), null);
      } finally {
        await producer.close();
      }
    } catch {
      // A broker has gone; another will lead.
    }
  }
}
