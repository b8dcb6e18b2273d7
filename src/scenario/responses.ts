/** What a scenario does about anomalies: the key `responses` of a scenario file. */
import type { ResponsePolicy, ResponseRule } from '../plan/responses.js';
import type { PipelineTexts } from '../runtime/options.js';
import { parseDuration } from './duration.js';
import { parseYaml, type YamlMap } from './yaml.js';

/**
 * Reads `responses: { output, TYPE: { halt, resume: { after, quiet }, review, notify, severity } }`; null without them.
 * @throws with file, line and key.
 */
export function readResponses(map: YamlMap | null): ResponsePolicy | null {
  if (map === null) return null;
  const types = map.names.filter((name) => name !== 'output');
  if (types.length === 0) throw map.wrong(null, "'responses' must say what anomalies of a type lead to, such as PRICE_SPIKE: { halt: PT5M }");
  return { output: map.text('output'), rules: types.map((type) => readRule(map, type)), where: map.place(null) };
}

function readRule(responses: YamlMap, anomaly: string): ResponseRule {
  const map = responses.map(anomaly)?.allow(['halt', 'resume', 'review', 'notify', 'severity']) ?? null;
  const lengths = map === null ? null : readHalt(map);
  const rule = { review: map?.texts('review') ?? [], notify: map?.texts('notify') ?? [] };
  if (map === null || (lengths === null && rule.review.length === 0 && rule.notify.length === 0)) {
    throw responses.wrong(anomaly, 'a mapping with halt (a duration), review or notify (channels), such as { halt: PT5M, notify: [desk] }');
  }
  return { anomaly, halt: lengths, ...rule, severity: map.text('severity'), where: responses.place(anomaly) };
}

function readHalt(map: YamlMap): ResponseRule['halt'] {
  const resume = map.map('resume')?.allow(['after', 'quiet']) ?? null;
  const halt = readLength(map, 'halt');
  if (halt === null) {
    if (resume !== null) throw map.wrong('resume', 'beside a halt: without one there is nothing to resume');
    return null;
  }
  return { halt, after: (resume === null ? null : readLength(resume, 'after')) ?? halt, quiet: (resume === null ? null : readLength(resume, 'quiet')) ?? 0 };
}

function readLength(map: YamlMap, key: string): number | null {
  const text = map.text(key);
  const millis = text === null ? null : parseDuration(text);
  if (text !== null && millis === null) throw map.wrong(key, 'a duration such as PT5M or 90s');
  return millis;
}

/** The policy of a run's scenario file, as its bundle keeps it. @throws SCENARIO_INVALID. */
export function responsesOf({ scenario }: PipelineTexts): ResponsePolicy | null {
  return scenario === null ? null : readResponses(parseYaml(scenario.text, scenario.path, 'SCENARIO_INVALID').map('responses'));
}
