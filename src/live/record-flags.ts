/** From the flags of `record` to what is recorded. */
import { TapewrightError } from '../core/errors.js';
import { parseEventTime } from '../scenario/duration.js';
import { loadScenario } from '../scenario/scenario.js';
import type { RecordOptions } from './record.js';
import { settingsFrom } from './settings.js';

export interface RecordFlags {
  readonly out: string;
  readonly until?: string | undefined;
  readonly sql?: string | undefined;
  readonly table?: string | undefined;
  readonly brokers?: string | undefined;
  readonly registry?: string | undefined;
  /** Records as they are. */
  readonly changes?: boolean;
}

/** @throws USAGE. */
export async function recordOptions(topics: readonly string[], flags: RecordFlags, environment: Readonly<Record<string, string | undefined>>): Promise<Omit<RecordOptions, 'signal' | 'onRemark'>> {
  const flag = topics.find((topic) => topic.startsWith('-'));
  if (flag !== undefined) throw new TapewrightError('USAGE', `record has no flag ${flag}; see record --help`, { flag });
  const wrong = topics.find((topic) => !/^[\w.-]{1,249}$/.test(topic) || /^\.+$/.test(topic));
  if (wrong !== undefined) throw new TapewrightError('USAGE', `'${wrong}' is no topic: letters, digits, '.', '_' and '-' only`, { topic: wrong });
  const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
  if (twice !== undefined) throw new TapewrightError('USAGE', `topic ${twice} is named twice`, { topic: twice });
  if ((flags.sql === undefined) !== (flags.table === undefined)) throw new TapewrightError('USAGE', '--sql FILE.sql and --table NAME go together: the file declares the table, and its columns are the topic\'s');
  if (flags.changes === true && flags.sql !== undefined) throw new TapewrightError('USAGE', '--changes keeps records as they are: leave out --sql and --table');
  const table = flags.sql === undefined ? null : { texts: (await loadScenario(flags.sql)).texts, name: flags.table! };
  return { topics, out: flags.out, until: untilOf(flags.until), table, settings: settingsFrom(flags, environment) };
}

function untilOf(text: string | undefined): RecordOptions['until'] {
  if (text === undefined) return null;
  if (text === 'latest') return 'latest';
  const time = parseEventTime(text);
  if (time === null) throw new TapewrightError('USAGE', `--until ${text}: write latest, or a time such as 2026-03-02T21:00:00Z`, { given: text });
  return time;
}
