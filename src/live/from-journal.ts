/** The bundle of a live run, from its journal and the topics that it read. Takes no lane and writes to no topic. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { readSchemas } from '../runtime/kept-input.js';
import type { CaptureRecord } from '../runtime/capture-reader.js';
import type { ReplayResult } from '../runtime/options.js';
import { openLog } from './clients.js';
import { readJournalTopic } from './journal-topic.js';
import { makeBundle } from './kept-bundle.js';
import { KeptLane } from './kept-lane.js';
import { LaneFold } from './lane-fold.js';
import { planLive, type LiveOptions, type LivePlan } from './live.js';
import type { Log } from './log.js';
import { changesIn, partsOf } from './parts.js';
import { patienceMillis, rerun, type LaneInput } from './rerun.js';
import { offsetOf, sorted } from './take.js';
import { warmAgain } from './warm-up.js';

export interface FromJournalOptions extends Pick<LiveOptions, 'texts' | 'settings' | 'group' | 'redirect' | 'onRemark'> {
  /** The bundle's folder; null: runs/ID. */
  readonly out: string | null;
  readonly report?: boolean;
  readonly onProgress?: (rows: number) => void;
}

/**
 * Throws JOURNAL_LOST where the group has no whole journal, CHECKPOINT_MISMATCH at the first step whose digest does not come
 * again and SOURCE_GAP where the input is gone, besides what `makeBundle` throws.
 */
export async function replayJournal(options: FromJournalOptions): Promise<ReplayResult> {
  const log = openLog(options.settings, options.onRemark);
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-journal-'));
  const captures: CaptureRecord[] = [];
  const lanes: { readonly kept: KeptLane; readonly inputs: readonly LaneInput[] }[] = [];
  try {
    const plan = await planLive(log, { ...options, start: null });
    if ((await log.bounds(plan.topics.journal)) === null) throw new TapewrightError('JOURNAL_LOST', `there is no topic ${plan.topics.journal}: group ${options.group} has not run here, or its journal was deleted`, { group: options.group });
    let rows = 0;
    for (let lane = 0; lane < plan.lanes; lane += 1) {
      const inputs = plan.inputs(lane);
      const kept = await KeptLane.open(join(folder, `lane-${lane}`), inputs, readSchemas(plan.pipeline));
      lanes.push({ kept, inputs });
      rows = await keepLane(log, plan, options, { lane, inputs, kept, rows, captures });
    }
    return await makeBundle({ texts: options.texts, pipeline: plan.pipeline, group: options.group, strict: false, lanes, captures: plan.captures, changes: captures, out: options.out, report: options.report ?? true });
  } finally {
    for (const { kept } of lanes) await kept.close();
    await rm(folder, { recursive: true, force: true });
    await log.close();
  }
}

interface Kept {
  readonly lane: number;
  readonly inputs: readonly LaneInput[];
  readonly kept: KeptLane;
  /** Of the lanes before. */
  readonly rows: number;
  readonly captures: CaptureRecord[];
}

async function keepLane(log: Log, plan: LivePlan, { texts, group, onProgress }: FromJournalOptions, { lane, inputs, kept, rows, captures }: Kept): Promise<number> {
  const { journal } = plan.topics;
  const { start, steps, gaps } = sorted(await readJournalTopic(log, journal, lane, null, patienceMillis), journal);
  if (start === null) return rows;
  if (start.planHash !== plan.planHash) {
    throw new TapewrightError('CHECKPOINT_MISMATCH', `group ${group} ran another pipeline than this: since, ${changesIn(start.parts, partsOf(plan.pipeline, texts))}; give the SQL that it ran`, { group });
  }
  const fold = new LaneFold({ ...plan, lane, inputs, strict: false });
  const { engine } = fold;
  const positions = inputs.map(({ topic, partitions }) => partitions.map((partition) => offsetOf(start.positions, topic, partition)));
  const left = await warmAgain({ pipeline: plan.pipeline, partitions: plan.partitions, inputs }, engine, start, steps, (step) => kept.keep(step));
  await rerun(log, inputs, fold, positions, left, async (step) => {
    await kept.keep(step);
    onProgress?.(rows + engine.counts.rows);
  }, { gaps, until: start.until });
  for (const gap of gaps) if (gap.before === engine.seq) fold.passGap(gap);
  captures.push(...fold.captures.map(({ record }) => record));
  return rows + engine.counts.rows;
}
