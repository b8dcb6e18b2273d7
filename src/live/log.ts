/** The port to a partitioned, transactional log: what live needs of Kafka, and what a simulation would have to give. */

export interface LogHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

export interface LogRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  /** Null: a tombstone. */
  readonly value: Buffer | null;
  /** Epoch ms. */
  readonly timestamp: number;
  /** In their order; a name may be there more than once. */
  readonly headers?: readonly LogHeader[];
}

/** Committed records of one partition, in order. */
export interface LogFetch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** When they came in, on the clock of `performance.now()`; left out where the body does not know. */
  readonly at?: number;
}

export interface LogPosition {
  readonly topic: string;
  readonly partition: number;
  /** Of the next record wanted. */
  readonly offset: number;
}

export interface LogReader {
  /** Answers in a row in which the log had nothing at any of the positions: all that is committed has been delivered. */
  readonly emptyAnswers: number;
  /** The next records of any partition; null when none came within `millis`, or the reader was closed. */
  next(millis: number): Promise<LogFetch | null>;
  /** What a paused partition has is left in the log, but for what is on its way already. */
  pause?(topic: string, partition: number, isPaused: boolean): void;
  /** Whether all that the log had of a partition, when it was last asked, has come in; left out where the body does not know. */
  isAtEnd?(topic: string, partition: number): boolean;
  close(): Promise<void>;
}

export interface LogMessage {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Epoch ms; left out: the time of sending. */
  readonly timestamp?: number;
}

export interface LogOffsets {
  readonly group: string;
  readonly positions: readonly LogPosition[];
  readonly metadata: string;
}

/** One at a time for each id: a new one with the same id fences the one before, and ends its open transaction. */
export interface LogProducer {
  /**
   * All messages and offsets, or none. Resolves to the offset of the first message to each partition. An Error says
   * nothing about which: discard the producer and look. PRODUCER_FENCED: another has taken the id since.
   */
  commit(messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<readonly LogPosition[]>;
  close(): Promise<void>;
}

export interface LogBounds {
  readonly partition: number;
  /** Of the first record that is kept, and of the one after the last. */
  readonly start: number;
  readonly end: number;
}

export interface LogCommitted {
  readonly offset: number;
  readonly metadata: string;
}

export interface Log {
  /** By partition. Null: there is no such topic. */
  bounds(topic: string): Promise<readonly LogBounds[] | null>;
  /** First offset at or after the time, by partition. */
  boundsAt(topic: string, timestamp: number): Promise<readonly LogBounds[]>;
  /** What the group has committed, by partition; those without are left out. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, LogCommitted>>;
  create(topic: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void>;
  /** Reads committed records only, from the positions on. */
  read(positions: readonly LogPosition[]): Promise<LogReader>;
  producer(id: string): Promise<LogProducer>;
  close(): Promise<void>;
}
