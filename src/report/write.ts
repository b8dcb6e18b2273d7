/** `report.json` and `report.html` of a run: made at its end, and again from its bundle, to the same bytes. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { atHand } from '../runtime/kept-input.js';
import { planTexts } from '../runtime/pipeline.js';
import { withBundle } from '../sinks/query.js';
import { Bundle } from '../stores/bundle.js';
import { makeDirectory, writeAside } from '../stores/files.js';
import type { Manifest } from '../stores/manifest.js';
import { captureRecords } from './changes.js';
import { jsonText } from './json-text.js';
import { machineOf } from './machine.js';
import { markdownText } from './markdown.js';
import { makePageData } from './page-data.js';
import { pageText } from './page.js';
import { makeReport, timeText, type Report } from './report.js';
import { journalSpan } from './span.js';

export const reportFiles = { json: 'report.json', html: 'report.html' } as const;

/** MiB that questions about the outputs may take: the run's own memory is still there. */
const memoryMax = 256;

interface Made {
  readonly report: Report;
  /** By file name. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Writes the report of a run that ends with `manifest`, before the bundle is complete, so that its digests are recorded. */
export async function writeReport(bundle: Bundle, manifest: Manifest): Promise<void> {
  const { texts } = await make(bundle, manifest, []);
  for (const [name, text] of Object.entries(texts)) await writeAside(bundle.path(name), text);
}

/**
 * Writes the report of a complete run again, into its bundle or into `out`. The manifest takes the new digests only if
 * nothing else of the bundle was changed; equal bytes are not written at all.
 * @throws BUNDLE_INVALID, BUNDLE_LOCKED, OUTPUT_UNWRITABLE.
 */
export async function rewriteReport(directory: string, out: string | null): Promise<{ readonly report: Report; readonly path: string }> {
  const { bundle, made: { report, texts }, changed } = await makeAgain(directory);
  if (out !== null) {
    await makeDirectory(out);
    for (const [name, text] of Object.entries(texts)) await writeAside(join(out, name), text);
  } else if (!(await areWritten(bundle, texts))) {
    await replace(directory, texts, changed.length === 0);
  }
  return { report, path: join(out ?? directory, reportFiles.html) };
}

export type ReportFormat = 'html' | 'json' | 'markdown';

/** The report of a complete run as one text; the bundle stays as it is. @throws BUNDLE_INVALID. */
export async function reportText(directory: string, format: ReportFormat): Promise<{ readonly report: Report; readonly text: string }> {
  const { made: { report, texts } } = await makeAgain(directory);
  return { report, text: format === 'markdown' ? markdownText(report) : texts[reportFiles[format]]! };
}

async function makeAgain(directory: string): Promise<{ readonly bundle: Bundle; readonly made: Made; readonly changed: readonly string[] }> {
  const bundle = await Bundle.open(directory);
  const { status } = bundle.manifest;
  if (status !== 'complete') {
    throw new TapewrightError('BUNDLE_INVALID', `${directory} holds a run that is ${status}, not complete; end it first: tapewright replay --resume ${directory}`, { directory, status });
  }
  const changed = (await bundle.changedFiles()).map(({ path }) => path).filter((path) => !isReport(path));
  return { bundle, made: await make(bundle, bundle.manifest, [...(bundle.sealed ? [] : ['manifest.json']), ...changed]), changed };
}

const isReport = (path: string): boolean => path === reportFiles.json || path === reportFiles.html;

async function make(bundle: Bundle, given: Manifest, changed: readonly string[]): Promise<Made> {
  const manifest = atHand(given, bundle.directory);
  const pipeline = planTexts(manifest.texts);
  const journal = await bundle.innerFile('journal');
  // The clock of a live run is no event time.
  const span = manifest.live !== undefined ? manifest.live.span : journal === null ? null : await journalSpan(journal, Math.max(1, manifest.parameters.stepEvery));
  const eventTime = span === null ? null : { from: timeText(manifest.parameters.from ?? span.from)!, to: timeText(span.to)! };
  const machine = await machineOf(await bundle.innerFile('metrics.json'));
  const captures = await captureRecords(await bundle.innerFile('cdc.json'));
  return withBundle(bundle.directory, memoryMax, async (query) => {
    const report = await makeReport(manifest, pipeline, eventTime, captures, query);
    const data = await makePageData(manifest, pipeline, report, { machine, changed }, query);
    return { report, texts: { [reportFiles.json]: `${jsonText(report)}\n`, [reportFiles.html]: await pageText(data) } };
  });
}

async function areWritten(bundle: Bundle, texts: Made['texts']): Promise<boolean> {
  for (const [name, text] of Object.entries(texts)) {
    const path = await bundle.innerFile(name);
    if (path === null || (await readFile(path, 'utf8')) !== text) return false;
  }
  return true;
}

/** Under the bundle's lock. A manifest that was edited stays as it is: a new seal would hide that. */
async function replace(directory: string, texts: Made['texts'], intact: boolean): Promise<void> {
  const bundle = await Bundle.resume(directory);
  try {
    for (const [name, text] of Object.entries(texts)) await writeAside(bundle.path(name), text);
    if (!bundle.sealed || !intact) return;
    const digests = Object.entries(texts).map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')]);
    await bundle.save({ files: { ...bundle.manifest.files, ...Object.fromEntries(digests) } });
  } finally {
    bundle.close();
  }
}
