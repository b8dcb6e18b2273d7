/** How a scenario's alerts are held against the labels of its data: the key `accuracy` of a scenario file. */
import { TapewrightError } from '../core/errors.js';
import type { PipelineTexts } from '../runtime/options.js';
import { parseDuration } from './duration.js';
import { parseYaml, type YamlMap } from './yaml.js';

/** What is null is found by the names and types of an output's columns. */
export interface AccuracyRules {
  /** Outputs whose rows are alerts; null: all that have a column for a type and one for a time. */
  readonly outputs: readonly string[] | null;
  readonly type: string | null;
  readonly symbol: string | null;
  readonly time: string | null;
  /** Milliseconds of event time after a label's end in which an alert still counts for it. */
  readonly toleranceMs: number;
  /** Alert types that find a label, by the label's type; a label type that is not named is found by alerts of its own type. */
  readonly types: Readonly<Record<string, readonly string[]>>;
}

export const defaultRules: AccuracyRules = { outputs: null, type: null, symbol: null, time: null, toleranceMs: 5_000, types: {} };

const keys = ['output', 'type', 'symbol', 'time', 'tolerance', 'types'];

/** Reads `accuracy: { output, type, symbol, time, tolerance, types: { LABEL: [ALERT, …] } }`. @throws with file, line and key. */
export function readAccuracy(map: YamlMap | null): AccuracyRules {
  if (map === null) return defaultRules;
  map.allow(keys);
  const tolerance = map.text('tolerance');
  const toleranceMs = tolerance === null ? defaultRules.toleranceMs : readTolerance(tolerance);
  if (toleranceMs === null) throw map.wrong('tolerance', 'a duration such as 5s');
  const types = map.map('types');
  return {
    outputs: map.texts('output'), type: map.text('type'), symbol: map.text('symbol'), time: map.text('time'), toleranceMs,
    types: Object.fromEntries((types?.names ?? []).map((label) => {
      const alerts = types!.texts(label) ?? [];
      if (alerts.length === 0) throw types!.wrong(label, 'a list of the alert types that find it');
      return [label, alerts];
    })),
  };
}

/** Also none at all, which is no duration elsewhere. */
const readTolerance = (text: string): number | null => (/^0(ms|s|m|h)?$/.test(text.trim()) ? 0 : parseDuration(text));

/** Of `--tolerance`. @throws USAGE. */
export function toleranceFrom(text: string): number {
  const millis = readTolerance(text);
  if (millis === null) throw new TapewrightError('USAGE', `--tolerance ${text}: must be a duration such as 5s, or 0`, { given: text });
  return millis;
}

/** The rules of a run's scenario file, as its bundle keeps it. @throws SCENARIO_INVALID. */
export function accuracyOf({ scenario }: PipelineTexts): AccuracyRules {
  return scenario === null ? defaultRules : readAccuracy(parseYaml(scenario.text, scenario.path, 'SCENARIO_INVALID').map('accuracy'));
}
