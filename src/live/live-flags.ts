/** From the flags of `live` to what the runtime is asked. */
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { planTexts } from '../runtime/pipeline.js';
import { parseDuration } from '../scenario/duration.js';
import { withFunctions } from '../scenario/modules.js';
import { loadScenario } from '../scenario/scenario.js';
import type { LiveOptions } from './live.js';
import { settingsFrom } from './settings.js';

export interface LiveFlags {
  readonly brokers?: string | undefined;
  readonly registry?: string | undefined;
  readonly group?: string | undefined;
  readonly state?: string | undefined;
  readonly sink?: readonly string[] | undefined;
  readonly start?: 'earliest' | 'latest' | 'group' | undefined;
  readonly until?: 'latest' | undefined;
  readonly functions?: readonly string[] | undefined;
  readonly 'checkpoint-every': string;
  readonly strict: boolean;
}

/** @throws USAGE, SCENARIO_INVALID. */
export async function liveOptions(given: string, flags: LiveFlags, environment: Readonly<Record<string, string | undefined>>): Promise<Omit<LiveOptions, 'signal' | 'events' | 'onRemark'>> {
  const scenario = await loadScenario(given);
  const texts = await withFunctions(scenario.texts, flags.functions ?? []);
  const said = (option: string): string | undefined => planTexts(texts).sources.map(({ options }) => options[option]).find((value) => value !== undefined);
  const settings = settingsFrom(flags, environment, { brokers: said('properties.bootstrap.servers'), registry: said('avro-confluent.url') });
  const group = flags.group ?? `tapewright-${texts.name.replace(/[^\w.-]/g, '-')}`;
  if (!/^[\w.-]{1,200}$/.test(group)) throw new TapewrightError('USAGE', `--group ${group}: letters, digits, '.', '_' and '-' only, as in names of topics`, { group });
  const checkpointEvery = parseDuration(flags['checkpoint-every']);
  if (checkpointEvery === null || checkpointEvery < 1000) throw new TapewrightError('USAGE', `--checkpoint-every ${flags['checkpoint-every']}: a duration such as 10s, at least 1s`);
  return {
    texts, settings, group, state: flags.state ?? join('live', group), redirect: redirects(flags.sink ?? []), start: flags.start === undefined ? null : { kind: flags.start },
    until: flags.until ?? null, checkpointEvery, strict: flags.strict,
  };
}

function redirects(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text) => {
    const found = /^([^=*]+)=kafka:([\w.-]+)$|^(\*)=kafka:([\w.-]*)$/.exec(text);
    if (found === null) throw new TapewrightError('USAGE', `--sink ${text}: write TABLE=kafka:TOPIC, or *=kafka:PREFIX for all that need one`, { given: text });
    return [found[1] ?? found[3]!, found[2] ?? found[4]!];
  }));
}
