/**
 * A step's commit, and what to do when it has no answer. An error or a time-out says nothing about what was committed:
 * the producer is discarded, the lane taken again, and the journal says. A step that is not there is sent once more, the
 * very same.
 */
import { TapewrightError } from '../core/errors.js';
import { faults } from '../core/faults.js';
import type { StepRecord } from '../core/step.js';
import { journalLine } from '../stores/journal.js';
import { isFinal } from './failures.js';
import { readJournal } from './journal-topic.js';
import type { LaneSpec } from './lane.js';
import type { Log, LogMessage, LogOffsets, LogPosition } from './log.js';
import { patienceMillis } from './rerun.js';
import { isMark, mark, offsetIn, producerId, type Taken } from './take.js';

export interface StepMessages {
  readonly record: StepRecord;
  /** The record among them. */
  readonly messages: readonly LogMessage[];
  readonly offsets: LogOffsets;
}

/** Milliseconds between attempts to learn what became of a step: doubling. */
const backOffMin = 1000, backOffMax = 60_000;

/** Resolves once the step is committed. Throws PRODUCER_FENCED where another has the lane, or went on with it meanwhile. */
export async function commitStep(log: Log, spec: LaneSpec, taken: Taken, step: StepMessages, signal: AbortSignal): Promise<void> {
  let failure: unknown;
  try {
    note(spec, taken, await taken.producer.commit(step.messages, step.offsets));
    return;
  } catch (error) {
    failure = error;
  }
  for (let wait = backOffMin; ; wait = Math.min(wait * 2, backOffMax)) {
    if (isFinal(failure) || isFenced(failure)) throw failure;
    spec.say(`lane ${spec.lane}: whether step ${step.record.seq} is committed was not answered (${failure instanceof Error ? failure.message : String(failure)}); the journal is asked`);
    try {
      return await settle(log, spec, taken, step);
    } catch (error) {
      failure = error;
    }
    if (isFinal(failure) || isFenced(failure)) throw failure;
    await spec.pause(wait, signal);
    if (signal.aborted) throw failure;
  }
}

async function settle(log: Log, spec: LaneSpec, taken: Taken, step: StepMessages): Promise<void> {
  const { lane, topics } = spec;
  await taken.producer.close();
  taken.producer = await log.producer(producerId(spec));
  const nonce = await mark(taken.producer, spec, taken.owner);
  const entries = await readJournal(log, { topic: topics.journal, lane, from: taken.journal, patience: patienceMillis }, isMark(nonce));
  const line = journalLine(step.record);
  const later = faults.resentUnasked ? [] : entries.filter(({ record }) => record.kind === 'step' && record.record.seq >= step.record.seq);
  const others = later.some(({ record }) => record.kind !== 'step' || journalLine(record.record) !== line);
  if (others) throw new TapewrightError('PRODUCER_FENCED', `another process went on with lane ${lane} while step ${step.record.seq} was not answered`, { lane });
  taken.journal = entries[entries.length - 1]!.offset;
  if (later.length > 0) taken.stepAt = later[0]!.offset;
  else note(spec, taken, await taken.producer.commit(step.messages, step.offsets));
}

function note({ topics }: LaneSpec, taken: Taken, positions: readonly LogPosition[]): void {
  const at = offsetIn(positions, topics.journal);
  if (at === null) return;
  taken.journal = at;
  taken.stepAt = at;
}

const isFenced = (error: unknown): boolean => error instanceof TapewrightError && error.code === 'PRODUCER_FENCED';
