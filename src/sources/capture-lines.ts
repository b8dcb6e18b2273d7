/** Lines of recorded topics, many at a time: awaiting once a line would cost as much as reading it. */
import { isUtf8 } from 'node:buffer';
import { open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { spareBytes } from '../formats/change-values.js';
import { DebeziumAvro } from '../formats/debezium-avro.js';
import { captureOf, objectOf } from '../formats/debezium-record.js';
import { rowTopics, type Recording } from './recorded-rows.js';
import { openText } from './text-reader.js';

/** Read at once. */
const pieceBytes = 1 << 20;

/** Some programs write it at the beginning of UTF-8: it is no part of the first line. */
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Pieces of the files: whole lines, each with its line feed, in UTF-8. A piece is written over by the next. `onBytes`: told of all bytes of each file in their order, unless it is gzip. */
export async function* linePieces(files: readonly string[], onBytes: (bytes: Buffer, file: number) => void = () => undefined): AsyncGenerator<Buffer> {
  for await (const { bytes, file } of pieces(files, onBytes)) {
    if (!isUtf8(bytes)) throw new TapewrightError('DATASET_CORRUPT', `${file} is not UTF-8: JSON is; write it again`, { path: file });
    yield bytes;
  }
}

async function* pieces(files: readonly string[], onBytes: (bytes: Buffer, file: number) => void = () => undefined): AsyncGenerator<{ readonly bytes: Buffer; readonly file: string }> {
  for (const [index, file] of files.entries()) {
    let reader: ByteReader | null = null, reading: Promise<number> | null = null;
    try {
      reader = await openBytes(file);
      let bytes = Buffer.allocUnsafeSlow(2 * pieceBytes), next = Buffer.allocUnsafeSlow(2 * pieceBytes);
      let kept = 0, isFirst = true;
      reading = reader.read(bytes, 0, pieceBytes);
      for (;;) {
        const read: number = await reading;
        if (read === 0) break;
        const whole = kept + read, last = bytes.subarray(kept, whole).lastIndexOf(10), end = last < 0 ? 0 : kept + last + 1;
        // What goes on is copied to where the next piece is read to, while this one is used.
        if (next.length - (whole - end) < pieceBytes + spareBytes) next = Buffer.allocUnsafeSlow(2 * next.length);
        bytes.copy(next, 0, end, whole);
        reading = reader.read(next, whole - end, pieceBytes);
        reading.catch(() => undefined);
        if (reader.isPlain) onBytes(bytes.subarray(kept, whole), index);
        if (end > 0) yield { bytes: bytes.subarray(isFirst && startsWith(bytes, 0, byteOrderMark) ? byteOrderMark.length : 0, end), file };
        isFirst &&= end === 0;
        [bytes, next] = [next, bytes];
        kept = whole - end;
      }
      bytes[kept] = 10;
      if (kept > 0) yield { bytes: bytes.subarray(0, kept + 1), file };
    } catch (cause) {
      if (cause instanceof TapewrightError) throw cause;
      throw new TapewrightError('DATASET_CORRUPT', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}; fetch or write it again`, { path: file }, { cause });
    } finally {
      await reading?.catch(() => undefined);
      await reader?.close();
    }
  }
}

interface ByteReader {
  /** Its bytes are those of the file. */
  readonly isPlain: boolean;
  /** How many bytes there were, 0 at the end. */
  read(into: Buffer, at: number, most: number): Promise<number>;
  close(): Promise<void>;
}

/** The file's bytes, decompressed when they are gzip. */
async function openBytes(file: string): Promise<ByteReader> {
  const handle = await open(file);
  const head = Buffer.alloc(2);
  await handle.read(head, 0, 2, 0);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    let place = 0;
    return {
      isPlain: true,
      read: async (into, at, most) => {
        const { bytesRead } = await handle.read(into, at, most, place);
        place += bytesRead;
        return bytesRead;
      },
      close: () => handle.close(),
    };
  }
  await handle.close();
  const stream = await openText(file);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return {
    isPlain: false,
    read: async (into, at, most) => {
      if (rest.length === 0) {
        const next = await chunks.next();
        rest = next.done === true ? Buffer.alloc(0) : next.value;
      }
      const size = rest.copy(into, at, 0, Math.min(rest.length, most));
      rest = rest.subarray(size);
      return size;
    },
    close: async () => void stream.destroy(),
  };
}

const topicFirst = Buffer.from('{"topic":"', 'latin1');

/** The topics of a recording, in the order of their first records, with their partitions; empty: the lines are values without topics. */
export function topicsIn(recording: Recording): Promise<ReadonlyMap<string, number>> {
  return recording.format === 'jsonl' ? lineTopics(recording.files) : rowTopics(recording);
}

/** How lines of a topic begin. */
interface Beginning {
  readonly topic: string;
  readonly bytes: Buffer;
  /** The greatest that its lines have named so far. */
  partition: number;
}

async function lineTopics(files: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const partitions = new Map<string, number>();
  const note = (topic: string, partition: number): void => void (partition >= (partitions.get(topic) ?? 0) && partitions.set(topic, partition + 1));
  const beginnings: Beginning[] = [];
  const seen = new SeenLines();
  for await (const { bytes } of pieces(files)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
      end = bytes.indexOf(10, at);
      // Most lines need not be read to see what topic they are of.
      if (seen.has(view, at)) continue;
      if (startsWith(bytes, at, topicFirst)) {
        const own = begun(beginnings, bytes, at), partition = partitionOf(bytes, at + own.bytes.length, end);
        if (partition !== null && partition > own.partition) note(own.topic, own.partition = partition);
        if (partition !== null) {
          seen.add(bytes, at, end);
          continue;
        }
      }
      const text = bytes.toString('latin1', at, end), record = captureOf(text, 0);
      if (record !== null && record.topic !== '') note(record.topic, record.partition);
      // A line that is no object is told when it is read; it does not say what the others are.
      else if (record !== null && partitions.size === 0) return new Map();
    }
  }
  return partitions;
}

/** Of lines that need not be looked at again: how they begin, up to behind their partition, the last one that was found first. */
class SeenLines {
  readonly #known: Float64Array[] = [];
  readonly #sizes: number[] = [];

  has(view: DataView, at: number): boolean {
    for (let index = 0; index < this.#known.length; index += 1) {
      const words = this.#known[index]!, size = this.#sizes[index]!;
      if (at + size > view.byteLength || !isAt(view, at, words, size)) continue;
      this.#known[index] = this.#known[0]!;
      this.#sizes[index] = this.#sizes[0]!;
      this.#known[0] = words;
      this.#sizes[0] = size;
      return true;
    }
    return false;
  }

  add(bytes: Buffer, start: number, end: number): void {
    const size = seenLine.exec(bytes.toString('latin1', start, Math.min(end, start + seenBytes)))?.[0].length;
    if (size === undefined || this.#known.length === seenMax) return;
    const words = Float64Array.from({ length: Math.ceil(size / 8) }, (_, word) => bytes.readDoubleLE(start + Math.min(8 * word, size - 8)));
    this.#known.push(words);
    this.#sizes.push(size);
  }
}

const seenMax = 32, seenBytes = 512;

/** What numbers the bytes of text are is never NaN. */
const seenLine = /^\{"topic":"[\x20-\x7e]+?"[, ]*"partition": *\d+[,}]/;

/** Whether the bytes are those, eight at a time, of which the last ones overlap. */
function isAt(view: DataView, at: number, words: Float64Array, size: number): boolean {
  const last = words.length - 1;
  if (view.getFloat64(at + size - 8, true) !== words[last]!) return false;
  for (let word = 0; word < last; word += 1) if (view.getFloat64(at + 8 * word, true) !== words[word]!) return false;
  return true;
}

/** The beginning of the line at `start`, which goes first: the next line is of the same topic, as likely as not. Names of topics are ASCII. */
function begun(beginnings: Beginning[], bytes: Buffer, start: number): Beginning {
  for (let index = 0; index < beginnings.length; index += 1) {
    const known = beginnings[index]!;
    if (!startsWith(bytes, start, known.bytes)) continue;
    beginnings[index] = beginnings[0]!;
    beginnings[0] = known;
    return known;
  }
  const from = start + topicFirst.length, to = Math.max(from, bytes.indexOf(34, from));
  const added = { topic: bytes.toString('latin1', from, to), bytes: Buffer.from(bytes.subarray(start, to + 1)), partition: -1 };
  beginnings.unshift(added);
  return added;
}

const partitionNext = Buffer.from('"partition":', 'latin1');

/** Which recorders write after the topic. Null where they do not: the line has to be read. */
function partitionOf(bytes: Buffer, from: number, end: number): number | null {
  let at = from;
  while (at < end && (bytes[at] === 44 || bytes[at] === 32)) at += 1;
  if (!startsWith(bytes, at, partitionNext)) return null;
  let partition = 0;
  for (at += partitionNext.length; bytes[at] === 32; at += 1);
  if (!(bytes[at]! >= 48 && bytes[at]! <= 57)) return null;
  for (; bytes[at]! >= 48 && bytes[at]! <= 57; at += 1) partition = partition * 10 + bytes[at]! - 48;
  return partition;
}

/** Whether the bytes at `at` are those. */
export function startsWith(bytes: Buffer, at: number, beginning: Buffer): boolean {
  for (let index = 0; index < beginning.length; index += 1) if (bytes[at + index] !== beginning[index]) return false;
  return true;
}

/** Writer schemas beside a recording: `schemas/*.json`, each `{id, schema}` as a registry answers. Null: there are none. */
export async function schemasBeside(files: readonly string[]): Promise<DebeziumAvro | null> {
  const schemas = new Map<number, string>();
  for (const folder of new Set(files.map((file) => join(dirname(file), 'schemas')))) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
    for (const name of names) {
      const { id, schema } = objectOf(await readFile(join(folder, name), 'utf8')) ?? {};
      if (typeof id === 'number' && typeof schema === 'string') schemas.set(id, schema);
    }
  }
  return schemas.size === 0 ? null : new DebeziumAvro(schemas);
}
