/** Where a lane of a run begins and ends, asked once: the journal keeps it. */
import { TapewrightError } from '../core/errors.js';
import type { SourceTopic, StartMode } from './connectors.js';
import type { StartRecord } from './journal-topic.js';
import type { Log, LogBounds, LogCommitted, LogPosition } from './log.js';

export interface BeginningOptions {
  readonly group: string;
  /** `latest`: the offsets that are last when the run begins; a number: event time, epoch ms. */
  readonly until: 'latest' | number | null;
}

/** Start offsets by the tables' modes, and stop offsets by `until`; of one partition where a lane has only that. */
export async function beginning(log: Log, sources: readonly SourceTopic[], { until, group }: BeginningOptions, partition: number | null): Promise<Pick<StartRecord, 'positions' | 'stops' | 'until'>> {
  const positions: LogPosition[] = [];
  const stops: LogPosition[] = [];
  for (const { topic, start } of sources) {
    const bounds = (await log.bounds(topic))!;
    const byTime = start.kind === 'timestamp' ? await log.boundsAt(topic, start.millis) : null;
    const committed = await log.committed(group, topic);
    refuseLost(group, topic, committed, partition);
    for (const { partition: one, start: first, end } of bounds) {
      if (partition !== null && one !== partition) continue;
      const from = startOffset(start, { partition: one, start: first, end }, byTime?.find((each) => each.partition === one)?.start ?? (start.kind === 'group' ? committed.get(one)?.offset : undefined));
      if (from < first) throw new TapewrightError('SOURCE_GAP', `partition ${one} of ${topic} begins at ${first}: offset ${from} was deleted`, { topic, partition: one });
      positions.push({ topic, partition: one, offset: from });
      stops.push({ topic, partition: one, offset: end });
    }
  }
  return { positions, stops: until === 'latest' ? stops : null, until: typeof until === 'number' ? until : null };
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

/** `known`: by time, or as the group has committed it. */
function startOffset(start: StartMode, { partition, start: first, end }: LogBounds, known: number | undefined): number {
  switch (start.kind) {
    case 'earliest': return first;
    case 'latest': return end;
    case 'offsets': return start.offsets.get(partition) ?? first;
    default: return known ?? end;
  }
}
