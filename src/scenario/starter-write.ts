/** Makes a new scenario beside a user's file: looks at the file, tries the texts on its first rows, and only then writes. */
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import type { PipelineTexts } from '../runtime/options.js';
import { planTexts } from '../runtime/pipeline.js';
import { quoteName } from '../sources/quote.js';
import { openSource } from '../sources/open.js';
import type { Binding } from '../sources/source.js';
import { makeDirectory, unwritable, writeAside } from '../stores/files.js';
import { findColumns, type StarterColumns, type StarterRole } from './starter-columns.js';
import { starterHead, type StarterHead } from './starter-head.js';
import { starterMap, starterTable, starterTexts, type StarterTexts } from './starter.js';

export interface StarterRequest {
  readonly name: string;
  /** The user's file, or a dataset's name, perhaps with parameters. */
  readonly from: string;
  /** The folder to write, which must be new or empty; null: one of the scenario's name beside the file, or under `scenarios`. */
  readonly out: string | null;
  /** Columns of the file that the user names. */
  readonly columns: Readonly<Partial<Record<StarterRole, string>>>;
  /** Things to say meanwhile: a dataset is being made. */
  readonly onRemark?: (remark: string) => void;
}

export interface MadeStarter {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly string[];
  /** By role, the file's column. */
  readonly columns: Readonly<Record<string, string>>;
  /** Things to say, sentences. */
  readonly remarks: readonly string[];
}

const triedRows = 4_096;

/** Throws USAGE, DATASET_MISSING, DATASET_INVALID, DATASET_CORRUPT, OUTPUT_UNWRITABLE. Nothing is written then. */
export async function makeStarter({ name, from, out, columns: asked, onRemark = () => undefined }: StarterRequest): Promise<MadeStarter> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) throw new TapewrightError('USAGE', `'${name}' is no name for a scenario: use letters, digits, '-', '_' and '.', 64 at the most`, { name });
  if (out !== null) await refuseUsed(out);
  const head = await starterHead(from, onRemark);
  const folder = out ?? (head.isDataset ? join('scenarios', name) : join(dirname(from), name));
  await refuseUsed(folder);
  const columns = selected(findColumns(head.columns, asked), head.binding);
  const texts = starterTexts({ name, columns, file: head.label, bound: head.bound(folder) });
  const remarks = await tried(head, columns, texts);
  await makeFolder(folder);
  const files = Object.keys(texts).map((each) => join(folder, each));
  for (const [each, text] of Object.entries(texts)) await writeAside(join(folder, each), text);
  const found = Object.entries(columns).flatMap(([role, column]) => (typeof column === 'object' && 'from' in column ? [[role, column.from] as const] : []));
  return { name, folder, files, columns: Object.fromEntries(found), remarks };
}

/** A dataset's own expressions stand for its columns: a mapping is over what lies in its files. */
function selected(columns: StarterColumns, { select }: Binding): StarterColumns {
  const entries = Object.entries(columns).map(([role, column]) => {
    if (typeof column !== 'object' || !('from' in column) || column.expression === null || select[column.from] === undefined) return [role, column];
    return [role, { ...column, expression: column.expression.replaceAll(quoteName(column.from), () => `(${select[column.from]!})`) }];
  });
  return Object.fromEntries(entries) as StarterColumns;
}

async function refuseUsed(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new TapewrightError('USAGE', `${folder} ${error.code === 'ENOTDIR' ? 'is a file' : `cannot be read (${error.code})`}: choose another name, or another folder with --out`, { folder }, { cause: error });
  });
  if (entries.length > 0) throw new TapewrightError('USAGE', `${folder} is not empty (it holds ${entries.sort()[0]}), and nothing is overwritten: choose another name, or another folder with --out`, { folder });
}

async function makeFolder(folder: string): Promise<void> {
  await makeDirectory(dirname(folder));
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw unwritable(folder, error);
    // It may have been filled since it was looked at.
    await refuseUsed(folder);
  });
}

/** Plans the texts and reads the first rows as a run would, so that what is written runs at once. */
async function tried({ binding, columns: { path } }: StarterHead, columns: StarterColumns, texts: StarterTexts): Promise<string[]> {
  const sql = [{ path: 'tables.sql', text: texts['tables.sql'] }, { path: 'outputs.sql', text: texts['outputs.sql'] }];
  const pipeline: PipelineTexts = { name: 'starter', scenario: null, sql, expect: { outputs: [], lateMax: null, rejectedMax: null } };
  const table = planTexts(pipeline).sources[0]!;
  const read = table.physical.map((column) => ({ ...column, eventTime: column.name === columns.time.name }));
  const source = await openSource({ ...binding, select: { ...binding.select, ...starterMap(columns) } }, read, { table: starterTable, batchRows: triedRows, inline: true });
  try {
    const first = await source.next();
    const good = first?.batch.length ?? 0;
    const bad = first?.rejected ?? [];
    if (good === 0) {
      const why = bad.length === 0 ? 'it has no rows' : `its first row cannot be read: ${bad[0]!.column ?? 'the row'} is ${bad[0]!.error}`;
      throw new TapewrightError('DATASET_INVALID', `${path}: ${why}`, { path });
    }
    const unsorted = disorder(first!.batch.columns[read.findIndex(({ eventTime }) => eventTime)]!.values as ArrayLike<number>, good);
    return [
      ...source.remarks,
      ...(bad.length === 0 ? [] : [`${bad.length} of the first ${good + bad.length} rows cannot be read (${bad[0]!.column ?? 'the first'}: ${bad[0]!.error}); a run counts them, and keeps them in dead-letters.parquet.`]),
      ...(unsorted > good / 2 ? ['The newest rows stand first, so that almost all others will be late; tapewright datasets import puts them in order.'] : []),
    ];
  } finally {
    await source.close();
  }
}

/** Rows more than five seconds, the starter's watermark, behind the newest before them. */
function disorder(times: ArrayLike<number>, rows: number): number {
  let newest = -Infinity;
  let behind = 0;
  for (let row = 0; row < rows; row += 1) {
    if (times[row]! > newest) newest = times[row]!;
    else if (times[row]! <= newest - 5_000) behind += 1;
  }
  return behind;
}
