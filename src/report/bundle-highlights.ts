/** The highlights of a complete run, from its bundle. */
import { readFile } from 'node:fs/promises';
import { planTexts } from '../runtime/pipeline.js';
import { withBundle } from '../sinks/query.js';
import { Bundle } from '../stores/bundle.js';
import { changesText } from './changes.js';
import { highlightsOf, highlightsText } from './highlights.js';
import { standingTables, type Report } from './report.js';
import { reportFiles } from './write.js';

/** MiB. */
const memoryMax = 256;

/** Lines for a terminal, '' for none. Throws BUNDLE_INVALID and DATASET_CORRUPT. */
export async function bundleHighlights(directory: string, colours: boolean): Promise<string> {
  const bundle = await Bundle.open(directory);
  const { sinks } = planTexts(bundle.manifest.texts);
  const path = await bundle.innerFile(reportFiles.json);
  const { accuracy, changes }: Partial<Report> = path === null ? {} : (JSON.parse(await readFile(path, 'utf8')) as Report);
  const highlights = await withBundle(directory, memoryMax, (query) => highlightsOf(standingTables(sinks), query));
  return [highlightsText(highlights, accuracy ?? null, colours), ...(changes === undefined ? [] : [changesText(changes)])].filter((text) => text !== '').join('\n');
}
