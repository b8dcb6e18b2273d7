/** What a read_committed reader sees of an output topic, and when: the other end of the latency. */
import type { Consumer } from 'kafkajs';
import { kafkaClient } from '../../src/live/kafka.js';
import type { LiveSettings } from '../../src/live/settings.js';

export interface VisibleMessage {
  /** Epoch ms with fractions. */
  readonly at: number;
  /** Offset in the input of the message that let it go; null: it does not say. */
  readonly releasedBy: number | null;
  readonly value: Buffer | null;
}

export class VisibleReader {
  private constructor(private readonly consumer: Consumer) {}

  /** Tells each message of the topic from here on, until it is closed. */
  static async start(settings: LiveSettings, topic: string, onMessage: (message: VisibleMessage) => void, readUncommitted = false): Promise<VisibleReader> {
    const consumer = kafkaClient(settings).consumer({ groupId: `bench-visible-${topic}-${Date.now()}`, maxWaitTimeInMs: 1000, minBytes: 1, readUncommitted });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.run({ autoCommit: false, eachBatch: ({ batch }) => {
      const at = performance.timeOrigin + performance.now();
      for (const { headers, value } of batch.messages) {
        const header = headers?.['released-by']?.toString();
        onMessage({ at, value, releasedBy: header === undefined ? null : Number(header.slice(header.lastIndexOf('/') + 1)) });
      }
      return Promise.resolve();
    } });
    await joined;
    return new VisibleReader(consumer);
  }

  async close(): Promise<void> {
    await this.consumer.disconnect();
  }
}
