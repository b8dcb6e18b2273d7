/** The journal of live: a topic whose partition is the lane. Its records are the truth about what was done. */
import type { Gap } from '../cdc/gap.js';
import { TapewrightError } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import { journalLine, parseJournalLine } from '../stores/journal.js';
import type { Log, LogMessage, LogPosition } from './log.js';
import type { WarmRecord } from './warm.js';

/** Whoever owns the lane from here on. */
export interface TakenRecord {
  readonly kind: 'taken';
  readonly lane: number;
  /** The same in all marks that one owner makes. */
  readonly owner: string;
  readonly nonce: string;
  readonly host: string;
  readonly pid: number;
}

/** Where the run began: later starts go on from here, whatever the start mode says. */
export interface StartRecord {
  readonly kind: 'start';
  readonly lane: number;
  readonly planHash: string;
  readonly group: string;
  readonly positions: readonly LogPosition[];
  /** Offsets at which the input ends (`--until latest`); null: it goes on. */
  readonly stops: readonly LogPosition[] | null;
  /** Event time, epoch ms, at which the input ends (`--until TIME`); null: it goes on. */
  readonly until: number | null;
  /** History that the state was built from first, as step 0; null or left out: none. */
  readonly warm?: WarmRecord | null;
  /** What the pipeline is made of, by name: a hash of each part, so that a change can be named. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface JournalledStep {
  readonly kind: 'step';
  readonly record: StepRecord;
}

/** Input that was deleted before it was read, and that the run was told to go on without (`--on-gap continue`). */
export interface GapRecord {
  readonly kind: 'gap';
  readonly lane: number;
  /** The step before which the positions move. */
  readonly before: number;
  /** Offsets [from, to) of the topic's partition are missing. */
  readonly missing: readonly { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number }[];
  /** Or what a captured database did and nobody told. */
  readonly changes?: { readonly capture: number; readonly gap: Gap };
}

export type JournalRecord = TakenRecord | StartRecord | JournalledStep | GapRecord;

export interface JournalEntry {
  readonly offset: number;
  readonly record: JournalRecord;
}

export function journalMessage(topic: string, record: JournalRecord): LogMessage {
  const lane = record.kind === 'step' ? record.record.lane : record.lane;
  const value = record.kind === 'step' ? journalLine(record.record) : JSON.stringify(record);
  return { topic, partition: lane, key: Buffer.from(record.kind), value: Buffer.from(value) };
}

function readRecord(topic: string, offset: number, key: Buffer | null, value: Buffer | null): JournalRecord {
  const text = value?.toString('utf8') ?? '';
  const kind = key?.toString('utf8');
  if (kind === 'step') {
    const record = parseJournalLine(text.trimEnd());
    if (record !== null) return { kind, record };
  } else if (kind === 'taken' || kind === 'start' || kind === 'gap') {
    const record = JSON.parse(text) as TakenRecord | StartRecord | GapRecord;
    if (record.kind === kind) return record;
  }
  throw new TapewrightError('JOURNAL_LOST', `record ${offset} of ${topic} is no journal record: something else writes to this topic; give the group another name`, { topic, offset });
}

/** Answers in a row that find nothing, before a journal that nobody takes counts as read. */
const emptyAnswersMin = 10;

export interface JournalRange {
  readonly topic: string;
  readonly lane: number;
  /** Offset of the first record wanted. */
  readonly from: number;
  /** Milliseconds without an answer. */
  readonly patience: number;
}

/**
 * A lane's records from an offset on, up to the first that `isLast` takes: whatever was committed before that is seen,
 * though no client shows control records or where the log ends. Null: up to where nothing more is.
 * @throws JOURNAL_LOST, KAFKA_UNREACHABLE.
 */
export async function readJournal(log: Log, { topic, lane, from, patience }: JournalRange, isLast: ((record: JournalRecord) => boolean) | null): Promise<JournalEntry[]> {
  const bounds = (await log.bounds(topic))?.find(({ partition }) => partition === lane);
  if (bounds === undefined) throw new TapewrightError('JOURNAL_LOST', `${topic} has no partition ${lane}: it was deleted, or made for fewer lanes; start under another group (--group)`, { topic, lane });
  if (bounds.start > from) throw new TapewrightError('JOURNAL_LOST', `${topic} begins at ${bounds.start} and is needed from ${from} on: records before were deleted, so the run cannot be taken up; set retention.ms=-1, and start under another group (--group)`, { topic, lane });
  if (bounds.end < from) throw new TapewrightError('JOURNAL_LOST', `${topic} ends at ${bounds.end}, before ${from} where the newest checkpoint stands: it was deleted or is another; name the right group, or remove the checkpoints`, { topic, lane });
  const reader = await log.read([{ topic, partition: lane, offset: from }]);
  const entries: JournalEntry[] = [];
  let until = performance.now() + patience;
  try {
    for (;;) {
      const fetch = await reader.next(1000);
      if (fetch !== null) until = performance.now() + patience;
      if (fetch === null && isLast === null && reader.emptyAnswers >= emptyAnswersMin) return entries;
      for (const { offset, key, value } of fetch?.records ?? []) {
        const record = readRecord(topic, offset, key, value);
        entries.push({ offset, record });
        if (isLast?.(record) === true) return entries;
      }
      if (performance.now() > until) throw new TapewrightError('KAFKA_UNREACHABLE', `${topic} does not show what was written to it within ${patience / 1000} s: a transaction of another process may still be open`, { topic, lane });
    }
  } finally {
    await reader.close();
  }
}

/** The topics with which a group began; null: it has not. */
export async function begunWith(log: Log, journal: string): Promise<ReadonlySet<string> | null> {
  const [bounds] = (await log.bounds(journal)) ?? [];
  if (bounds === undefined || bounds.end === bounds.start) return null;
  const reader = await log.read([{ topic: journal, partition: bounds.partition, offset: bounds.start }]);
  try {
    while (reader.emptyAnswers < emptyAnswersMin) {
      for (const { offset, key, value } of (await reader.next(1000))?.records ?? []) {
        const record = readRecord(journal, offset, key, value);
        if (record.kind === 'start') return new Set(record.positions.map(({ topic }) => topic));
      }
    }
    return null;
  } finally {
    await reader.close();
  }
}

/** All records of a lane, up to the one that took it with `nonce`; without a nonce: up to where nothing more is. */
export async function readJournalTopic(log: Log, topic: string, lane: number, nonce: string | null, patienceMillis: number): Promise<JournalRecord[]> {
  const entries = await readJournal(log, { topic, lane, from: 0, patience: patienceMillis }, nonce === null ? null : (record) => record.kind === 'taken' && record.nonce === nonce);
  return entries.map(({ record }) => record);
}
