/** The log on @platformatic/kafka's protocol layer: fetches and transactions are ours, so that nothing is decided behind the lane's back. */
import { KafkaLog } from './kafka-log.js';
import type { Log, LogBounds, LogCommitted, LogPosition, LogProducer, LogReader } from './log.js';
import type { LiveSettings } from './settings.js';
import { WireProducer } from './wire-producer.js';
import { WireReader } from './wire-reader.js';
import { Wire } from './wire.js';

export class PlatformaticLog implements Log {
  /** For what is asked once: topics, bounds and offsets. */
  readonly #admin: KafkaLog;

  constructor(private readonly settings: LiveSettings, remark: (text: string) => void) {
    this.#admin = new KafkaLog(settings, remark);
  }

  bounds(topic: string): Promise<LogBounds[] | null> {
    return this.#admin.bounds(topic);
  }

  boundsAt(topic: string, timestamp: number): Promise<LogBounds[]> {
    return this.#admin.boundsAt(topic, timestamp);
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, LogCommitted>> {
    return this.#admin.committed(group, topic);
  }

  create(topic: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    return this.#admin.create(topic, partitions, config);
  }

  async read(positions: readonly LogPosition[]): Promise<LogReader> {
    const reader = new WireReader(new Wire(this.settings), positions);
    try {
      await reader.start();
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  async producer(id: string): Promise<LogProducer> {
    const wire = new Wire(this.settings);
    try {
      return await WireProducer.open(wire, id);
    } catch (error) {
      await wire.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
