/**
 * Proves a run: runs it again from its bundle and compares every step, output and file, or compares two runs.
 * A bundle may be a stranger's: no code of it is run, and nothing is opened but it and the data bound to its tables.
 */
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { isDataset } from '../datasets/dataset.js';
import { lanesMax } from '../scenario/scenario.js';
import { Bundle, type ChangedFile } from '../stores/bundle.js';
import type { Manifest } from '../stores/manifest.js';
import { interruptedExit, stopOnInterrupt } from './interrupt.js';
import { anotherModule, requireModules } from './functions.js';
import { runJournalledAgain } from './journalled-run.js';
import { atHand } from './kept-input.js';
import type { Difference, OutputResult, VerifyResult } from './options.js';
import { runReplay } from './replay.js';
import { causeOfStep, changedConfiguration, changedData, changedFilesOf, changedMapping, stepText, type ChangedData } from './verify-cause.js';
import { firstDifferingStep, type StepDifference } from './verify-journal.js';
import { locateRow, outputFile, type LocatedRow } from './verify-locate.js';
import { firstDifferingRow } from './verify-outputs.js';
import { versions } from './versions.js';

/** Of the bundle, as the manifest's `files` names them. */
const journalName = 'journal';
const refusedFiles = [['late', 'late.parquet'], ['dead_letters', 'dead-letters.parquet']] as const;
/** So many that no checkpoint is due: a re-run is never taken up again. */
const neverMillis = Number.MAX_SAFE_INTEGER;
const batchRowsMax = 1_048_576;

/** Where a difference is; the cause and the sentence come later. */
type Place = Omit<Difference, 'cause' | 'message'>;
const nowhere: Place = { file: null, lane: null, step: null, output: null, row: null, field: null, expected: null, actual: null };

/**
 * Runs a complete run again, before its outputs are read, and compares. A temporary directory holds the re-run.
 * @throws BUNDLE_INVALID for what is no bundle or a run that has not ended, DATASET_MISSING, OUTPUT_UNWRITABLE, USAGE where
 * functions of the user's were called whose module was not loaded.
 */
export async function verifyRun(directory: string): Promise<VerifyResult> {
  const bundle = await openEnded(directory);
  refuseImpossible(directory, bundle.manifest);
  await refuseMissingDatasets(bundle.manifest);
  const { texts } = bundle.manifest;
  const other = anotherModule(texts);
  if (other !== null) return { equal: false, runs: [directory, 're-run'], outputs: resultsOf(bundle.manifest), difference: { ...nowhere, ...other }, remarks: versionRemarks(bundle.manifest) };
  requireModules(texts);
  return inTemporary(async (temporary) => {
    const again = await runAgain(bundle, join(temporary, 'run'));
    const difference = again instanceof Bundle ? await compare(bundle, again, temporary) : again;
    return {
      equal: difference === null, runs: [directory, 're-run'], outputs: resultsOf((again instanceof Bundle ? again : bundle).manifest), difference,
      remarks: versionRemarks(bundle.manifest),
    };
  });
}

/**
 * Compares the outputs, late rows and dead letters of two complete runs; how they were cut, when and how fast they ran
 * does not count. @throws BUNDLE_INVALID.
 */
export async function verifyTwo(expected: string, actual: string): Promise<VerifyResult> {
  const bundles = [await openEnded(expected), await openEnded(actual)] as const;
  return inTemporary(async (temporary) => {
    const { difference, remarks } = await compareTwo(bundles[0], bundles[1], temporary);
    return { equal: difference === null, runs: [expected, actual], outputs: resultsOf(bundles[1].manifest), difference, remarks };
  });
}

/** `act` in a directory that is gone afterwards, whether it ended, failed or was interrupted. */
async function inTemporary(act: (directory: string) => Promise<VerifyResult>): Promise<VerifyResult> {
  const temporary = await mkdtemp(join(tmpdir(), 'tapewright-verify-'));
  const interrupt = stopOnInterrupt(() => {
    rmSync(temporary, { recursive: true, force: true });
    process.exit(interruptedExit);
  });
  try {
    return printable(await act(temporary));
  } finally {
    interrupt.end();
    await rm(temporary, { recursive: true, force: true });
  }
}

const textMax = 2_000;

/** Texts of a stranger's bundle may hold what a terminal obeys: here they are only shown. */
function printable<T>(value: T): T {
  if (typeof value === 'string') {
    const text = value.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return (text.length > textMax ? `${text.slice(0, textMax)}…` : text) as T;
  }
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, printable(member)])) as T;
}

async function openEnded(directory: string): Promise<Bundle> {
  const bundle = await Bundle.open(directory);
  const { status } = bundle.manifest;
  if (status !== 'complete' && bundle.sealed) {
    throw new TapewrightError('BUNDLE_INVALID', `${directory} holds a run that is ${status}, not complete; end it first: tapewright replay --resume ${directory}`, { directory, status });
  }
  return bundle;
}

/** No run has such parameters; a forged manifest could ask for all memory. */
function refuseImpossible(directory: string, { parameters: { lanes, batchRows, stepEvery } }: Manifest): void {
  if (lanes >= 1 && lanes <= lanesMax && batchRows >= 1 && stepEvery >= 1) return;
  throw new TapewrightError('BUNDLE_INVALID', `${join(directory, 'manifest.json')} has parameters that no run can have (lanes ${lanes}, batchRows ${batchRows}, stepEvery ${stepEvery}); use an intact copy of the bundle`, { directory });
}

async function refuseMissingDatasets({ datasets, parameters }: Manifest): Promise<void> {
  for (const [table, { dataset }] of Object.entries(datasets)) {
    const bound = parameters.bindings[table];
    if (dataset === null || isDataset(dataset.split('?')[0]!)) continue;
    if (bound !== undefined && existsSync(resolve(bound.base, bound.given))) continue;
    throw new TapewrightError('DATASET_MISSING', `${table} was bound to the dataset ${dataset}, which is not here; put its folder under datasets/`, { table, dataset });
  }
}

const resultsOf = ({ outputs }: Manifest): Record<string, OutputResult> =>
  Object.fromEntries(Object.entries(outputs).map(([table, { rows, digest, setDigest }]) => [table, { rows, digest, setDigest }]));

function versionRemarks({ versions: then }: Manifest): string[] {
  const now = versions();
  if (then.code === now.code) return [];
  return [`The run was made by other code (tapewright ${then.tapewright}, Node ${then.node}); this is tapewright ${now.tapewright}, Node ${now.node}.`];
}

/** The re-run's bundle, or the difference that made it impossible. */
async function runAgain(bundle: Bundle, out: string): Promise<Bundle | Difference> {
  const { manifest, sealed, directory } = bundle;
  const { texts, parameters } = manifest;
  const asked = { ...parameters, speed: null, checkpointEvery: neverMillis, batchRows: Math.min(parameters.batchRows, batchRowsMax) };
  try {
    if (manifest.live !== undefined) await runJournalledAgain(bundle, out);
    else await runReplay({ run: { kind: 'new', texts, parameters: asked, out }, stopAfterRows: null, report: false });
    return await Bundle.open(out);
  } catch (error) {
    if (!(error instanceof TapewrightError) || error.code === 'OUTPUT_UNWRITABLE') throw error;
    if (!sealed) return { ...nowhere, ...editedManifest(directory), message: `${editedManifest(directory).message}; what it asks now cannot be run: ${error.message}` };
    if (error.code === 'DATASET_MISSING') throw error;
    const changed = await changedFilesOf(atHand(manifest, directory));
    if (changed === null) throw error;
    return { ...nowhere, ...ofChangedData(changed), message: `${ofChangedData(changed).message}; they cannot be run any more: ${error.message}` };
  }
}

const editedManifest = (directory: string) =>
  ({ cause: 'configuration' as const, file: 'manifest.json', message: `manifest.json of ${directory} was changed after the run` });

const ofChangedData = ({ table, path, expected, actual }: ChangedData) =>
  ({ cause: 'data' as const, file: path, message: `the data bound to ${table} are not those of the run (SHA-256 ${actual.slice(0, 16)}…, then ${expected.slice(0, 16)}…)` });

/** Everything that can differ, in the order in which one explains the other; null: equal. */
async function compare(bundle: Bundle, again: Bundle, temporary: string): Promise<Difference | null> {
  const inputs = Object.keys(again.manifest.datasets);
  const changed = await bundle.changedFiles();
  const journal = await journalDifference(bundle, again);
  const step = typeof journal === 'string' ? null : journal;
  const row = await locateRow(bundle, again, step, temporary);
  const place = { ...nowhere, ...placeOf(step, row, inputs) };
  const clause = step === null ? '' : `; from step ${step.seq} on ${stepText(step, inputs).clause}`;
  if (!bundle.sealed) {
    const edited = editedManifest(bundle.directory);
    return { ...place, ...edited, message: `${edited.message}${clause === '' ? ', though what it asks gives the same results' : clause}` };
  }
  const data = changedData(bundle.manifest, again.manifest);
  if (data !== null) {
    const found = ofChangedData(data);
    return { ...place, ...found, message: `${found.message}${clause === '' ? '; the rows that the run read are the same' : clause}` };
  }
  const mapping = changedMapping(bundle.manifest, again.manifest);
  if (mapping !== null) return { ...place, cause: 'configuration', message: `${mapping}${clause}` };
  if (typeof journal === 'string') return { ...nowhere, cause: 'data', file: journalName, message: journal };
  if (step !== null) return ofStep(step, row, place, bundle, changed.some(({ path }) => path === journalName), inputs);
  if (row !== null) return { ...place, cause: row.slight ? 'numeric' : 'code', message: `${row.output} differs, though its steps do not` };
  return changed.length === 0 ? null : ofChangedFile(bundle, again, changed, temporary);
}

/** The first differing step, or what is wrong with the bundle's journal. */
async function journalDifference(bundle: Bundle, again: Bundle): Promise<StepDifference | string | null> {
  const path = await bundle.innerFile(journalName);
  if (path === null) return 'the journal is missing from the bundle';
  try {
    return await firstDifferingStep(path, again.path(journalName));
  } catch (error) {
    if (error instanceof TapewrightError && error.code === 'BUNDLE_INVALID') return error.message;
    throw error;
  }
}

function placeOf(step: StepDifference | null, row: LocatedRow | null, inputs: readonly string[]): Omit<Place, 'file'> {
  const texts = step === null ? null : stepText(step, inputs);
  const { output = null, field = null } = row ?? {};
  return {
    lane: step?.lane ?? row?.lane ?? null, step: step?.seq ?? null, output, row: row?.row ?? null, field,
    expected: row?.expected ?? texts?.expected ?? null, actual: row?.actual ?? texts?.actual ?? null,
  };
}

function ofStep(step: StepDifference, row: LocatedRow | null, place: Place, bundle: Bundle, journalChanged: boolean, inputs: readonly string[]): Difference {
  const sameCode = bundle.manifest.versions.code === versions().code;
  const cause = causeOfStep(step, sameCode, row?.slight ?? false);
  const { clause } = stepText(step, inputs);
  const why = journalChanged ? '; the journal was changed after the run' : cause === 'code' && !sameCode ? '; the run was made by other code' : '';
  const small = cause === 'numeric' ? ', by no more than 1e-9 of their size' : '';
  return { ...place, cause, file: journalChanged ? journalName : null, message: `in step ${step.seq} of lane ${step.lane} ${clause}${small}${why}` };
}

const faultText = ({ fault }: ChangedFile): string => (fault === 'missing' ? 'is missing' : `was ${fault} after the run`);

/** A file of the bundle that is not as the run left it; outputs before all else, with the row where it can be read. */
async function ofChangedFile(bundle: Bundle, again: Bundle, changed: readonly ChangedFile[], temporary: string): Promise<Difference> {
  const isTable = ({ path }: { path: string }): boolean => path.endsWith('.parquet');
  const first = changed.find(({ path }) => path.startsWith('outputs/')) ?? changed.find(isTable) ?? changed[0]!;
  const others = changed.length === 1 ? '' : `; not as the run left them, either: ${changed.filter((one) => one !== first).map(({ path }) => path).join(', ')}`;
  const message = `${first.path} ${faultText(first)}${others}`;
  const plain: Difference = { ...nowhere, cause: 'data', file: first.path, message };
  const [mine, theirs] = [await bundle.innerFile(first.path), await again.innerFile(first.path)];
  if (!isTable(first) || mine === null || theirs === null) return plain;
  // Here the re-run says what is right, and the file of the bundle is what is held against it.
  const found = await firstDifferingRow(theirs, mine, { spill: temporary });
  const output = refusedFiles.find(([, file]) => file === first.path)?.[0] ?? first.path.replace(/^outputs\/|\.parquet$/g, '');
  if (found === null) return { ...plain, output, message: `${message}; its rows are the same` };
  if (found.unreadable !== null) return { ...plain, output, message: `${message} and cannot be read: ${found.unreadable.reason}` };
  return { ...plain, output, row: found.row, field: found.field, expected: found.expected, actual: found.actual };
}

async function compareTwo(a: Bundle, b: Bundle, temporary: string): Promise<{ difference: Difference | null; remarks: string[] }> {
  const edited = [a, b].find(({ sealed }) => !sealed);
  if (edited !== undefined) return { difference: { ...nowhere, ...editedManifest(edited.directory) }, remarks: [] };
  for (const bundle of [a, b]) {
    const changed = (await bundle.changedFiles()).find(({ path }) => path.endsWith('.parquet'));
    if (changed === undefined) continue;
    const message = `${changed.path} of ${bundle.directory} ${faultText(changed)}; verify that bundle by itself to see where`;
    return { difference: { ...nowhere, cause: 'data', file: changed.path, message }, remarks: [] };
  }
  const [one, other] = [a.manifest, b.manifest];
  const asSets = one.parameters.lanes !== other.parameters.lanes;
  const remarks = asSets ? [`The runs have ${one.parameters.lanes} and ${other.parameters.lanes} lanes: their outputs are compared as sets, late rows and dead letters are not.`] : [];
  const configuration = changedConfiguration(one, other);
  const row = (await locateRow(a, b, null, temporary, asSets)) ?? (asSets ? null : await refusedRow(a, b, temporary));
  if (row === null) {
    if (configuration !== null && !asSets) remarks.push(`The runs were not asked the same: ${configuration}.`);
    return { difference: null, remarks };
  }
  const data = changedData(one, other);
  const sameCuts = !asSets && one.parameters.stepEvery === other.parameters.stepEvery;
  const journal = sameCuts ? await journalDifference(a, b) : null;
  const place = { ...nowhere, ...placeOf(journal === null || typeof journal === 'string' ? null : journal, row, Object.keys(one.datasets)) };
  const where = row.row === null ? row.output : `${row.output}, row ${row.row}${row.field === null ? '' : `, ${row.field}`}`;
  const codeDiffers = one.versions.code === other.versions.code ? '' : ': the runs were made by different code';
  const difference: Difference = configuration !== null ? { ...place, cause: 'configuration', message: `${where} differs: ${configuration}` }
    : data !== null ? { ...place, cause: 'data', file: data.path, message: `${where} differs: the data bound to ${data.table} differ` }
    : row.slight ? { ...place, cause: 'numeric', message: `${where} differs, and nothing but doubles, by no more than 1e-9 of their size` }
    : { ...place, cause: 'code', message: `${where} differs${codeDiffers}` };
  return { difference, remarks };
}

/** Late rows and dead letters as tables: `step` depends on how the run was cut. */
async function refusedRow(a: Bundle, b: Bundle, temporary: string): Promise<LocatedRow | null> {
  for (const [output, file] of refusedFiles) {
    if (a.manifest.files[file] === b.manifest.files[file]) continue;
    const [one, other] = [await outputFile(a, file), await outputFile(b, file)];
    const found = await firstDifferingRow(one, other, { except: ['step'], sorted: true, spill: temporary });
    if (found !== null) return { ...found, output, lane: null };
  }
  return null;
}
