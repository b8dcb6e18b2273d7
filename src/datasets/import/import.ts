/** Imports files of market data as a dataset that replays at once. */
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { TapewrightError } from '../../core/errors.js';
import { typeName } from '../../core/types.js';
import { fileDigest } from '../../stores/files.js';
import { loadDataset } from '../dataset.js';
import type { Tick } from './layout.js';
import { ImportOutput, importedSchema } from './output.js';
import { RowHash } from './row-hash.js';
import { planImport, type FilePlan, type PlanOptions } from './plan.js';
import { SizeScale, unfitReason } from './tick-reader.js';

export interface ImportOptions extends PlanOptions {
  readonly name: string;
  /** Folder of the dataset: new or empty. */
  readonly out: string;
  /** Sizes are multiplied by ten to this; null: they must be whole. */
  readonly sizeExponent: number | null;
  /** By event time, or as the files have them. */
  readonly order: 'time' | 'file';
  /** What the user states; null: unknown. */
  readonly licence: string | null;
  readonly origin: string | null;
  readonly signal?: AbortSignal;
  /** What will be done, before it is. */
  readonly onPlan?: (plans: readonly FilePlan[]) => void;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  readonly rows: number;
  /** Of the files on disk. */
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface ImportedFile {
  readonly path: string;
  readonly mapping: string;
  readonly says: readonly string[];
  readonly rows: number;
  readonly rejected: number;
}

export interface ImportResult {
  readonly dataset: string;
  /** The dataset's folder. */
  readonly path: string;
  readonly rows: number;
  readonly symbols: readonly string[];
  /** Event times of the first and the last row, ISO. */
  readonly span: { readonly from: string; readonly to: string };
  readonly fingerprint: string;
  /** Records that are no rows of market data, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows that stood after a later one. */
  readonly unsorted: number;
  readonly files: readonly ImportedFile[];
}

interface Tally {
  readonly leftOut: Map<string, number>;
  readonly rejected: Map<string, number>;
  readonly symbols: Set<string>;
  /** Files by what their rows are. */
  readonly hashes: Map<string, string>;
  /** The first size that is not whole at the scale, as a place for people. */
  unfit: { readonly file: string; readonly row: number; readonly text: string } | null;
}

/**
 * Reads the files and writes the dataset; nothing is left behind when that fails. Throws DATASET_MISSING,
 * DATASET_CORRUPT, DATASET_INVALID, USAGE and OUTPUT_UNWRITABLE.
 */
export async function importDataset(paths: readonly string[], options: ImportOptions): Promise<ImportResult> {
  const scale = new SizeScale(options.sizeExponent ?? 0);
  const plans = await planImport(paths, options, scale);
  const output = await ImportOutput.open(options.out);
  try {
    options.onPlan?.(plans);
    const tally: Tally = { leftOut: new Map(), rejected: new Map(), symbols: new Set(), hashes: new Map(), unfit: null };
    const files = await readAll(plans, output, tally, options);
    checkOutcome(output, tally, scale, options);
    const { rows, unsorted } = output;
    let fingerprint = '';
    await output.finish(options.order === 'time', async (data) => {
      fingerprint = await fileDigest(data);
      return yamlOf(plans, output, tally, fingerprint, options);
    });
    // What was written must load, or it was not written as meant.
    await loadDataset(join(output.target, 'dataset.yaml'));
    return {
      dataset: options.name, path: output.target, rows, symbols: [...tally.symbols].sort(), span: { from: iso(output.first), to: iso(output.last) }, fingerprint,
      leftOut: Object.fromEntries(tally.leftOut), rejected: Object.fromEntries(tally.rejected), unsorted, files,
    };
  } finally {
    await output.discard();
  }
}

async function readAll(plans: readonly FilePlan[], output: ImportOutput, tally: Tally, options: ImportOptions): Promise<ImportedFile[]> {
  const bytesTotal = plans.reduce((sum, { head }) => sum + head.size, 0);
  const files: ImportedFile[] = [];
  let bytesBefore = 0;
  for (const plan of plans) {
    const [rowsBefore, rejectedBefore] = [output.rows, output.rejected];
    await readFile(plan, output, tally, options, (bytes) => options.onProgress?.({ rows: output.rows, bytes: bytesBefore + bytes, bytesTotal }));
    bytesBefore += plan.head.size;
    files.push({ path: plan.head.path, mapping: plan.mapping.name, says: plan.says, rows: output.rows - rowsBefore, rejected: output.rejected - rejectedBefore });
  }
  return files;
}

async function readFile({ head, reader }: FilePlan, output: ImportOutput, tally: Tally, options: ImportOptions, onBytes: (bytes: number) => void): Promise<void> {
  const tick: Tick = { symbol: '', price: null, volume: 0, bid: null, ask: null, time: 0, exchange: null, type: 'TRADE' };
  const unfit = unfitReason(options.sizeExponent ?? 0);
  let row = 1;
  const hash = new RowHash();
  for await (const piece of head.records(reader.columns)) {
    options.signal?.throwIfAborted();
    for (let record = 0; record < piece.length; record += 1, row += 1) {
      const values = piece.values(record);
      if (values === null) continue;
      const refusal = typeof values === 'string' ? { kind: 'rejected', reason: values } as const : reader.read(values, tick);
      if (refusal === null) {
        // Once sizes turn out fractional without a scale, reading goes on only to find the scale that fits.
        if (tally.unfit !== null && options.sizeExponent === null) continue;
        output.append(tick);
        hash.add(tick);
        tally.symbols.add(tick.symbol);
      } else if (refusal.kind === 'leftOut') count(tally.leftOut, refusal.reason);
      else {
        count(tally.rejected, refusal.reason);
        output.reject({ file: head.path, row, reason: refusal.reason, text: piece.text(record) });
        if (refusal.reason === unfit) tally.unfit ??= { file: head.path, row, text: piece.text(record) };
      }
    }
    if (output.full) await output.drain();
    onBytes(piece.bytes);
  }
  const twin = tally.hashes.get(hash.text);
  if (twin !== undefined) throw new TapewrightError('DATASET_INVALID', `${twin} and ${head.path} hold the same rows; every row would be there twice: leave one out`, { file: head.path, twin });
  if (hash.text !== '') tally.hashes.set(hash.text, head.path);
}

const count = (counts: Map<string, number>, reason: string): void => void counts.set(reason, (counts.get(reason) ?? 0) + 1);

function checkOutcome({ rows, rejected }: ImportOutput, tally: Tally, scale: SizeScale, options: ImportOptions): void {
  const reasons = [...tally.rejected].sort((a, b) => b[1] - a[1]).map(([reason, times]) => `${times} × ${reason}`);
  if (tally.unfit !== null && options.sizeExponent === null) {
    const { file, row, text } = tally.unfit;
    const advice = scale.places <= 18
      ? `say by what sizes are to be multiplied: --size-scale 1e${scale.places} is the least power of ten that makes all of them whole`
      : 'no power of ten up to 1e18 makes all of them whole; with --size-scale those that are not whole become rejects';
    throw new TapewrightError('DATASET_INVALID', `${file}: sizes are fractional (row ${row}: ${text.slice(0, 200)}); ${advice}`, { file, row, sizeScale: scale.places });
  }
  if (rows === 0) {
    const why = reasons.length === 0 ? 'it has none' : reasons.slice(0, 3).join('; ');
    throw new TapewrightError('DATASET_INVALID', `no row could be used: ${why}`, { rejected: Object.fromEntries(tally.rejected), leftOut: Object.fromEntries(tally.leftOut) });
  }
  if (rejected > rows) {
    throw new TapewrightError('DATASET_INVALID', `more rows were rejected (${rejected}) than used (${rows}): ${reasons.slice(0, 3).join('; ')}; mend the file, or say what it is with --as`, { rejected: Object.fromEntries(tally.rejected) });
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const iso = (millis: number): string => new Date(millis).toISOString();

function yamlOf(plans: readonly FilePlan[], output: ImportOutput, tally: Tally, fingerprint: string, options: ImportOptions): string {
  const titles = [...new Set(plans.map(({ mapping }) => mapping.title))];
  const symbols = [...tally.symbols].sort();
  const description = [
    `${capital(titles.join('; '))}, of ${symbols.slice(0, 20).join(', ')}${symbols.length > 20 ? ` and ${symbols.length - 20} more` : ''}.`,
    options.sizeExponent === null || options.sizeExponent === 0 ? 'Sizes are as in the files.' : `Sizes are multiplied by 1e${options.sizeExponent}.`,
    options.order === 'time' ? 'Rows lie in the order of event time, those of one instant as the files had them.' : 'Rows lie as the files had them.',
    ...new Set(plans.flatMap(({ says }) => says)),
    ...[...tally.leftOut].map(([reason, times]) => `Left out: ${times} ${reason}.`),
    ...(output.rejected > 0 ? [`Rejected: ${output.rejected}, with their reasons in rejects.jsonl.`] : []),
  ].join(' ');
  const sources = plans.flatMap(({ sources, mapping }) => sources.map(({ path, sha256 }) => `${basename(path)} (${mapping.name}, SHA-256 ${sha256})`));
  const origin = `${options.origin === null ? '' : `${options.origin.trim().replace(/([^.!?])$/, '$1.')} `}Imported from ${sources.join(', ')}.`;
  return stringify({
    name: options.name, description, origin, licence: options.licence ?? 'unknown', files: 'data.parquet',
    schema: Object.fromEntries(importedSchema.map(({ name, type }) => [name, typeName(type)])),
    // The end lies behind the last row.
    span: { from: iso(output.first), to: iso(output.last + 1) }, rows: output.rows, fingerprint,
  }, { lineWidth: 118 });
}
