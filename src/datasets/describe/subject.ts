/** What is described: a dataset or a file, its columns, and which of them is what. */
import { stat } from 'node:fs/promises';
import { TapewrightError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import { sqlType, type SqlType } from '../../core/types.js';
import { findColumns, type StarterColumns, type StarterRole } from '../../scenario/starter-columns.js';
import { typeOfFile } from '../../sources/file-type.js';
import { bindingOf, filesOf } from '../../sources/files.js';
import type { Binding, SourceColumn } from '../../sources/source.js';
import { isDataset, loadDataset, type Dataset } from '../dataset.js';
import { parseReference, referenceName } from '../reference.js';
import { resolveDataset, type ResolveOptions } from '../resolve.js';
import { parseType } from '../type-text.js';
import { lookAt, lookAtSchema, type Look } from './look.js';
import type { Roles } from './profiler.js';

export interface Subject {
  /** As the user named it. */
  readonly name: string;
  /** Null: a file that is no dataset. */
  readonly dataset: Dataset | null;
  readonly binding: Binding;
  readonly files: readonly string[];
  /** Of the files, on disk. */
  readonly bytes: number;
  readonly columns: readonly SourceColumn[];
  readonly roles: Roles;
  /** How roles were found, for people: `time: column timestamp, epoch milliseconds`. */
  readonly found: Readonly<Record<string, string>>;
  /** Of `found`, DuckDB expressions that a replay needs in --map, by column. */
  readonly expressions: Readonly<Record<string, string>>;
  /** Columns of types that are not read. */
  readonly unread: readonly string[];
}

export interface Asked extends Readonly<Partial<Record<StarterRole, string>>> {
  /** DuckDB expressions over the file's columns, by role or column: `--map time=…`. */
  readonly map?: Readonly<Record<string, string>>;
}

/** Makes a generated dataset if need be. Throws DATASET_MISSING, DATASET_CORRUPT, DATASET_INVALID or USAGE. */
export async function findSubject(name: string, asked: Asked, options: ResolveOptions = {}): Promise<Subject> {
  const reference = referenceName(name) !== null && isDataset(referenceName(name)!) ? parseReference(name) : null;
  const isFolder = /\.ya?ml$/.test(name) || (reference === null && isDataset(name));
  if (reference === null && !isFolder) return fileSubject(name, asked);
  const dataset = await loadDataset(reference?.name ?? name);
  const { binding } = await resolveDataset(dataset, { ...options, ...reference?.parameters });
  const look = await lookAtSchema(name, binding, dataset.schema);
  const found = findRoles(look, asked);
  const { from, expression } = found.time;
  // A time that the schema has as a number is read as the time that it stands for.
  const isTime = (type: SqlType): boolean => type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
  const columns = dataset.schema.map((field): SourceColumn => (field.name !== from ? { ...field, eventTime: false } : { name: from, type: isTime(field.type) ? field.type : parseType('TIMESTAMP(3)')!, eventTime: true }));
  const isMapped = expression !== null && !isPlain(expression, from) && binding.select[from] === undefined;
  return subjectOf({ name, dataset, binding: isMapped ? { ...binding, select: { ...binding.select, [from]: expression } } : binding, look, found, columns, unread: [] }, asked);
}

async function fileSubject(path: string, asked: Asked): Promise<Subject> {
  const binding = await existing(path);
  const look = await lookAt(binding);
  const found = findRoles(look, asked);
  const roles = new Map(Object.values(found).flatMap((column) => (typeof column === 'object' && 'from' in column ? [[column.from, column] as const] : [])));
  const select: Record<string, string> = {};
  const unread: string[] = [];
  const columns = look.columns.flatMap((name, index): SourceColumn[] => {
    const role = roles.get(name);
    if (role !== undefined && role.expression !== null && !isPlain(role.expression, name)) select[name] = role.expression;
    const type = role !== undefined ? parseType(role.type)! : look.types[index] === undefined ? sqlType('STRING') : typeOfFile(look.types[index]!);
    if (type === null) unread.push(name);
    return type === null || name === '' ? [] : [{ name, type, eventTime: name === found.time.from }];
  });
  return subjectOf({ name: path, dataset: null, binding: { ...binding, select }, look, found, columns, unread }, asked);
}

const isPlain = (expression: string, name: string): boolean => expression === `"${name.replaceAll('"', '""')}"`;

async function existing(path: string): Promise<Binding> {
  try {
    const binding = bindingOf(path);
    await filesOf(binding);
    return binding;
  } catch (error) {
    // A word that is neither a file nor a dataset was most likely meant as a dataset.
    if (error instanceof TapewrightError && /^[\w-]+$/.test(path)) await loadDataset(path);
    throw error;
  }
}

/** The only column that is a timestamp is the event time, whatever its name. */
function timeByType(look: Look, asked: Asked): Asked {
  const stamps = look.columns.filter((_, index) => look.types[index]?.startsWith('TIMESTAMP') === true);
  return asked.time === undefined && stamps.length === 1 ? { ...asked, time: stamps[0]! } : asked;
}

function findRoles(look: Look, { map = {}, ...asked }: Asked): StarterColumns {
  const found = findColumns(look, timeByType(look, asked), { priceNeeded: false });
  const changed: Record<string, unknown> = { ...found };
  for (const [key, expression] of Object.entries(map)) {
    const role = key in found ? key : Object.entries(found).find(([, column]) => typeof column === 'object' && 'from' in column && column.from === key)?.[0];
    const column = role === undefined ? undefined : found[role as StarterRole];
    if (column === undefined) {
      const known = Object.keys(found).filter((each) => each !== 'others' && each !== 'eventTypes');
      const meant = nearest(key, known);
      throw new TapewrightError('USAGE', `--map ${key}: ${meant === null ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`}`, { key, known });
    }
    changed[role!] = { ...column, expression };
  }
  return changed as unknown as StarterColumns;
}

interface Parts extends Pick<Subject, 'name' | 'dataset' | 'binding' | 'columns' | 'unread'> {
  readonly look: Look;
  readonly found: StarterColumns;
}

async function subjectOf({ look, found, ...parts }: Parts, { map = {} }: Asked): Promise<Subject> {
  const at = (role: StarterRole): number => (found[role] === undefined ? -1 : parts.columns.findIndex(({ name }) => name === found[role]!.from));
  const roles: Roles = { time: at('time'), symbol: at('symbol'), price: at('price'), volume: at('volume'), bid: at('bid'), ask: at('ask'), type: at('event_type') };
  const files = await filesOf(parts.binding);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const told = Object.entries(found).flatMap(([role, column]) => (typeof column === 'object' && 'from' in column
    ? [[role, `${column.from}${typedAs(look, column.from)}${column.expression === null || isPlain(column.expression, column.from) ? '' : `, read as ${column.expression}${map[role] === undefined ? '' : ' (--map)'}`}`] as const] : []));
  const { select } = parts.binding;
  return { ...parts, files, bytes: sizes.reduce((sum, size) => sum + size, 0), roles, found: Object.fromEntries(told), expressions: parts.dataset === null ? select : {} };
}

function typedAs(look: Look, column: string): string {
  const type = look.types[look.columns.indexOf(column)];
  return type === undefined ? '' : ` (${type})`;
}
