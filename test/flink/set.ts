/** A set of statements through both engines: one Flink job, one replay. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FlinkError, type FlinkSession } from '../real/flink-gateway.js';
import type { FlinkServer } from '../real/flink-server.js';
import { prepareJob, type Job, type Trial } from './job.js';
import { runOurs } from './ours.js';
import { runTheirs } from './theirs.js';
import { judge, type Verdict } from './verdict.js';

export const jobFails = 'its job fails';

export async function judgeSet(flink: FlinkServer, trials: readonly Trial[]): Promise<Verdict[]> {
  const folder = await mkdtemp(join(flink.scratch, 'set-'));
  try {
    const verdicts: (Verdict | null)[] = trials.map(() => null);
    const judged = await judgeAll(flink, trials, folder).catch(async (error: unknown) => {
      if (!(error instanceof FlinkError) || trials.length === 0) throw error;
      // One statement that Flink does not take spoils the set: find it, and run the others.
      const refused = await refusedOf(flink, await prepareJob(trials, folder));
      if (refused.size === 0) return judgeHalves(flink, trials, error);
      for (const [trial, reason] of refused) verdicts[trial] = { kind: 'refused', reason };
      return judgeSet(flink, trials.filter((_, trial) => !refused.has(trial)));
    });
    const rest = [...judged];
    return verdicts.map((verdict) => verdict ?? rest.shift()!);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A job failed: at which statement, only smaller jobs can say. */
async function judgeHalves(flink: FlinkServer, trials: readonly Trial[], { causes }: FlinkError): Promise<Verdict[]> {
  if (trials.length === 1) return [{ kind: 'refused', reason: `${jobFails}: ${causes.at(-1) ?? 'no reason'}` }];
  const middle = trials.length >> 1;
  return [...await judgeSet(flink, trials.slice(0, middle)), ...await judgeSet(flink, trials.slice(middle))];
}

async function judgeAll(flink: FlinkServer, trials: readonly Trial[], folder: string): Promise<Verdict[]> {
  if (trials.length === 0) return [];
  const job = await prepareJob(trials, folder);
  const [ours, theirs] = await Promise.all([runOurs(job), runTheirs(flink, job)]);
  return trials.map((trial, index) => judge(trial, { outputs: job.outputs[index]!, ours: ours.outputs[index]!, theirs: theirs[index]!, deadLetters: ours.deadLetters[index]! }));
}

/** Reasons by trial. */
async function refusedOf(flink: FlinkServer, job: Job): Promise<Map<number, string>> {
  const session = await flink.session({ 'execution.runtime-mode': 'streaming', 'table.local-time-zone': 'UTC' });
  const refused = new Map<number, string>();
  const attempt = async (statement: string, trial: number): Promise<void> => {
    const reason = await refusalOf(session, statement);
    if (reason !== null && !refused.has(trial)) refused.set(trial, reason);
  };
  try {
    for (const definition of job.definitions) await attempt(definition, Number(/ s(\d+)_/.exec(definition)?.[1] ?? -1));
    for (const [index, insert] of job.inserts.entries()) await attempt(`EXPLAIN ${insert}`, job.trialOf[index]!);
  } finally {
    await session.close();
  }
  return refused;
}

async function refusalOf(session: FlinkSession, statement: string): Promise<string | null> {
  try {
    await session.execute(statement);
    return null;
  } catch (error) {
    if (!(error instanceof FlinkError)) throw error;
    return error.causes.slice(-2).join(' ').replace(/\s+/g, ' ');
  }
}
