/** The files under reports/ that a run of a shipped scenario must give again, on any machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownText } from '../../src/report/markdown.js';
import type { Report } from '../../src/report/report.js';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import type { ReplayResult } from '../../src/runtime/options.js';
import { newRunOptions } from '../../src/scenario/flags.js';

/** Scenarios whose reports are committed. */
export const reportedScenarios = ['trading-day'] as const;

export const reportFolder = (scenario: string): string => join(packageRoot(), 'reports', scenario);

/** Replays a shipped scenario into the new bundle `out`. */
export async function replayShipped(scenario: string, out: string): Promise<ReplayResult> {
  return runReplay(await newRunOptions(join(packageRoot(), 'scenarios', scenario), { out }));
}

/** What a bundle's report is committed as, by file name. */
export async function committedTexts(bundle: string): Promise<Record<'report.json' | 'report.md', string>> {
  const json = await readFile(join(bundle, 'report.json'), 'utf8');
  return { 'report.json': json, 'report.md': markdownText(JSON.parse(json) as Report) };
}
