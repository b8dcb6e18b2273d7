/** Committed records of given partitions, by kafkajs. */
import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, IHeaders } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import { FetchQueue } from './fetch-queue.js';
import { kafkaClient } from './kafka.js';
import type { LogFetch, LogHeader, LogPosition, LogReader } from './log.js';
import type { LiveSettings } from './settings.js';
import { recordBytes, StoredRecord } from './stored-record.js';

/** That may wait between the client and the lane; beyond it the fetch is not answered. */
const waiting = { recordsMax: 65_536, bytesMax: 16 * 1024 * 1024 };

/** Milliseconds between heartbeats of a fetch that is not answered. */
const heartbeatEvery = 1000;

/** Of a reader that has not joined its group yet, a fraction of a second apart. */
const crashesMax = 60;

/**
 * kafkajs reads by consumer groups only: this one is of nobody else, and never commits. Partitions that are not wanted
 * are paused.
 */
export class KafkaReader implements LogReader {
  readonly #consumer: Consumer;
  readonly #queue = new FetchQueue(waiting);
  /** By topic and partition: the next offset that is wanted. */
  readonly #next = new Map<string, number>();
  #closed = false;
  #joined = false;
  #crashes = 0;
  emptyAnswers = 0;

  constructor(settings: LiveSettings, remark: (text: string) => void, private readonly positions: readonly LogPosition[]) {
    const kafka = kafkaClient(settings, remark, (topic, partition) => this.#jumped(topic, partition));
    this.#consumer = kafka.consumer({ groupId: `tapewright-reader-${randomUUID()}`, maxWaitTimeInMs: 100, sessionTimeout: 30_000, readUncommitted: false, allowAutoTopicCreation: false,
      // Before it has joined, a crash is a broker that loads its coordinators; later it is for the lane to take up.
      retry: { restartOnFailure: () => Promise.resolve(!this.#joined && !this.#closed && this.#crashes < crashesMax) },
    });
    for (const { topic, partition, offset } of positions) this.#next.set(`${topic}/${partition}`, offset);
  }

  async start(): Promise<void> {
    const consumer = this.#consumer;
    await consumer.connect();
    const topics = [...new Set(this.positions.map(({ topic }) => topic))];
    await consumer.subscribe({ topics, fromBeginning: true });
    const assigned = new Promise<Readonly<Record<string, readonly number[]>>>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        this.#joined = true;
        resolve(payload.memberAssignment);
      });
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        this.#crashes += 1;
        if (restart) return;
        this.#queue.fail(error instanceof TapewrightError ? error : new TapewrightError('KAFKA_UNREACHABLE', `reading stopped: ${error.message}`, {}, { cause: error }));
        reject(error);
      });
    });
    assigned.catch(() => undefined);
    consumer.on(consumer.events.FETCH, ({ payload }) => {
      this.emptyAnswers = payload.numberOfBatches === 0 ? this.emptyAnswers + 1 : 0;
    });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: Math.min(8, this.positions.length), eachBatch: (payload) => this.#take(payload) });
    for (const [topic, partitions] of Object.entries(await assigned)) {
      for (const partition of partitions) {
        const offset = this.#next.get(`${topic}/${partition}`);
        if (offset === undefined) consumer.pause([{ topic, partitions: [partition] }]);
        else consumer.seek({ topic, partition, offset: String(offset) });
      }
    }
    this.emptyAnswers = 0;
  }

  async #take({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const wanted = this.#next.get(`${topic}/${partition}`);
    if (wanted === undefined || this.#closed) return;
    // What was fetched before the seek was heard is not what was asked for.
    const records = batch.messages.filter(({ offset }) => Number(offset) >= wanted).map(({ offset, key, value, timestamp, headers }) => StoredRecord.of({ offset: Number(offset), key, value, timestamp: Number(timestamp), headers: headersOf(headers) }));
    while (!this.#queue.hasRoom && !this.#queue.isOver) {
      await this.#queue.room(heartbeatEvery);
      await heartbeat();
    }
    const last = batch.messages[batch.messages.length - 1];
    if (last !== undefined) resolveOffset(last.offset);
    if (records.length === 0) return;
    this.emptyAnswers = 0;
    this.#next.set(`${topic}/${partition}`, records[records.length - 1]!.offset + 1);
    this.#queue.push({ topic, partition, records }, records.reduce((size, record) => size + recordBytes(record), 0));
  }

  next(millis: number): Promise<LogFetch | null> {
    return this.#queue.next(millis);
  }

  /** The client has met a position that is out of range, and goes to the first there is: nobody may take what follows for what was wanted. */
  #jumped(topic: string, partition: number): void {
    const wanted = this.#next.get(`${topic}/${partition}`);
    if (wanted === undefined) return;
    this.#queue.fail(new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic} has no offset ${wanted} any more: it was deleted, or the topic was made anew; keep the topic longer (retention.ms), or start under another group`, { topic, partition, wanted }));
  }

  pause(topic: string, partition: number, isPaused: boolean): void {
    const place = [{ topic, partitions: [partition] }];
    if (isPaused) this.#consumer.pause(place);
    else this.#consumer.resume(place);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.close();
    await this.#consumer.disconnect().catch(() => undefined);
  }
}

/** As the client has them: by name, several of a name together. */
function headersOf(headers: IHeaders | undefined): LogHeader[] {
  return Object.entries(headers ?? {}).flatMap(([name, values]) => [values].flat().map((value) => ({ name, value: value === undefined ? null : Buffer.from(value) })));
}
