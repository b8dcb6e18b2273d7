/** Lines of recorded topics, many at a time: awaiting once a line would cost as much as reading it. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { DebeziumAvro } from '../formats/debezium-avro.js';
import { captureOf, objectOf, topicAhead } from '../formats/debezium-record.js';
import { openText } from './text-reader.js';

/** Pieces of the files, as whole lines without their ends; blank ones are left out. */
export async function* captureLines(files: readonly string[]): AsyncGenerator<readonly string[]> {
  for (const file of files) {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    try {
      for await (const piece of await openText(file)) {
        const lines = (rest + decoder.decode(piece as Buffer, { stream: true })).split('\n');
        rest = lines.pop()!;
        yield lines.filter((line) => line.trim() !== '');
      }
      if (rest.trim() !== '') yield [rest];
    } catch (cause) {
      if (cause instanceof TapewrightError) throw cause;
      throw new TapewrightError('DATASET_CORRUPT', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}; fetch or write it again`, { path: file }, { cause });
    }
  }
}

/** The topics of recorded files, in the order of their first records; empty: the lines are values without topics. */
export async function topicsIn(files: readonly string[]): Promise<readonly string[]> {
  const topics = new Set<string>();
  for await (const lines of captureLines(files)) {
    for (const line of lines) {
      const topic = topicAhead(line) ?? captureOf(line, 0)?.topic ?? '';
      if (topic === '' && topics.size === 0) return [];
      if (topic !== '') topics.add(topic);
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
