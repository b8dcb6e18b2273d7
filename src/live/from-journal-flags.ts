/** From the flags of `replay --from-journal` to what is asked. */
import { TapewrightError } from '../core/errors.js';
import type { FromJournalOptions } from './from-journal.js';
import { liveOptions } from './live-flags.js';

export interface JournalFlags {
  readonly brokers?: string | undefined;
  readonly registry?: string | undefined;
  readonly sink?: readonly string[] | undefined;
  readonly functions?: readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly quiet: boolean;
}

/** What a journal has decided already, and what else a flag may not be given with it. */
const allowed = ['from-journal', 'brokers', 'registry', 'sink', 'functions', 'out', 'quiet', 'json'];

/** @throws USAGE, SCENARIO_INVALID. */
export async function journalOptions(group: string, scenario: string | undefined, flags: JournalFlags, environment: Readonly<Record<string, string | undefined>>): Promise<Omit<FromJournalOptions, 'onRemark' | 'onProgress'>> {
  if (scenario === undefined) throw new TapewrightError('USAGE', `--from-journal ${group}: name the scenario or .sql file that the group ran`);
  const stranger = Object.entries(flags).find(([flag, value]) => value !== undefined && value !== false && !allowed.includes(flag))?.[0];
  if (stranger !== undefined) throw new TapewrightError('USAGE', `--from-journal ${group} takes what was run from the journal: leave out --${stranger}`, { flag: stranger });
  const { brokers, registry, sink, functions } = flags;
  // State that grows was allowed when the group ran, or it would have no journal.
  const { texts, settings, redirect } = await liveOptions(scenario, { brokers, registry, sink, functions, group, 'checkpoint-every': '10s', strict: false, 'allow-unbounded-state': true }, environment);
  return { texts, settings, redirect, group, out: flags.out ?? null };
}
