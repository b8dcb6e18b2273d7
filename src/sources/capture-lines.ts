/** Lines of recorded topics, many at a time: awaiting once a line would cost as much as reading it. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { DebeziumAvro } from '../formats/debezium-avro.js';
import { captureOf, objectOf } from '../formats/debezium-record.js';
import { openText } from './text-reader.js';

/** Pieces of the files: whole lines, each with its line feed, in UTF-8. */
export async function* linePieces(files: readonly string[]): AsyncGenerator<Buffer> {
  for await (const { bytes, file } of pieces(files)) {
    if (!isUtf8(bytes)) throw new TapewrightError('DATASET_CORRUPT', `${file} is not UTF-8: JSON is; write it again`, { path: file });
    if (bytes.length > 0) yield bytes[bytes.length - 1] === 10 ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
  }
}

/** Bytes of the files that end with a line, but for the last of each. */
async function* pieces(files: readonly string[]): AsyncGenerator<{ readonly bytes: Buffer; readonly file: string }> {
  for (const file of files) {
    let rest: Buffer[] = [];
    try {
      for await (const piece of (await openText(file)) as AsyncIterable<Buffer>) {
        const end = piece.lastIndexOf(10) + 1;
        if (end > 0) yield { bytes: Buffer.concat([...rest, piece.subarray(0, end)]), file };
        rest = end > 0 ? [piece.subarray(end)] : [...rest, piece];
      }
      yield { bytes: Buffer.concat(rest), file };
    } catch (cause) {
      if (cause instanceof TapewrightError) throw cause;
      throw new TapewrightError('DATASET_CORRUPT', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}; fetch or write it again`, { path: file }, { cause });
    }
  }
}

const topicFirst = '{"topic":"';

/** The topics of recorded files, in the order of their first records; empty: the lines are values without topics. */
export async function topicsIn(files: readonly string[]): Promise<readonly string[]> {
  const topics = new Set<string>();
  for await (const { bytes } of pieces(files)) {
    // Names of topics are ASCII; most lines need not be read to see them.
    const text = bytes.toString('latin1');
    for (let at = 0; at < text.length;) {
      const feed = text.indexOf('\n', at);
      const end = feed < 0 ? text.length : feed;
      const topic = text.startsWith(topicFirst, at) ? text.slice(at + topicFirst.length, text.indexOf('"', at + topicFirst.length)) : (captureOf(text.slice(at, end), 0)?.topic ?? '');
      if (topic !== '') topics.add(topic);
      else if (topics.size === 0 && text.slice(at, end).trim() !== '') return [];
      at = end + 1;
    }
  }
  return [...topics];
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
