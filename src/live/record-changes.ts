/**
 * Records of captured topics as they are, a JSON line each in the order of arrival: what replays as changes with their
 * transactions. What is durable is counted in an index; a process that dies leaves a tail that the next one cuts off.
 */
import { isUtf8 } from 'node:buffer';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { schemaId } from '../formats/debezium-avro.js';
import { makeDirectory, writeAside, writing } from '../stores/files.js';
import { Lock } from '../stores/lock.js';
import { openLog } from './clients.js';
import { textHeaders } from './change-decoder.js';
import type { Log, LogBounds, LogPosition, LogRecord } from './log.js';
import type { RecordOptions, Recorded } from './record.js';
import { RecordedPartitions } from './recorded-partitions.js';
import { SchemaRegistry } from './registry.js';

interface Index {
  readonly changes: 1;
  /** Of the file of lines, those that count. */
  readonly bytes: number;
  readonly records: number;
  /** By topic. */
  readonly counts: Readonly<Record<string, number>>;
  readonly positions: readonly LogPosition[];
}

const indexName = 'recording.json', fileName = 'changes.jsonl';
const usualSyncMillis = 1000;
const syncBytes = 16 * 1024 * 1024;

/** Goes on where an earlier call into the same folder was. Throws KAFKA_REFUSED, SOURCE_GAP, USAGE, OUTPUT_UNWRITABLE and the like. */
export async function recordChanges(options: Omit<RecordOptions, 'table'>): Promise<Recorded> {
  const log = openLog(options.settings, options.onRemark);
  const out = resolve(options.out);
  try {
    const bounds = new Map<string, readonly LogBounds[]>();
    for (const topic of options.topics) {
      const found = await log.bounds(topic);
      if (found === null) throw new TapewrightError('KAFKA_REFUSED', `there is no topic ${topic}; check its name`, { topic });
      bounds.set(topic, found);
    }
    await makeDirectory(join(out, 'schemas'));
    const lock = await Lock.take(out);
    try {
      return await (await ChangesRecorder.open(log, out, bounds, options)).run();
    } finally {
      lock.release();
    }
  } finally {
    await log.close();
  }
}

class ChangesRecorder {
  readonly #partitions: RecordedPartitions;
  readonly #counts: Map<string, number>;
  readonly #registry: SchemaRegistry | null;
  readonly #schemas = new Set<number>();
  #pending: string[] = [];
  #pendingBytes = 0;
  #synced = performance.now();

  private constructor(
    log: Log, private readonly out: string, private readonly bounds: ReadonlyMap<string, readonly LogBounds[]>,
    private readonly options: Omit<RecordOptions, 'table'>, private readonly handle: FileHandle, private index: Index,
  ) {
    const { settings, onRemark } = options;
    this.#registry = settings.registries.length === 0 ? null : new SchemaRegistry(settings.registries, settings.registryAuthorization, { onRemark });
    this.#partitions = new RecordedPartitions(log, bounds, index.positions);
    this.#counts = new Map(Object.entries(index.counts));
  }

  static async open(log: Log, out: string, bounds: ReadonlyMap<string, readonly LogBounds[]>, options: Omit<RecordOptions, 'table'>): Promise<ChangesRecorder> {
    const found = await indexIn(out);
    const path = join(out, fileName);
    return writing(path, async () => {
      const handle = await open(path, found === null ? 'w' : 'r+');
      await handle.truncate(found?.bytes ?? 0);
      return new ChangesRecorder(log, out, bounds, options, handle, found ?? { changes: 1, bytes: 0, records: 0, counts: {}, positions: [] });
    });
  }

  async run(): Promise<Recorded> {
    try {
      const { signal, until, syncEvery = usualSyncMillis } = this.options;
      const ended = await this.#partitions.read({
        signal, until, take: (topic, partition, records) => this.#take(topic, partition, records),
        settle: async () => {
          if (performance.now() - this.#synced >= syncEvery || this.#pendingBytes >= syncBytes) await this.#sync();
        },
      });
      await this.#sync();
      const datasets = [...this.bounds.keys()].map((topic) => ({ topic, path: join(this.out, fileName), rows: this.#counts.get(topic) ?? 0, rejected: 0, fingerprint: null }));
      return { ended, datasets };
    } finally {
      await this.handle.close();
    }
  }

  async #take(topic: string, partition: number, wanted: readonly LogRecord[]): Promise<void> {
    for (const record of wanted) {
      await this.#keepSchemas(topic, record);
      const line = `${lineOf(topic, partition, record)}\n`;
      this.#pending.push(line);
      this.#pendingBytes += line.length;
    }
    this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + wanted.length);
    this.options.onProgress?.([...this.#counts.values()].reduce((sum, count) => sum + count, 0));
  }

  /** Beside the recording, so that it replays where no registry is. */
  async #keepSchemas(topic: string, { key, value }: LogRecord): Promise<void> {
    for (const bytes of [key, value]) {
      const id = bytes === null ? null : schemaId(bytes);
      if (id === null || this.#schemas.has(id)) continue;
      if (this.#registry === null) throw new TapewrightError('USAGE', `the messages of ${topic} are Avro: give --registry URL or set SCHEMA_REGISTRY, so that their schemas are recorded too`, { topic });
      this.#schemas.add(id);
      const known = await this.#registry.learn(id);
      if ('refused' in known) this.options.onRemark(`${topic}: ${known.refused}; messages of it will not be readable`);
      else await writeAside(join(this.out, 'schemas', `${id}.json`), `${JSON.stringify({ id, schema: known.schema })}\n`);
    }
  }

  async #sync(): Promise<void> {
    this.#synced = performance.now();
    if (this.#pending.length === 0) return;
    const bytes = Buffer.from(this.#pending.join(''));
    const records = this.index.records + this.#pending.length;
    this.#pending = [];
    this.#pendingBytes = 0;
    await writing(join(this.out, fileName), async () => {
      await this.handle.write(bytes, 0, bytes.length, this.index.bytes);
      await this.handle.datasync();
    });
    this.index = {
      changes: 1, bytes: this.index.bytes + bytes.length, records, counts: Object.fromEntries(this.#counts),
      positions: this.#partitions.positions,
    };
    await writeAside(join(this.out, indexName), `${JSON.stringify(this.index)}\n`);
    this.options.onSync?.();
  }
}

async function indexIn(out: string): Promise<Index | null> {
  const path = join(out, indexName);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const found = JSON.parse(text) as Partial<Index>;
  if (found.changes !== 1) throw new TapewrightError('USAGE', `${out} holds a recording of another kind: record into another folder`, { out });
  return found as Index;
}

/** As `captureOf` reads it. */
function lineOf(topic: string, partition: number, { offset, timestamp, key, value, headers }: LogRecord): string {
  const payload = (name: string, bytes: Buffer | null): Record<string, string | null> =>
    (bytes !== null && (schemaId(bytes) !== null || !isUtf8(bytes)) ? { [`${name}_hex`]: bytes.toString('hex') } : { [name]: bytes?.toString('utf8') ?? null });
  return JSON.stringify({ topic, partition, offset: String(offset), timestamp: String(timestamp), ...payload('key', key), ...payload('value', value), headers: textHeaders(headers) });
}
