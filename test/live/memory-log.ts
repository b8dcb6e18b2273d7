/**
 * The log in memory: transactions that are whole or nothing, fencing by id, ends of transactions that take an offset and
 * are shown to nobody, deleted beginnings. Each commit may be told to go wrong in one of the ways that a broker has.
 */
import { TapewrightError } from '../../src/core/errors.js';
import type { Log, LogBounds, LogCommitted, LogFetch, LogMessage, LogOffsets, LogPosition, LogProducer, LogReader, LogRecord } from '../../src/live/log.js';

/**
 * What becomes of a commit: done; done or not, and either way the answer is an error; left open until the next producer
 * of the id settles it, one way or the other.
 */
export type CommitFault = 'none' | 'applied-unanswered' | 'lost' | 'left-prepared' | 'left-open';

interface Entry extends LogRecord {
  readonly isControl: boolean;
}

interface Partition {
  start: number;
  readonly entries: Entry[];
}

interface Owner {
  epoch: number;
  /** Of a commit that a producer left behind. */
  open: { readonly apply: () => void; readonly isPrepared: boolean } | null;
}

export class MemoryLog implements Log {
  readonly #topics = new Map<string, Partition[]>();
  readonly #owners = new Map<string, Owner>();
  readonly #offsets = new Map<string, Map<number, LogCommitted>>();
  /** Asked before each commit, with what it would write. */
  fault: (id: string, messages: readonly LogMessage[]) => CommitFault = () => 'none';
  /** Records that a reader gives at once. */
  fetchMax = 7;

  /** The records that a reader is shown, in order. */
  records(topic: string, partition: number): readonly LogRecord[] {
    return this.#partition(topic, partition).entries.filter(({ isControl }) => !isControl);
  }

  /** Deletes what lies before `start`, as retention does. */
  deleteBefore(topic: string, partition: number, start: number): void {
    const kept = this.#partition(topic, partition);
    kept.start = start;
    kept.entries.splice(0, kept.entries.filter(({ offset }) => offset < start).length);
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  bounds(topic: string): Promise<LogBounds[] | null> {
    const partitions = this.#topics.get(topic);
    return Promise.resolve(partitions?.map(({ start, entries }, partition) => ({ partition, start, end: endOf({ start, entries }) })) ?? null);
  }

  async boundsAt(topic: string, timestamp: number): Promise<LogBounds[]> {
    const bounds = (await this.bounds(topic))!;
    return bounds.map(({ partition, end }) => {
      const offset = this.records(topic, partition).find((record) => record.timestamp >= timestamp)?.offset ?? end;
      return { partition, start: offset, end: offset };
    });
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, LogCommitted>> {
    return Promise.resolve(this.#offsets.get(`${group}/${topic}`) ?? new Map<number, LogCommitted>());
  }

  create(topic: string, partitions: number): Promise<void> {
    this.#topics.set(topic, Array.from({ length: partitions }, () => ({ start: 0, entries: [] })));
    return Promise.resolve();
  }

  read(positions: readonly LogPosition[]): Promise<LogReader> {
    return Promise.resolve(new MemoryReader(positions, this.fetchMax, (topic, partition) => this.#partition(topic, partition)));
  }

  /** Fences who had the id, and settles what that one left behind. */
  producer(id: string): Promise<LogProducer> {
    const owner = this.#owners.get(id) ?? { epoch: 0, open: null };
    this.#owners.set(id, owner);
    owner.epoch += 1;
    if (owner.open?.isPrepared === true) owner.open.apply();
    owner.open = null;
    const { epoch } = owner;
    return Promise.resolve({
      commit: (messages: readonly LogMessage[], offsets: LogOffsets | null) => this.#commit(id, epoch, messages, offsets),
      close: () => Promise.resolve(),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #commit(id: string, epoch: number, messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<readonly LogPosition[]> {
    const owner = this.#owners.get(id)!;
    await Promise.resolve();
    if (owner.epoch !== epoch) throw new TapewrightError('PRODUCER_FENCED', `${id} was taken`);
    const apply = (): LogPosition[] => this.#append(messages, offsets);
    const fault = this.fault(id, messages);
    if (fault === 'none') return apply();
    if (fault === 'applied-unanswered') apply();
    if (fault === 'left-prepared' || fault === 'left-open') owner.open = { apply, isPrepared: fault === 'left-prepared' };
    throw new Error(`no answer (${fault})`);
  }

  #append(messages: readonly LogMessage[], offsets: LogOffsets | null): LogPosition[] {
    const positions: LogPosition[] = [];
    for (const { topic, partition, key, value, headers = {} } of messages) {
      const to = this.#partition(topic, partition);
      const offset = endOf(to);
      if (!positions.some((position) => position.topic === topic && position.partition === partition)) positions.push({ topic, partition, offset });
      to.entries.push({ offset, key, value, timestamp: offset, headers: Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })), isControl: false });
    }
    for (const { topic, partition } of positions) {
      const to = this.#partition(topic, partition);
      to.entries.push({ offset: endOf(to), key: null, value: null, timestamp: 0, isControl: true });
    }
    for (const { topic, partition, offset } of offsets?.positions ?? []) {
      const name = `${offsets!.group}/${topic}`;
      const committed = this.#offsets.get(name) ?? new Map<number, LogCommitted>();
      this.#offsets.set(name, committed.set(partition, { offset, metadata: offsets!.metadata }));
    }
    return positions;
  }

  #partition(topic: string, partition: number): Partition {
    const found = this.#topics.get(topic)?.[partition];
    if (found === undefined) throw new TapewrightError('KAFKA_REFUSED', `there is no partition ${partition} of ${topic}`);
    return found;
  }
}

const endOf = ({ start, entries }: Pick<Partition, 'start' | 'entries'>): number => (entries.length === 0 ? start : entries[entries.length - 1]!.offset + 1);

class MemoryReader implements LogReader {
  readonly #next: { readonly topic: string; readonly partition: number; offset: number }[];
  #turn = 0;
  #isLate = true;
  readonly #paused = new Set<string>();
  emptyAnswers = 0;

  constructor(positions: readonly LogPosition[], private readonly fetchMax: number, private readonly partition: (topic: string, partition: number) => Partition) {
    this.#next = positions.map((position) => ({ ...position }));
  }

  /** Every other call finds nothing yet, so that a step is what one fetch has given. */
  async next(): Promise<LogFetch | null> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#isLate = !this.#isLate;
    if (this.#isLate) return null;
    for (let tried = 0; tried < this.#next.length; tried += 1) {
      const position = this.#next[this.#turn % this.#next.length]!;
      this.#turn += 1;
      const { topic, partition, offset } = position;
      if (this.#paused.has(`${topic}/${partition}`)) continue;
      const { start, entries } = this.partition(topic, partition);
      if (offset < start) throw new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic} begins at ${start}, ${offset} was wanted`);
      const records = entries.filter((entry) => entry.offset >= offset && !entry.isControl).slice(0, this.fetchMax);
      if (records.length === 0) continue;
      position.offset = records[records.length - 1]!.offset + 1;
      this.emptyAnswers = 0;
      return { topic, partition, records };
    }
    this.emptyAnswers += 1;
    return null;
  }

  pause(topic: string, partition: number, isPaused: boolean): void {
    if (isPaused) this.#paused.add(`${topic}/${partition}`);
    else this.#paused.delete(`${topic}/${partition}`);
  }

  isAtEnd(topic: string, partition: number): boolean {
    const { offset } = this.#next.find((position) => position.topic === topic && position.partition === partition)!;
    return this.partition(topic, partition).entries.every((entry) => entry.isControl || entry.offset < offset);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
