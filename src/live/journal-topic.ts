/** The journal of live: a topic whose partition is the lane. Its records are the truth about what was done. */
import { TapewrightError } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import { journalLine, parseJournalLine } from '../stores/journal.js';
import type { Log, LogMessage, LogPosition } from './log.js';

/** Whoever owns the lane from here on. */
export interface TakenRecord {
  readonly kind: 'taken';
  readonly lane: number;
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
  /** Offsets at which the input ends (`--until`); null: it goes on. */
  readonly stops: readonly LogPosition[] | null;
}

export interface JournalledStep {
  readonly kind: 'step';
  readonly record: StepRecord;
}

export type JournalRecord = TakenRecord | StartRecord | JournalledStep;

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
  } else if (kind === 'taken' || kind === 'start') {
    const record = JSON.parse(text) as TakenRecord | StartRecord;
    if (record.kind === kind) return record;
  }
  throw new TapewrightError('JOURNAL_LOST', `record ${offset} of ${topic} is no journal record: something else writes to this topic; give the group another name`, { topic, offset });
}

/** After which a journal that nobody takes counts as read. */
const quietMillis = 3000;

/**
 * All records of a lane, up to the one that took it with `nonce`: whatever was committed before is seen, though the
 * client shows neither control records nor where the log ends. Without a nonce: up to where nothing comes for a while.
 */
export async function readJournalTopic(log: Log, topic: string, lane: number, nonce: string | null, patienceMillis: number): Promise<JournalRecord[]> {
  const bounds = (await log.bounds(topic))?.find(({ partition }) => partition === lane);
  if (bounds === undefined) throw new TapewrightError('JOURNAL_LOST', `${topic} has no partition ${lane}: the journal was made for fewer lanes`, { topic, lane });
  if (bounds.start > 0) throw new TapewrightError('JOURNAL_LOST', `${topic} begins at ${bounds.start}: records before were deleted, so the run cannot be taken up; set retention.ms=-1, and start under another group`, { topic, lane });
  const reader = await log.read([{ topic, partition: lane, offset: 0 }]);
  const records: JournalRecord[] = [];
  const until = performance.now() + patienceMillis;
  try {
    for (;;) {
      const fetch = await reader.next(1000);
      if (fetch === null && nonce === null && performance.now() > until - patienceMillis + quietMillis) return records;
      for (const { offset, key, value } of fetch?.records ?? []) {
        const record = readRecord(topic, offset, key, value);
        records.push(record);
        if (record.kind === 'taken' && record.nonce === nonce) return records;
      }
      if (performance.now() > until) throw new TapewrightError('KAFKA_UNREACHABLE', `${topic} does not show the record that took lane ${lane} within ${patienceMillis / 1000} s: a transaction of another process may still be open`, { topic, lane });
    }
  } finally {
    await reader.close();
  }
}
