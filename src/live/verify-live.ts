/** Whether a live run can be made again from its journal and its input, to the same digests. Takes no lane and writes nothing. */
import { TapewrightError } from '../core/errors.js';
import { readJournalTopic } from './journal-topic.js';
import { openLog } from './clients.js';
import { LaneFold } from './lane-fold.js';
import { planLive, type LiveOptions } from './live.js';
import { changesIn, partsOf } from './parts.js';
import { patienceMillis, rerun } from './rerun.js';
import { sorted } from './take.js';
import { warmAgain } from './warm-up.js';

export interface LiveVerdict {
  readonly equal: boolean;
  /** What differs first, in words; null: nothing. */
  readonly difference: string | null;
  readonly lanes: readonly { readonly lane: number; readonly steps: number; readonly rows: number; readonly digest: string | null }[];
}

export async function verifyLive(options: Pick<LiveOptions, 'texts' | 'settings' | 'group' | 'redirect' | 'onRemark'>): Promise<LiveVerdict> {
  const log = openLog(options.settings, options.onRemark);
  try {
    const plan = await planLive(log, { ...options, start: null });
    const { journal } = plan.topics;
    if ((await log.bounds(journal)) === null) throw new TapewrightError('JOURNAL_LOST', `there is no topic ${journal}: group ${options.group} has not run here, or its journal was deleted`, { group: options.group });
    const lanes: { lane: number; steps: number; rows: number; digest: string | null }[] = [];
    for (let lane = 0; lane < plan.lanes; lane += 1) {
      const records = await readJournalTopic(log, journal, lane, null, patienceMillis);
      const { start, steps, gaps } = sorted(records, journal);
      if (start !== null && start.planHash !== plan.planHash) throw new TapewrightError('CHECKPOINT_MISMATCH', `group ${options.group} ran another pipeline than this: since, ${changesIn(start.parts, partsOf(plan.pipeline, options.texts))}; verify it with the SQL that it ran`, { group: options.group });
      const inputs = plan.inputs(lane);
      const fold = new LaneFold({ ...plan, lane, inputs, strict: false });
      const { engine } = fold;
      const positions = inputs.map(({ topic, partitions }) => partitions.map((partition) => start?.positions.find((position) => position.topic === topic && position.partition === partition)?.offset ?? 0));
      try {
        const left = start === null ? steps : await warmAgain({ pipeline: plan.pipeline, partitions: plan.partitions, inputs }, engine, start, steps, null);
        await rerun(log, inputs, fold, positions, left, undefined, { gaps, until: start?.until ?? null });
      } catch (error) {
        if (!(error instanceof TapewrightError) || (error.code !== 'CHECKPOINT_MISMATCH' && error.code !== 'SOURCE_GAP')) throw error;
        lanes.push({ lane, steps: engine.seq, rows: engine.counts.rows, digest: engine.stepDigest });
        return { equal: false, difference: error.message, lanes };
      }
      lanes.push({ lane, steps: engine.seq, rows: engine.counts.rows, digest: engine.stepDigest });
    }
    return { equal: true, difference: null, lanes };
  } finally {
    await log.close();
  }
}
