/** From the flags of `live` to what the runtime is asked. */
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { unboundedState, unboundedText } from '../plan/unbounded-state.js';
import type { PipelineTexts } from '../runtime/options.js';
import { placedError, planTexts } from '../runtime/pipeline.js';
import { parseDuration, parseEventTime } from '../scenario/duration.js';
import { withFunctions } from '../scenario/modules.js';
import { loadScenario } from '../scenario/scenario.js';
import type { Client } from './clients.js';
import type { LiveOptions } from './live.js';
import { settingsFrom } from './settings.js';

export interface LiveFlags {
  readonly brokers?: string | undefined;
  readonly registry?: string | undefined;
  readonly client?: Client | undefined;
  readonly group?: string | undefined;
  readonly state?: string | undefined;
  readonly sink?: readonly string[] | undefined;
  readonly start?: 'earliest' | 'latest' | 'group' | undefined;
  readonly until?: string | undefined;
  readonly lanes?: string | undefined;
  readonly linger?: number | undefined;
  readonly 'on-gap'?: 'refuse' | 'continue' | undefined;
  readonly 'session-timeout'?: string | undefined;
  readonly functions?: readonly string[] | undefined;
  readonly 'checkpoint-every': string;
  readonly strict: boolean;
  readonly 'released-by'?: boolean;
  readonly record?: string | undefined;
  readonly 'warm-from'?: readonly string[] | undefined;
  readonly 'allow-unbounded-state'?: boolean;
}

/** @throws USAGE, SCENARIO_INVALID. */
export async function liveOptions(given: string, flags: LiveFlags, environment: Readonly<Record<string, string | undefined>>): Promise<Omit<LiveOptions, 'signal' | 'events' | 'onRemark'>> {
  const scenario = await loadScenario(given);
  const texts = await withFunctions(scenario.texts, flags.functions ?? []);
  if (flags['allow-unbounded-state'] !== true) refuseUnboundedState(texts);
  const said = (option: string): string | undefined => planTexts(texts).sources.map(({ options }) => options[option]).find((value) => value !== undefined);
  const settings = settingsFrom(flags, environment, { brokers: said('properties.bootstrap.servers'), registry: said('avro-confluent.url') ?? said('value.avro-confluent.url') ?? said('key.avro-confluent.url') ?? said('debezium-avro-confluent.url') ?? said('debezium-avro-confluent.schema-registry.url') });
  const group = flags.group ?? `tapewright-${texts.name.replace(/[^\w.-]/g, '-')}`;
  if (!/^[\w.-]{1,200}$/.test(group)) throw new TapewrightError('USAGE', `--group ${group}: letters, digits, '.', '_' and '-' only, as in names of topics`, { group });
  const checkpointEvery = parseDuration(flags['checkpoint-every']);
  if (checkpointEvery === null || checkpointEvery < 1000) throw new TapewrightError('USAGE', `--checkpoint-every ${flags['checkpoint-every']}: a duration such as 10s, at least 1s`);
  const sessionTimeout = parseDuration(flags['session-timeout'] ?? '10s');
  if (sessionTimeout === null || sessionTimeout < 1000) throw new TapewrightError('USAGE', `--session-timeout ${flags['session-timeout']}: a duration such as 10s, at least 1s and what the brokers allow (group.min.session.timeout.ms)`);
  return {
    texts, settings, group, state: flags.state ?? join('live', group), redirect: redirects(flags.sink ?? []), start: flags.start === undefined ? null : { kind: flags.start },
    until: untilOf(flags.until), lanes: flags.lanes === undefined ? 'group' : lanesOf(flags.lanes), sessionTimeout, onGap: flags['on-gap'] ?? 'refuse', linger: flags.linger ?? 0, checkpointEvery, strict: flags.strict === true, releasedBy: flags['released-by'] ?? false, record: flags.record ?? null, warmFrom: flags['warm-from'] ?? [],
  };
}

/** A stream has no end at which state that grows would be let go. */
function refuseUnboundedState(texts: PipelineTexts): void {
  const [state] = unboundedState(planTexts(texts));
  if (state === undefined) return;
  const { line, column, text } = state.place;
  throw placedError(texts.sql, new TapewrightError('SQL_UNSUPPORTED', `${unboundedText(state)} Or give --allow-unbounded-state, where the keys are known to be few.`, { line, column, text }));
}

function untilOf(text: string | undefined): LiveOptions['until'] {
  if (text === undefined || text === 'latest') return text ?? null;
  const time = parseEventTime(text);
  if (time === null) throw new TapewrightError('USAGE', `--until ${text}: write latest, or an event time such as 2026-03-02T21:00:00Z`, { given: text });
  return time;
}

const lanesMax = 10_000;

/** `all`, `0-3`, `0,2,5-7`. */
function lanesOf(text: string): LiveOptions['lanes'] {
  if (text === 'all') return 'all';
  const lanes = text.split(',').flatMap((part) => {
    const found = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    const first = Number(found?.[1]), last = Number(found?.[2] ?? found?.[1]);
    if (found === null || last < first || last >= lanesMax) throw new TapewrightError('USAGE', `--lanes ${text}: write all, 0-3, or 0,2,5-7`, { given: text });
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(lanes)].sort((a, b) => a - b);
}

function redirects(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text) => {
    const found = /^([^=*]+)=kafka:([\w.-]+)$|^(\*)=kafka:([\w.-]*)$/.exec(text);
    if (found === null) throw new TapewrightError('USAGE', `--sink ${text}: write TABLE=kafka:TOPIC, or *=kafka:PREFIX for all that need one`, { given: text });
    return [found[1] ?? found[3]!, found[2] ?? found[4]!];
  }));
}
