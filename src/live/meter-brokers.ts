/** What the brokers say about the input while a run goes on: how far it goes, and whether its replicas keep up. */
import type { Admin } from 'kafkajs';
import { kafkaClient } from './kafka.js';
import { keyOf } from './meter.js';
import type { LiveSettings } from './settings.js';

const everyMillis = 2000;

export class BrokerWatch {
  /** End offsets by topic and partition; empty until the brokers have answered. */
  ends: ReadonlyMap<string, number> = new Map();
  /** Partitions of the input, by topic, of which a replica is not in sync. */
  underReplicated: ReadonlyMap<string, number> = new Map();
  #admin: Admin | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  readonly #topics: Set<string>;

  constructor(private readonly settings: LiveSettings, topics: readonly string[]) {
    this.#topics = new Set(topics);
  }

  /** From here on, too. */
  watch(topics: readonly string[]): void {
    for (const topic of topics) this.#topics.add(topic);
  }

  /** Asks now, and every two seconds from here on. */
  async start(): Promise<void> {
    await this.#look();
    // What was being opened while it was closed would keep the process alive.
    if (this.#closed) await this.#hangUp();
    else this.#timer = setTimeout(() => void this.start(), everyMillis).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#hangUp();
  }

  async #hangUp(): Promise<void> {
    await this.#admin?.disconnect().catch(() => undefined);
  }

  async #look(): Promise<void> {
    try {
      const admin = (this.#admin ??= kafkaClient(this.settings).admin());
      await admin.connect();
      const ends = new Map<string, number>();
      for (const topic of this.#topics) {
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) ends.set(keyOf({ topic, partition }), Number(high));
      }
      this.ends = ends;
      const { topics } = await admin.fetchTopicMetadata({ topics: [...this.#topics] });
      this.underReplicated = new Map(topics.map(({ name, partitions }) => [name, partitions.filter(({ replicas, isr }) => isr.length < replicas.length).length]));
    } catch {
      // The lanes say what is wrong with the brokers; what was known last stands until they answer again.
      await this.#hangUp();
      this.#admin = null;
    }
  }
}
