/** Committed records of given partitions, fetched from their leaders; no group, and nothing that decides a position for us. */
import { TapewrightError } from '../core/errors.js';
import { FetchQueue } from './fetch-queue.js';
import type { LogFetch, LogPosition, LogReader } from './log.js';
import { fetchV12, type Reader } from './protocol.js';
import { committedRecords, type AbortedTransaction } from './record-batches.js';
import { idsOf, partitionKey, pause, unreachableMax, type Wire } from './wire.js';

/** That may wait between the broker and the lane; beyond it nothing is asked for. */
const waiting = { recordsMax: 32_768, bytesMax: 16 * 1024 * 1024 };

/** Of an answer, and of one partition in it; a larger batch comes whole all the same. */
const answerBytes = 8 * 1024 * 1024;
const partitionBytes = 1024 * 1024;

/** Milliseconds that a broker may wait for something to answer. */
const answerWait = 100;

/** Milliseconds without any answer, after which the lane is told: a leader that dies takes about ten seconds to follow. */
const patience = 30_000;

interface Place {
  readonly topic: string;
  readonly partition: number;
  next: number;
  isAtEnd: boolean;
  /** At its end, or at a transaction that is not decided yet. */
  isCaughtUp: boolean;
  isPaused: boolean;
}

/** Of one partition. */
interface Answer {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly highWatermark: number;
  readonly lastStable: number;
  readonly logStart: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer | null;
}

/** Kafka's error codes, as a fetch answers them by partition. */
const outOfRange = 1;
/** Unknown topic, no leader, not the leader, no replica, storage, fenced or unknown epochs, offset not yet known. */
const moved = new Set([3, 5, 6, 9, 56, 74, 75, 76, 78]);

export class WireReader implements LogReader {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #topics: readonly string[];
  readonly #queue = new FetchQueue(waiting);
  /** Leaders that are being asked. */
  readonly #asked = new Map<number, Promise<void>>();
  #answered = performance.now();
  #unreachableSince: number | null = null;
  emptyAnswers = 0;

  constructor(private readonly wire: Wire, positions: readonly LogPosition[]) {
    this.#places = new Map(positions.map(({ topic, partition, offset }) => [partitionKey(topic, partition), { topic, partition, next: offset, isAtEnd: false, isCaughtUp: false, isPaused: false }]));
    this.#topics = [...new Set(positions.map(({ topic }) => topic))];
  }

  /** Finds the leaders and begins to ask them. */
  async start(): Promise<void> {
    await this.wire.retrying(`${this.#topics.join(', ')} cannot be read`, this.#topics, performance.now() + patience, () => this.#spread());
  }

  next(millis: number): Promise<LogFetch | null> {
    return this.#queue.next(millis);
  }

  pause(topic: string, partition: number, isPaused: boolean): void {
    this.#places.get(partitionKey(topic, partition))!.isPaused = isPaused;
  }

  isAtEnd(topic: string, partition: number): boolean {
    return this.#places.get(partitionKey(topic, partition))!.isCaughtUp;
  }

  async close(): Promise<void> {
    this.#queue.close();
    await this.wire.close();
    await Promise.all(this.#asked.values());
  }

  /** Every leader is asked, one question at a time, for all that it leads. */
  async #spread(): Promise<void> {
    const leaders = new Set(await Promise.all([...this.#places.values()].map(({ topic, partition }) => this.wire.leader(topic, partition))));
    for (const node of leaders) {
      if (this.#asked.has(node)) continue;
      this.#asked.set(node, this.#serve(node).finally(() => this.#asked.delete(node)));
    }
  }

  async #serve(node: number): Promise<void> {
    while (!this.#queue.isOver) {
      if (!this.#queue.hasRoom) {
        await this.#queue.room(patience);
        // Who is not asked need not answer.
        this.#answered = performance.now();
        continue;
      }
      try {
        const led: Place[] = [];
        for (const place of this.#places.values()) if (await this.wire.leader(place.topic, place.partition) === node) led.push(place);
        if (led.length === 0) return;
        const wanted = led.filter(({ isPaused }) => !isPaused);
        if (wanted.length === 0) await pause(50);
        const stale = wanted.length > 0 && this.#take(await this.#fetch(node, wanted));
        this.#answered = performance.now();
        if (!stale) continue;
      } catch (cause) {
        if (this.#queue.isOver) return;
        const failure = this.wire.failure(`${this.#topics.join(', ')} cannot be read`, cause);
        if (failure.code !== 'KAFKA_UNREACHABLE' && !(failure.code === 'KAFKA_REFUSED' && idsOf(cause).length > 0)) return this.#queue.fail(failure);
        if (performance.now() - this.#answered > patience) return this.#queue.fail(failure);
      }
      // Someone else leads now, or will soon.
      await pause(50);
      if (this.#queue.isOver) return;
      await this.#look();
    }
  }

  /** Who leads now. Where nobody at all answers, others should know sooner than where one leader is gone. */
  async #look(): Promise<void> {
    try {
      await this.wire.refresh(this.#topics);
      this.#unreachableSince = null;
      await this.#spread();
    } catch (cause) {
      if (!(cause instanceof TapewrightError && cause.code === 'KAFKA_UNREACHABLE')) return;
      this.#unreachableSince ??= performance.now();
      if (performance.now() - this.#unreachableSince > unreachableMax) this.#queue.fail(cause);
    }
  }

  async #fetch(node: number, led: readonly Place[]): Promise<Answer[]> {
    const topics = [...new Set(led.map(({ topic }) => topic))].map((topic) => ({
      topicId: topic,
      partitions: led.filter((place) => place.topic === topic).map(({ partition, next }) => ({ partition, currentLeaderEpoch: -1, fetchOffset: BigInt(next), lastFetchedEpoch: -1, partitionMaxBytes: partitionBytes })),
    }));
    return this.wire.ask(node, (connection) => new Promise((resolve, reject) => {
      // Committed records only (1); no session (-1).
      connection.send<Answer[]>(1, 12, () => fetchV12.createRequest(answerWait, 1, answerBytes, 1, 0, -1, topics, [], ''), readAnswers, true, true, (error, answers) => {
        if (error === null) resolve(answers!);
        else reject(error);
      });
    }));
  }

  /** Whether a partition has another leader. */
  #take(answers: readonly Answer[]): boolean {
    let stale = false, isEmpty = true, waits = false;
    for (const answer of answers) {
      const { topic, partition, error } = answer;
      const place = this.#places.get(partitionKey(topic, partition))!;
      if (moved.has(error)) stale = true;
      else if (error === outOfRange || answer.logStart > place.next) this.#queue.fail(goneFrom(place, answer));
      else if (error !== 0) this.#queue.fail(new TapewrightError('KAFKA_REFUSED', `partition ${partition} of ${topic} cannot be read (Kafka's error ${error})`, { topic, partition, error }));
      else {
        if (this.#takeRecords(place, answer)) isEmpty = false;
        place.isAtEnd = place.next >= answer.highWatermark;
        // Beyond what is stable lies a transaction that is not decided yet.
        place.isCaughtUp = place.isAtEnd || place.next >= answer.lastStable;
        waits ||= !place.isAtEnd && place.isCaughtUp;
      }
    }
    if (!isEmpty) this.emptyAnswers = 0;
    else if (!stale && !waits) this.emptyAnswers += 1;
    if (this.#queue.isEmpty && [...this.#places.values()].every(({ isAtEnd }) => isAtEnd)) this.emptyAnswers = Infinity;
    return stale;
  }

  /** Whether there were any; positions move over what is not shown. */
  #takeRecords(place: Place, { bytes, aborted }: Answer): boolean {
    if (bytes === null) return false;
    const { topic, partition } = place;
    const { records, next } = committedRecords(bytes, place.next, aborted);
    const moves = next > place.next;
    place.next = next;
    if (records.length === 0) return moves;
    this.#queue.push({ topic, partition, records, at: performance.now() }, bytes.length);
    return true;
  }
}

function goneFrom({ topic, partition, next }: Place, { logStart, highWatermark }: Answer): TapewrightError {
  const what = logStart > next
    ? `offsets ${next} to ${logStart - 1} were deleted; keep the topic longer (retention.ms), or start under another group`
    : `offset ${next} is beyond its end${highWatermark >= 0 ? ` (${highWatermark})` : ''}: the topic was made anew, or has lost records`;
  return new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic}: ${what}`, { topic, partition, wanted: next, found: logStart });
}

/** As fetchV12.parseResponse, but batches stay bytes and errors stay with their partitions. */
function readAnswers(_correlation: number, _api: number, _version: number, reader: Reader): Answer[] {
  reader.readInt32();
  const error = reader.readInt16();
  reader.readInt32();
  const answers: Answer[] = [];
  reader.readArray((topics) => {
    const topic = topics.readString();
    topics.readArray((partitions) => {
      const partition = partitions.readInt32(), own = partitions.readInt16();
      const highWatermark = Number(partitions.readInt64()), lastStable = Number(partitions.readInt64()), logStart = Number(partitions.readInt64());
      const aborted = (partitions.readNullableArray((list) => ({ producer: list.readInt64(), first: Number(list.readInt64()) })) ?? []);
      partitions.readInt32();
      const size = partitions.readUnsignedVarInt() - 1;
      const bytes = size > 0 ? partitions.buffer.slice(partitions.position, partitions.position + size) : null;
      if (size > 0) partitions.skip(size);
      answers.push({ topic, partition, error: error === 0 ? own : error, highWatermark, lastStable, logStart, aborted, bytes });
      return null;
    });
    return null;
  });
  return answers;
}
