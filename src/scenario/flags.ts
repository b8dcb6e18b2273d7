/** From the flags of `replay` to what the runtime is asked: flags before the scenario before the defaults. */
import { TapewrightError } from '../core/errors.js';
import { defaultParameters, type ReplayOptions, type RequestedBinding, type RunParameters } from '../runtime/options.js';
import { formatEventTime, parseDuration, parseEventTime } from './duration.js';
import { withFunctions } from './modules.js';
import { checkpointMillisMin, lanesMax, loadScenario, splitColumn, type ScenarioParameters } from './scenario.js';

/** Flags as given: texts, not yet read. */
export interface ReplayFlags {
  readonly bind?: readonly string[];
  readonly map?: readonly string[];
  readonly functions?: readonly string[];
  readonly key?: string;
  readonly lanes?: string;
  readonly from?: string;
  readonly to?: string;
  readonly 'batch-rows'?: string;
  readonly speed?: string;
  readonly 'step-every'?: string;
  readonly 'checkpoint-every'?: string;
  readonly 'max-ahead'?: string;
  readonly 'open-end'?: boolean;
  readonly strict?: boolean;
  readonly out?: string;
  readonly resume?: string;
  readonly 'stop-after-rows'?: string;
}

const batchRowsMax = 1_048_576;

/** Flags that a resume may carry: how it is shown and how fast it goes, never what it computes. */
const resumable = ['resume', 'functions', 'speed', 'json', 'quiet', 'watch'];

const usage = (flag: string, given: string, must: string): TapewrightError =>
  new TapewrightError('USAGE', `--${flag} ${given}: must be ${must}`, { flag, given });

function readFlag<T>(flag: string, given: string | undefined, read: (text: string) => T | null, must: string): T | undefined {
  if (given === undefined) return undefined;
  const value = read(given);
  if (value === null) throw usage(flag, given, must);
  return value;
}

const wholeFrom = (least: number, most: number) => (text: string): number | null => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : null;
};

/** `max` is null, which differs from a flag that was not given. */
function readSpeed(text: string): { readonly times: number | null } | null {
  if (text === 'max') return { times: null };
  const times = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  return times > 0 && Number.isFinite(times) ? { times } : null;
}

const speedFlag = (flags: ReplayFlags): { readonly times: number | null } | undefined =>
  readFlag('speed', flags.speed, readSpeed, 'max or a number above 0, as multiples of real time');

const stopAfterRows = (flags: ReplayFlags): number | null =>
  readFlag('stop-after-rows', flags['stop-after-rows'], wholeFrom(1, Number.MAX_SAFE_INTEGER), 'a whole number, 1 or more') ?? null;

/** `name=rest` in two, at the first `=`. */
function splitAssignment(flag: string, text: string, form: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw usage(flag, text, form);
  return [text.slice(0, at), text.slice(at + 1)];
}

function readBindings(flags: ReplayFlags, scenario: ScenarioParameters): Record<string, RequestedBinding> {
  const bindings = new Map(Object.entries(scenario.bindings));
  const named = new Set<string>();
  for (const text of flags.bind ?? []) {
    const [table, given] = splitAssignment('bind', text, 'TABLE=PATH or TABLE=DATASET');
    if (named.has(table)) throw usage('bind', text, `the only one for ${table} (several files: a glob)`);
    named.add(table);
    // The scenario's mapping belongs to the scenario's data.
    bindings.set(table, { given, base: process.cwd(), map: {} });
  }
  for (const text of flags.map ?? []) {
    const form = 'TABLE.COLUMN=EXPRESSION';
    const [column, expression] = splitAssignment('map', text, form);
    const split = splitColumn(column);
    if (split === null) throw usage('map', text, form);
    const binding = bindings.get(split.table);
    if (binding === undefined) throw usage('map', text, `about a bound table; bind ${split.table} with --bind ${split.table}=PATH`);
    bindings.set(split.table, { ...binding, map: { ...binding.map, [split.column]: expression } });
  }
  return Object.fromEntries(bindings);
}

/** Flags before the scenario before the defaults. @throws USAGE naming the flag, SPAN_EMPTY. */
export function mergeParameters(flags: ReplayFlags, scenario: ScenarioParameters): RunParameters {
  const duration = 'a duration such as 10s, 5m or PT1H';
  const time = 'an event time such as 2026-03-02T14:30:00 (UTC) or epoch milliseconds';
  const speed = speedFlag(flags);
  const given: Partial<RunParameters> = {
    key: readFlag('key', flags.key, (text) => text.split(',').map((column) => column.trim()), 'column names'),
    lanes: readFlag('lanes', flags.lanes, wholeFrom(1, lanesMax), `1 to ${lanesMax}`),
    from: readFlag('from', flags.from, parseEventTime, time),
    to: readFlag('to', flags.to, parseEventTime, time),
    stepEvery: readFlag('step-every', flags['step-every'], parseDuration, duration),
    checkpointEvery: readFlag('checkpoint-every', flags['checkpoint-every'], (text) => atLeast(parseDuration(text), checkpointMillisMin), `${duration}, at least 1s`),
    maxAhead: readFlag('max-ahead', flags['max-ahead'], parseDuration, duration),
    batchRows: readFlag('batch-rows', flags['batch-rows'], wholeFrom(1, batchRowsMax), `1 to ${batchRowsMax}`),
    speed: speed === undefined ? undefined : speed.times,
    openEnd: flags['open-end'] === true ? true : undefined,
    strict: flags.strict === true ? true : undefined,
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merged: RunParameters = { ...defaultParameters, ...scenario, ...said, bindings: readBindings(flags, scenario) };
  if (merged.key?.some((column) => column === '') === true) throw usage('key', flags.key ?? '', 'column names');
  if (merged.from !== null && merged.to !== null && merged.from >= merged.to) {
    throw new TapewrightError('SPAN_EMPTY', `the span from ${formatEventTime(merged.from)} to ${formatEventTime(merged.to)} is empty: --to must be later than --from`, { from: merged.from, to: merged.to });
  }
  return merged;
}

const atLeast = (millis: number | null, least: number): number | null => (millis !== null && millis >= least ? millis : null);

/** @throws USAGE, SCENARIO_INVALID, SPAN_EMPTY. */
export async function newRunOptions(given: string | undefined, flags: ReplayFlags): Promise<ReplayOptions> {
  if (given === undefined) throw new TapewrightError('USAGE', 'what to replay is missing: name a scenario (see: tapewright scenarios list) or a .sql file, or --resume DIR');
  const scenario = await loadScenario(given);
  const texts = await withFunctions(scenario.texts, flags.functions ?? []);
  const parameters = mergeParameters(flags, scenario.parameters);
  return { run: { kind: 'new', texts, parameters, out: flags.out ?? null }, stopAfterRows: stopAfterRows(flags) };
}

/** @throws USAGE when something is asked that the bundle has decided already. */
export function resumeOptions(directory: string, given: string | undefined, flags: ReplayFlags): ReplayOptions {
  if (given !== undefined) throw new TapewrightError('USAGE', `--resume takes everything from the bundle ${directory}: leave out '${given}'`);
  for (const [flag, value] of Object.entries(flags)) {
    if (value !== undefined && value !== false && !resumable.includes(flag)) {
      throw new TapewrightError('USAGE', `--resume takes everything from the bundle ${directory}: leave out --${flag} (only --speed, --functions, --json and --quiet may be given)`, { flag });
    }
  }
  const speed = speedFlag(flags);
  return { run: { kind: 'resume', directory, ...(speed === undefined ? {} : { speed: speed.times }) }, stopAfterRows: null };
}
