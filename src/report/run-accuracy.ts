/** The accuracy of complete runs, from their bundles alone. */
import { TapewrightError } from '../core/errors.js';
import { planTexts } from '../runtime/pipeline.js';
import { accuracyOf } from '../scenario/accuracy.js';
import { withBundle } from '../sinks/query.js';
import { Bundle } from '../stores/bundle.js';
import { judgeAlerts, type Accuracy } from './accuracy.js';
import { standingTables } from './report.js';

export interface RunAccuracy extends Accuracy {
  readonly directory: string;
  readonly run: string;
  readonly scenario: string;
  /** SHA-256 of the labels, lower-case hex, by table. */
  readonly labels: Readonly<Record<string, string>>;
}

/** MiB. */
const memoryMax = 1024;

/** `toleranceMs` in place of the scenario's. Throws BUNDLE_INVALID, DATASET_MISSING where the run's data have no labels. */
export async function runAccuracy(directory: string, toleranceMs: number | null): Promise<RunAccuracy> {
  const { manifest } = await Bundle.open(directory);
  const { id, status, texts, parameters, datasets } = manifest;
  if (status !== 'complete') {
    throw new TapewrightError('BUNDLE_INVALID', `${directory} holds a run that is ${status}, not complete; end it first: tapewright replay --resume ${directory}`, { directory, status });
  }
  const labels = Object.fromEntries(Object.entries(datasets).flatMap(([table, record]) => (record.labels?.digest ? [[table, record.labels.digest]] : [])));
  if (Object.keys(labels).length === 0) {
    throw new TapewrightError('DATASET_MISSING', `the data of ${directory} have no labels, so its alerts cannot be judged; replay a dataset with labels (see: tapewright datasets list)`, { directory });
  }
  const rules = accuracyOf(texts);
  const { sinks } = planTexts(texts);
  const asked = toleranceMs === null ? rules : { ...rules, toleranceMs };
  const accuracy = await withBundle(directory, memoryMax, (query) => judgeAlerts(standingTables(sinks), asked, parameters, query));
  return { directory, run: id, scenario: texts.name, labels, ...accuracy };
}
