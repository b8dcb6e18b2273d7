/** A scenario file: the pipeline, what its tables are bound to, how it runs, and what is expected of it. */
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import type { Expectations, ModuleText, PipelineTexts, RequestedBinding, RunParameters, TextFile } from '../runtime/options.js';
import { readAccuracy } from './accuracy.js';
import { readCluster } from './cluster.js';
import { parseDuration, parseEventTime } from './duration.js';
import { readExpectations } from './expectations.js';
import { locate, readTextFile } from './locate.js';
import { isModulePath, pipelineModule, withFunctions } from './modules.js';
import { readResponses } from './responses.js';
import { parseYaml, type YamlMap } from './yaml.js';

/** What a scenario file may leave out, flags and defaults fill in. */
export type ScenarioParameters = Partial<Omit<RunParameters, 'bindings'>> & { readonly bindings: Readonly<Record<string, RequestedBinding>> };

export interface Scenario {
  readonly texts: PipelineTexts;
  readonly description: string;
  readonly parameters: ScenarioParameters;
}

const keys = [
  'name', 'description', 'pipeline', 'bind', 'map', 'key', 'lanes', 'from', 'to', 'step_every', 'checkpoint_every', 'max_ahead', 'expect', 'accuracy', 'responses', 'functions', 'flink',
];
export const checkpointMillisMin = 1_000;
export const lanesMax = 1_024;
const nothingExpected: Expectations = { outputs: [], lateMax: null, rejectedMax: null };

/** Loads what `given` names: a scenario, its folder, a bare SQL file, or a module that exports a pipeline. @throws SCENARIO_INVALID with file, line and key. */
export async function loadScenario(given: string): Promise<Scenario> {
  const { kind, path } = await locate(given);
  const name = basename(path).replace(/\.[^.]*$/, '');
  if (isModulePath(path)) return { texts: { name, scenario: null, ...(await pipelineModule(path, basename(path))), expect: nothingExpected }, description: '', parameters: { bindings: {} } };
  const text = await readTextFile(path);
  if (kind === 'scenario') return readScenario(text, path);
  return { texts: { name, scenario: null, sql: [{ path, text }], expect: nothingExpected }, description: '', parameters: { bindings: {} } };
}

async function readScenario(text: string, path: string): Promise<Scenario> {
  const folder = dirname(path);
  const file = parseYaml(text, path, 'SCENARIO_INVALID').allow(keys);
  const name = file.text('name') ?? basename(folder);
  // Asked again of the text by whoever plans or judges the run; what is wrong with it is said before the run.
  readAccuracy(file.map('accuracy'));
  readResponses(file.map('responses'));
  readCluster(file.map('flink'));
  return {
    description: (file.text('description') ?? '').trim(),
    texts: await withFunctions({ name, scenario: { path: basename(path), text }, ...(await readPipeline(file, folder)), expect: readExpectations(file.map('expect')) }, innerPaths(file, 'functions', folder).map((inner) => join(folder, inner))),
    parameters: { ...readParameters(file), bindings: readBindings(file, folder) },
  };
}

async function readPipeline(file: YamlMap, folder: string): Promise<Pick<PipelineTexts, 'sql' | 'modules'>> {
  const paths = innerPaths(file, 'pipeline', folder);
  if (paths.length === 0) throw file.wrong('pipeline', 'a list of .sql files, or of .js files that export pipelines, relative to the scenario');
  const sql: TextFile[] = [];
  const modules: ModuleText[] = [];
  for (const inner of paths) {
    const path = join(folder, inner);
    if (!isModulePath(inner)) sql.push({ path: inner, text: await readTextFile(path) });
    else {
      const made = await pipelineModule(path, inner);
      sql.push(...made.sql);
      modules.push(...(made.modules ?? []));
    }
  }
  return modules.length === 0 ? { sql } : { sql, modules };
}

/** Paths within the scenario's folder. */
function innerPaths(file: YamlMap, key: string, folder: string): readonly string[] {
  const paths = file.texts(key) ?? [];
  const outside = paths.find((inner) => isAbsolute(inner) || relative(folder, join(folder, inner)).startsWith('..'));
  if (outside !== undefined) throw file.wrong(key, `files within the scenario's folder, which ${outside} is not`);
  return paths;
}

function readBindings(file: YamlMap, folder: string): Record<string, RequestedBinding> {
  const bindings = new Map(Object.entries(file.textMap('bind') ?? {}).map(([table, given]) => [table, { given, base: folder, map: {} as Record<string, string> }]));
  for (const [column, expression] of Object.entries(file.textMap('map') ?? {})) {
    const split = splitColumn(column);
    const binding = split === null ? undefined : bindings.get(split.table);
    if (split === null || binding === undefined) throw file.map('map')!.wrong(column, 'TABLE.COLUMN with a table of bind');
    binding.map[split.column] = expression;
  }
  return Object.fromEntries(bindings);
}

/** `ticks.event_time` in two. */
export function splitColumn(text: string): { readonly table: string; readonly column: string } | null {
  const at = text.lastIndexOf('.');
  return at <= 0 || at === text.length - 1 ? null : { table: text.slice(0, at), column: text.slice(at + 1) };
}

function readParameters(file: YamlMap): Partial<Omit<RunParameters, 'bindings'>> {
  const duration = (key: string, least = 1): number | undefined => {
    const text = file.text(key);
    const millis = text === null ? undefined : parseDuration(text);
    if (millis === null || (millis !== undefined && millis < least)) throw file.wrong(key, `a duration such as 10s, 5m or PT1H${least > 1 ? `, at least ${least / 1_000}s` : ''}`);
    return millis;
  };
  const time = (key: string): number | undefined => {
    const text = file.text(key);
    const millis = text === null ? undefined : parseEventTime(text);
    if (millis === null) throw file.wrong(key, 'an event time such as 2026-03-02T14:30:00 (UTC) or epoch milliseconds');
    return millis;
  };
  const lanes = file.count('lanes') ?? undefined;
  if (lanes !== undefined && (lanes < 1 || lanes > lanesMax)) throw file.wrong('lanes', `1 to ${lanesMax}`);
  const found = {
    key: file.texts('key') ?? undefined, lanes, from: time('from'), to: time('to'), stepEvery: duration('step_every'),
    checkpointEvery: duration('checkpoint_every', checkpointMillisMin), maxAhead: duration('max_ahead'),
  };
  if (found.from !== undefined && found.to !== undefined && found.from >= found.to) {
    throw new TapewrightError('SPAN_EMPTY', file.wrong('to', 'later than from').message, { from: found.from, to: found.to });
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
