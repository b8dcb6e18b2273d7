/** Topics into datasets: rows as they arrive, with partition, offset and time, crash-safe while they come and Parquet at the end. */
import { basename, resolve } from 'node:path';
import type { Batch, Column } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import type { PipelineTexts } from '../runtime/options.js';
import { openLog } from './clients.js';
import type { Decoded } from './decoder.js';
import type { Log, LogPosition, LogRecord } from './log.js';
import { writeDataset, type EventSpan } from './record-dataset.js';
import { recordedSchema, rejectedSchema } from './record-schema.js';
import { openTopic, type RecordedTopic } from './record-topic.js';
import { RecordedPartitions } from './recorded-partitions.js';
import { Recording, type RecordedTable } from './recording.js';
import type { LiveSettings } from './settings.js';

export interface RecordOptions {
  readonly topics: readonly string[];
  /** The dataset's folder; with several topics one of each, in it. */
  readonly out: string;
  /** The offsets that are last now, or a time (epoch ms) of records; null: until `signal`. */
  readonly until: 'latest' | number | null;
  /** What declares the topic's columns; null: its Avro schema. */
  readonly table: { readonly texts: PipelineTexts; readonly name: string } | null;
  readonly settings: LiveSettings;
  readonly signal: AbortSignal;
  readonly onRemark: (text: string) => void;
  readonly onProgress?: (rows: number) => void;
  /** Milliseconds between the moments at which what has come is made durable; 1000 by default. */
  readonly syncEvery?: number;
  /** After each of them. */
  readonly onSync?: () => void;
}

export interface Recorded {
  /** Whether all that was asked for is there. */
  readonly ended: boolean;
  readonly datasets: readonly { readonly topic: string; readonly path: string; readonly rows: number; readonly rejected: number; readonly fingerprint: string | null }[];
}

interface State {
  readonly positions: readonly LogPosition[];
  /** Messages seen, of all topics. */
  readonly arrived: number;
  /** By topic. */
  readonly spans: Readonly<Record<string, EventSpan>>;
}

const usualSyncMillis = 1000;
const syncBytes = 16 * 1024 * 1024;
/** Rows of a stream before it becomes Parquet. */
const streamRows = 4_000_000;

/** Goes on where an earlier call into the same folder was. Throws KAFKA_REFUSED, SOURCE_GAP, USAGE, OUTPUT_UNWRITABLE and the like. */
export async function record(options: RecordOptions): Promise<Recorded> {
  const log = openLog(options.settings, options.onRemark);
  try {
    const topics: RecordedTopic[] = [];
    for (const topic of options.topics) topics.push(await openTopic(log, topic, options));
    const many = topics.length > 1;
    const recording = await Recording.open<State>(resolve(options.out), tablesOf(topics, many), { positions: topics.flatMap(({ bounds, topic }) => bounds.map(({ partition, start }) => ({ topic, partition, offset: start }))), arrived: 0, spans: {} });
    try {
      return await new Recorder(log, topics, recording, options).run();
    } finally {
      await recording.close();
    }
  } finally {
    await log.close();
  }
}

const rejectedOf = (topic: string): string => `${topic} rejected`;

function tablesOf(topics: readonly RecordedTopic[], many: boolean): Record<string, RecordedTable> {
  return Object.fromEntries(topics.flatMap(({ topic, columns }) => [
    [topic, { schema: recordedSchema(columns.map(({ name, type }) => ({ name, type }))), folder: many ? topic : '', prefix: 'rows' }],
    [rejectedOf(topic), { schema: rejectedSchema, folder: many ? topic : '', prefix: 'rejected' }],
  ]));
}

class Recorder {
  readonly #partitions: RecordedPartitions;
  readonly #spans: Map<string, EventSpan>;
  #arrived: number;
  #synced = performance.now();

  constructor(log: Log, private readonly topics: readonly RecordedTopic[], private readonly recording: Recording<State>, private readonly options: RecordOptions) {
    const { positions, arrived, spans } = recording.state;
    this.#partitions = new RecordedPartitions(log, new Map(topics.map(({ topic, bounds }) => [topic, bounds])), positions);
    this.#spans = new Map(Object.entries(spans));
    this.#arrived = arrived;
  }

  async run(): Promise<Recorded> {
    // What an earlier process left as streams becomes Parquet first.
    await this.#compact();
    const { signal, until, syncEvery = usualSyncMillis } = this.options;
    const ended = await this.#partitions.read({
      signal, until, take: (topic, partition, records) => this.#take(topic, partition, records),
      settle: async () => {
        if (performance.now() - this.#synced >= syncEvery || this.recording.pendingBytes >= syncBytes) await this.#sync();
      },
    });
    await this.#sync();
    await this.#compact();
    return { ended, datasets: await this.#datasets() };
  }

  async #take(topic: string, partition: number, wanted: readonly LogRecord[]): Promise<void> {
    const found = this.topics.find((each) => each.topic === topic)!;
    const decoded = await found.decoder.decode(wanted, partition);
    const arrivals = new Map(wanted.map(({ offset }, index) => [offset, this.#arrived + index]));
    this.recording.append(topic, withOrigin(decoded, partition, wanted, arrivals));
    this.recording.append(rejectedOf(topic), rejectedBatch(decoded, partition, arrivals));
    this.#spans.set(topic, found.spanOf(decoded.batch.batch, wanted, this.#spans.get(topic)));
    this.#arrived += wanted.length;
    this.options.onProgress?.(this.#arrived);
  }

  async #sync(): Promise<void> {
    this.#synced = performance.now();
    const state = { positions: this.#partitions.positions, arrived: this.#arrived, spans: Object.fromEntries(this.#spans) };
    if (state.arrived === this.recording.state.arrived) return;
    await this.recording.sync(state);
    this.options.onSync?.();
    for (const { topic } of this.topics) if (this.recording.streamed(topic) >= streamRows) await this.recording.compact(topic);
  }

  async #compact(): Promise<void> {
    for (const { topic } of this.topics) {
      await this.recording.compact(topic);
      await this.recording.compact(rejectedOf(topic));
    }
  }

  async #datasets(): Promise<Recorded['datasets']> {
    const { out } = this.options;
    return Promise.all(this.topics.map(async ({ topic, columns }) => {
      const path = this.topics.length > 1 ? resolve(out, topic) : resolve(out);
      const rows = this.recording.rows(topic);
      const span = this.#spans.get(topic);
      const schema: Schema = recordedSchema(columns.map(({ name, type }) => ({ name, type })));
      const fingerprint = rows === 0 || span === undefined ? null : await writeDataset({ name: basename(path), path, topic, rows, span, schema, files: this.recording.parts(topic) });
      return { topic, path, rows, rejected: this.recording.rows(rejectedOf(topic)), fingerprint };
    }));
  }
}

const numbers = (values: Float64Array): Column => ({ storage: 'real', values, nulls: null });
const longs = (values: Float64Array): Column => ({ storage: 'int64', values, nulls: null });
const texts = (values: (string | null)[]): Column => ({ storage: 'text', values, dictionary: null });

/** The decoded rows with the columns of `recordedSchema`. */
function withOrigin({ batch: { batch, positions } }: Decoded, partition: number, records: readonly LogRecord[], arrivals: ReadonlyMap<number, number>): Batch {
  const offsets = positions!.slice(0, batch.length);
  const times = new Map(records.map(({ offset, timestamp }) => [offset, timestamp]));
  return {
    length: batch.length,
    columns: [...batch.columns, numbers(new Float64Array(batch.length).fill(partition)), longs(offsets), numbers(offsets.map((offset) => times.get(offset)!)), longs(offsets.map((offset) => arrivals.get(offset)!))],
  };
}

function rejectedBatch({ rejected }: Decoded, partition: number, arrivals: ReadonlyMap<number, number>): Batch {
  return {
    length: rejected.length,
    columns: [
      numbers(new Float64Array(rejected.length).fill(partition)), longs(Float64Array.from(rejected, ({ offset }) => offset)),
      texts(rejected.map(({ column }) => column)), texts(rejected.map(({ error }) => error)), texts(rejected.map(({ key }) => key)), texts(rejected.map(({ value }) => value)),
      longs(Float64Array.from(rejected, ({ offset }) => arrivals.get(offset)!)),
    ],
  };
}
