/** Where a lane of a run begins and ends, asked once: the journal keeps it. */
import { TapewrightError } from '../core/errors.js';
import type { TopicRead } from './captured-topics.js';
import type { StartRecord } from './journal-topic.js';
import type { Log, LogBounds, LogCommitted, LogPosition } from './log.js';
import type { StartMode, StopMode } from './scan-modes.js';

export interface BeginningOptions {
  readonly group: string;
  /** `latest`: the offsets that are last when the run begins; a number: event time, epoch ms. */
  readonly until: 'latest' | number | null;
}

/** Start offsets by the tables' modes, and stop offsets by `until`, or else by theirs; of one partition where a lane has only that. */
export async function beginning(log: Log, sources: readonly TopicRead[], { until, group }: BeginningOptions, partition: number | null): Promise<Pick<StartRecord, 'positions' | 'stops' | 'until'>> {
  const positions: LogPosition[] = [];
  const stops: LogPosition[] = [];
  for (const { topic, start, stop } of sources) {
    const bounds = (await log.bounds(topic))!;
    refuseLost(group, topic, await log.committed(group, topic), partition);
    const ending: StopMode = until === 'latest' || stop === null ? { kind: 'latest' } : stop;
    const begins = await knownOffsets(log, topic, group, start), ends = await knownOffsets(log, topic, group, ending);
    for (const bound of bounds) {
      const { partition: one, start: first } = bound;
      if (partition !== null && one !== partition) continue;
      const from = offsetOf(topic, start, bound, begins);
      if (from < first) throw new TapewrightError('SOURCE_GAP', `partition ${one} of ${topic} begins at ${first}: offset ${from} was deleted`, { topic, partition: one });
      positions.push({ topic, partition: one, offset: from });
      // A partition that the bounds do not name is not read.
      stops.push({ topic, partition: one, offset: ending.kind === 'offsets' && !ends.has(one) ? from : offsetOf(topic, ending, bound, ends) });
    }
  }
  const isBounded = until === 'latest' || (until === null && sources.every(({ stop }) => stop !== null));
  return { positions, stops: isBounded ? stops : null, until: typeof until === 'number' ? until : null };
}

/** The offsets that are last now, of one partition where a lane has only that. */
export async function lastOffsets(log: Log, reads: readonly TopicRead[], partition: number | null): Promise<LogPosition[]> {
  const ends = await Promise.all(reads.map(async ({ topic }) => (await log.bounds(topic))!.map(({ partition: one, end }) => ({ topic, partition: one, offset: end }))));
  return ends.flat().filter(({ partition: one }) => partition === null || one === partition);
}

/** By partition: what the mode asks Kafka for, or says itself. */
async function knownOffsets(log: Log, topic: string, own: string, mode: StartMode): Promise<ReadonlyMap<number, number>> {
  switch (mode.kind) {
    case 'timestamp': return new Map((await log.boundsAt(topic, mode.millis)).map(({ partition, start }) => [partition, start]));
    case 'group': return new Map([...await log.committed(mode.group ?? own, topic)].map(([partition, { offset }]) => [partition, offset]));
    case 'offsets': return mode.offsets;
    default: return new Map();
  }
}

/** A journal that is empty though the group has committed steps was deleted: to begin again would write their outputs twice. */
function refuseLost(group: string, topic: string, committed: ReadonlyMap<number, LogCommitted>, only: number | null): void {
  for (const [partition, { metadata }] of committed) {
    const seq = stepIn(metadata);
    if (seq === null || (only !== null && partition !== only)) continue;
    throw new TapewrightError('JOURNAL_LOST', `group ${group} has committed step ${seq} of partition ${partition} of ${topic}, and its journal is empty: ${group}-journal was deleted, and a new start would write outputs again; start under another group (--group)`, { group, topic, partition });
  }
}

/** The step that a commit of a run names; null: it is of somebody else. */
function stepIn(metadata: string): number | null {
  try {
    const found = JSON.parse(metadata) as { readonly seq?: unknown; readonly digest?: unknown } | null;
    return typeof found?.seq === 'number' && typeof found.digest === 'string' ? found.seq : null;
  } catch {
    return null;
  }
}

function offsetOf(topic: string, mode: StartMode, { partition, start, end }: LogBounds, known: ReadonlyMap<number, number>): number {
  const found = known.get(partition);
  switch (mode.kind) {
    case 'earliest': return start;
    case 'latest': return end;
    case 'timestamp': return found ?? end;
    case 'offsets': return found ?? start;
    case 'group': {
      if (found !== undefined) return found;
      if (mode.otherwise === 'refuse') throw new TapewrightError('KAFKA_REFUSED', `group ${mode.group ?? 'of this run'} has no offset of partition ${partition} of ${topic}; say with 'properties.auto.offset.reset' or --start where to begin`, { topic, partition });
      return mode.otherwise === 'earliest' ? start : end;
    }
  }
}
