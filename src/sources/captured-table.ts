/** Which topics of a recording are a table's, and which tells of transactions. */
import { TapewrightError } from '../core/errors.js';
import type { SourceTable } from '../plan/plan.js';

/** The topic of the transactions, or 'none' to apply changes row by row. */
export const transactionTopicSetting = 'cdc.transaction.topic';
/** What a gap does: 'stop' (the default) or 'go-on'. */
export const gapSetting = 'cdc.gaps';

/** `'topic' = 'a;b'`, or the topic that ends with the table's name. Throws DATASET_INVALID where neither says which. */
export function topicsOf(table: SourceTable, recorded: readonly string[]): readonly string[] {
  // Lines without topics are those of one table.
  if (recorded.length === 0) return [''];
  const asked = (table.options['topic'] ?? '').split(';').map((topic) => topic.trim()).filter((topic) => topic !== '');
  if (asked.length === 0) {
    const name = recorded.filter((topic) => topic.slice(topic.lastIndexOf('.') + 1) === table.name);
    if (name.length === 1) return name;
    throw new TapewrightError('DATASET_INVALID', `the file bound to ${table.name} holds the topics ${recorded.join(', ')}: say which is the table's, with 'topic' = '…' in its WITH`, { table: table.name });
  }
  return asked;
}

/** What to say where a recording has nothing of a table: it may have had no change, or its topic another name. */
export function absenceRemark(table: string, topics: readonly string[], recorded: readonly string[]): string | null {
  if (recorded.length === 0 || topics.some((topic) => recorded.includes(topic))) return null;
  return `${table}: the recording has no record of topic ${topics.join(', ')}; it has ${recorded.join(', ')}`;
}

/** The transaction topic among those recorded; null: changes are applied row by row. Throws USAGE for one that is not there. */
export function transactionTopic(settings: Readonly<Record<string, string>>, recorded: readonly string[]): string | null {
  const asked = settings[transactionTopicSetting];
  if (asked === 'none') return null;
  if (asked !== undefined) {
    if (recorded.includes(asked)) return asked;
    throw new TapewrightError('USAGE', `SET '${transactionTopicSetting}' = '${asked}': the recording has no such topic; it has ${recorded.join(', ') || 'none'}`, { topic: asked });
  }
  const found = recorded.filter((topic) => topic.endsWith('.transaction'));
  if (found.length > 1) {
    throw new TapewrightError('USAGE', `the recording has several transaction topics (${found.join(', ')}): say which one counts, with SET '${transactionTopicSetting}' = '…'`, { topics: found });
  }
  return found[0] ?? null;
}

/** The topic of messages in the log beside that of transactions, as Debezium names them; null: it is not recorded. */
export function messageTopic(transactions: string, recorded: readonly string[]): string | null {
  const topic = `${transactions.slice(0, transactions.lastIndexOf('.') + 1)}message`;
  return recorded.includes(topic) ? topic : null;
}

/** Whether a gap stops the run. Throws USAGE for another value. */
export function stopsAtGaps(settings: Readonly<Record<string, string>>): boolean {
  const asked = settings[gapSetting] ?? 'stop';
  if (asked === 'stop' || asked === 'go-on') return asked === 'stop';
  throw new TapewrightError('USAGE', `SET '${gapSetting}' is 'stop' or 'go-on', not '${asked}'`, { value: asked });
}
