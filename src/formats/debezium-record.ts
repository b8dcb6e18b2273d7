/** Records of captured topics as recorders write them: a JSON object a line, the topic's payloads within. */
import { rawMember } from '../sources/jsonl.js';

type Json = Readonly<Record<string, unknown>>;

/** A record of a topic. Payloads are JSON as text, or Confluent-framed Avro as bytes; null: there is none. */
export interface CapturedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Kafka's, epoch ms. */
  readonly timestamp: number | null;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * `{topic, partition, offset, timestamp, key, value, headers}`, with `key_hex` and `value_hex` for bytes; a line that
 * has no `topic` is a value itself, of the topic ''. Null: the line is no JSON object.
 */
export function captureOf(line: string, position: number): CapturedRecord | null {
  const record = objectOf(line);
  if (record === null) return null;
  const { topic } = record;
  if (typeof topic !== 'string' || !('value' in record || 'value_hex' in record)) {
    return { topic: '', partition: 0, offset: position, timestamp: null, key: null, value: line, headers: {} };
  }
  const payload = (name: 'key' | 'value'): string | Buffer | null => {
    const hex = record[`${name}_hex`];
    if (typeof hex === 'string') return Buffer.from(hex, 'hex');
    const value = record[name];
    if (value === null || value === undefined || `${name}_hex` in record) return null;
    return typeof value === 'string' ? value : memberText(line, [name]);
  };
  const headers = record['headers'];
  return {
    topic, partition: Number(record['partition'] ?? 0), offset: Number(record['offset'] ?? position),
    timestamp: record['timestamp'] == null ? null : Number(record['timestamp']), key: payload('key'), value: payload('value'),
    headers: typeof headers === 'object' && headers !== null ? (headers as Json) : {},
  };
}

/** The topic of a line whose first member it is, without reading the rest; null: it has to be read. */
export function topicAhead(line: string): string | null {
  if (!line.startsWith('{"topic":"')) return null;
  const end = line.indexOf('"', 10);
  const topic = line.slice(10, end);
  return end < 0 || topic.includes('\\') ? null : topic;
}

export function objectOf(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

/** The source text of the member that lies at `path` of the object that `text` holds; '' when there is none. */
export function memberText(text: string, path: readonly string[]): string {
  return path.reduce((at, name) => rawMember(at, name), text);
}
