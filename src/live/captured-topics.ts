/** Tables of changes as topics, and which of them are one database's: by the topic that tells of its transactions. */
import { TapewrightError } from '../core/errors.js';
import type { Pipeline, SourceTable } from '../plan/plan.js';
import { stopsAtGaps, transactionTopicSetting } from '../sources/captured-table.js';
import type { CapturePlan } from './capture.js';
import type { SourceTopic } from './connectors.js';
import { begunWith } from './journal-topic.js';
import type { Log } from './log.js';
import { startOf, stopOf } from './scan-modes.js';
import { checkOptions, refused } from './table-options.js';

/** What a lane reads of a topic. */
export type TopicRead = Pick<SourceTopic, 'topic' | 'start' | 'stop'>;

export interface CapturedTable {
  readonly table: SourceTable;
  readonly isAvro: boolean;
  /** One of each of its topics. */
  readonly reads: readonly TopicRead[];
}

/** `'topic' = 'a;b'` where its changes are in several. Throws SQL_UNSUPPORTED. */
export function capturedTable(table: SourceTable, start: Parameters<typeof startOf>[2]): CapturedTable {
  const { name, options } = table;
  const topics = (options['topic'] ?? '').split(';').map((topic) => topic.trim()).filter((topic) => topic !== '');
  if (options['connector'] !== 'kafka') throw refused(name, `its connector is '${options['connector'] ?? 'none'}'`, "live reads 'connector' = 'kafka'; to run it on history use replay");
  if (topics.length === 0) throw refused(name, "it has no 'topic'", "add 'topic' = '…' to its WITH");
  checkOptions(name, options);
  if (options['key.format'] !== undefined) throw refused(name, "it has a 'key.format'", 'leave it out: by its PRIMARY KEY a change finds its row');
  return {
    table, isAvro: table.changeFormat === 'debezium-avro-confluent',
    reads: topics.map((topic) => ({ topic, start: startOf(name, options, start), stop: stopOf(name, options) })),
  };
}

/** Tables of one database, and the topic of its transactions; null: there is none. */
export interface Database {
  readonly transactions: TopicRead | null;
  /** Of messages that clients write into the log; null: there is none, or the group began without it. */
  readonly messages: TopicRead | null;
  /** Of the pipeline, ascending. */
  readonly inputs: readonly number[];
}

/**
 * The databases of a pipeline, and what there is to say of them. `captured`: by input; null: no table of changes. Throws
 * USAGE, SQL_UNSUPPORTED and KAFKA_REFUSED.
 */
export async function databasesOf(log: Log, { settings }: Pipeline, captured: readonly (CapturedTable | null)[], journal: string, say: (text: string) => void): Promise<readonly Database[]> {
  const found = new Map<string, Database & { readonly inputs: number[] }>();
  const seen = new Map<string, string>();
  for (const [input, each] of captured.entries()) {
    if (each === null) continue;
    const { name } = each.table;
    for (const { topic } of each.reads) {
      const other = seen.get(topic);
      if (other !== undefined) throw refused(name, `its topic ${topic} is that of ${other}, too`, 'declare a table of changes once');
      seen.set(topic, name);
    }
    const topic = await transactionTopicOf(log, settings, each, say);
    const messages = topic === null || found.has(topic) ? null : await messageTopicOf(log, topic, journal, say);
    const known = found.get(topic ?? name) ?? { transactions: topic === null ? null : readOf(topic, each), messages: messages === null ? null : readOf(messages, each), inputs: [] };
    found.set(topic ?? name, known);
    known.inputs.push(input);
  }
  return [...found.values()];
}

/** Offsets of a table's own topic say nothing of another one. */
function readOf(topic: string, { reads }: CapturedTable): TopicRead {
  const { start, stop } = reads[0]!;
  return { topic, start: start.kind === 'offsets' ? { kind: 'earliest' } : start, stop: stop?.kind === 'offsets' ? { kind: 'latest' } : stop };
}

/** As SET says, or `PREFIX.transaction` beside `PREFIX.schema.table`. */
async function transactionTopicOf(log: Log, settings: Pipeline['settings'], { table: { name }, reads }: CapturedTable, say: (text: string) => void): Promise<string | null> {
  const asked = settings[transactionTopicSetting];
  if (asked === 'none') return null;
  if (asked !== undefined) {
    if ((await log.bounds(asked)) === null) throw new TapewrightError('USAGE', `SET '${transactionTopicSetting}' = '${asked}': there is no such topic; the connector makes it when provide.transaction.metadata is set and something was committed`, { topic: asked });
    return asked;
  }
  const { topic } = reads[0]!;
  for (let dot = topic.lastIndexOf('.'); dot > 0; dot = topic.lastIndexOf('.', dot - 1)) {
    const candidate = `${topic.slice(0, dot)}.transaction`;
    if ((await log.bounds(candidate)) === null) continue;
    say(`${name}: its transactions are those of ${candidate}`);
    return candidate;
  }
  say(`${name}: changes are applied one by one, so outputs show states between them: there is no topic of transactions beside ${topic} (name it with SET '${transactionTopicSetting}' = '…')`);
  return null;
}

/** Beside the topic of transactions. A connector makes it with its first message, maybe long after a group began: its steps were made without. */
async function messageTopicOf(log: Log, transactions: string, journal: string, say: (text: string) => void): Promise<string | null> {
  const topic = `${transactions.slice(0, transactions.lastIndexOf('.') + 1)}message`;
  const isThere = (await log.bounds(topic)) !== null;
  const begun = await begunWith(log, journal);
  if (begun?.has(topic) === true && !isThere) throw new TapewrightError('KAFKA_REFUSED', `topic ${topic} is not there any more, and the group began with it; start under another group (--group)`, { topic });
  if (!isThere) return null;
  if (begun === null || begun.has(topic)) return topic;
  say(`${topic} is not read, since it was not there when the group began: a message in it looks like a gap; to read it, start under another group (--group)`);
  return null;
}

export const capturePlan = ({ inputs, transactions, messages }: Database, pipeline: Pipeline, tables: (input: number) => CapturePlan['tables'][number]): CapturePlan =>
  ({ tables: inputs.map(tables), transactionTopic: transactions?.topic ?? null, messageTopic: messages?.topic ?? null, stopsAtGaps: stopsAtGaps(pipeline.settings) });
