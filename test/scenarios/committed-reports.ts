/** The files under reports/ that a run of a shipped scenario must give again, on any machine. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownText } from '../../src/report/markdown.js';
import type { Report } from '../../src/report/report.js';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import type { ReplayResult } from '../../src/runtime/options.js';
import { newRunOptions } from '../../src/scenario/flags.js';

/** Scenarios over a part of the default day's rows or over another market, each with an event that it is about. */
export const eventScenarios = ['flash-crash', 'sliding-volatility', 'fx-payrolls', 'hot-symbols', 'black-swan', 'stuck-price', 'rebound'] as const;

/** Scenarios about sessions, of traders and of venues, and about what is done when something happens. */
export const sessionScenarios = ['trader-sessions', 'halts', 'open-close'] as const;

/** Scenarios whose reports are committed. */
export const reportedScenarios = ['trading-day', ...eventScenarios, ...sessionScenarios, 'ledger'] as const;

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

/** Holds what a bundle's report would be committed as against what is committed. */
export async function assertCommitted(scenario: string, bundle: string): Promise<void> {
  for (const [name, text] of Object.entries(await committedTexts(bundle))) {
    const committed = await readFile(join(reportFolder(scenario), name), 'utf8').catch(() => '');
    const lines = committed.split('\n');
    const line = text.split('\n').findIndex((one, index) => one !== lines[index]);
    assert.ok(committed === text, `reports/${scenario}/${name} differs from line ${line + 1}: ${lines[line]} is now ${text.split('\n')[line]}. If that is meant: npm run reports`);
  }
}
