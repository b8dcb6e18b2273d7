/** What a run tells of the changes that it read: transactions, gaps between them, and what held whenever one ended. */
import { readFile } from 'node:fs/promises';
import type { ReachedPartition } from '../cdc/change-by-change.js';
import { incompleteText, type Bound, type Gap, type Incomplete } from '../cdc/gap.js';
import { TapewrightError } from '../core/errors.js';
import type { CaptureRecord } from '../runtime/capture-reader.js';
import { count, flag, listOf, number, objectOf, oneOf, optional, orNull, text } from '../stores/shape.js';
import { visible } from './aligned-table.js';
import type { Judgement } from './judgement.js';
import { timeText, type OutputReport, type Report } from './report.js';

/** A transaction beside a gap; `time`: of its commit, in UTC. */
export interface BoundReport {
  readonly xid: string | null;
  readonly lsn: number | null;
  readonly time: string | null;
}

interface Between {
  /** Null: there was no transaction before it. */
  readonly after: BoundReport | null;
  readonly before: BoundReport;
  /** In a sentence. */
  readonly text: string;
}

export interface GapReport extends Between, Pick<Gap, 'kind' | 'tables' | 'unused'> {}

/** What is not applied where the data end; of changes of no transaction `alone` says which table, and between which LSNs. */
export interface IncompleteReport extends Incomplete {
  /** In a sentence. */
  readonly text: string;
}

export interface RestartReport extends Between {
  /** It sent something again: nothing is missing. */
  readonly overlaps: boolean;
  readonly unseen: number | null;
}

/** Tables of one database that were read together. */
export interface CaptureReport {
  readonly tables: readonly string[];
  readonly transactionTopic: string;
  /** Applied, each as a whole; a snapshot counts as one. */
  readonly transactions: number;
  /** Rows of the tables; null where they were not counted. */
  readonly rows: number | null;
  /** On the average, to two digits; null where there is none. */
  readonly rowsPerTransaction: number | null;
  /** Changes, and ENDs of transactions, that came again and were left out. */
  readonly repeats: number;
  readonly repeatedTransactions: number;
  /** Changes that belong to no transaction. */
  readonly alone: number;
  /** Of each of these lists the first ones. */
  readonly incompleteCount: number;
  readonly incomplete: readonly IncompleteReport[];
  readonly gapCount: number;
  readonly gaps: readonly GapReport[];
  readonly restartCount: number;
  readonly restarts: readonly RestartReport[];
}

/** Where a partition was read up to; `time`: of the latest commit, in UTC. Null: its changes do not say. */
export type PartitionReport = Omit<ReachedPartition, 'time'> & { readonly time: string | null };

/** A table of which changes are applied one by one, each as it comes: outputs show states between those of a transaction. */
export interface OneByOneReport {
  readonly tables: readonly string[];
  /** Applied, and left out since they came again. */
  readonly changes: number;
  readonly repeats: number;
  /** Of each of these lists the first ones. */
  readonly partitionCount: number;
  readonly partitions: readonly PartitionReport[];
  readonly gapCount: number;
  readonly gaps: readonly GapReport[];
}

/** An output that is expected to be empty. */
export interface InvariantReport {
  readonly output: string;
  readonly rows: number;
  /** Of a changelog: 0 says that it was never broken, not even for a moment. */
  readonly changes: number | null;
  readonly held: boolean;
}

export interface ChangesReport {
  readonly captures: readonly CaptureReport[];
  /** Left out where there is none. */
  readonly oneByOne?: readonly OneByOneReport[];
  readonly invariants: readonly InvariantReport[];
}

const listedMax = 200;

const bound = objectOf({ xid: orNull(text), lsn: orNull(number), time: orNull(number) });
const between = { after: orNull(bound), before: bound, text };
const shape = listOf(objectOf({
  tables: listOf(text), transactionTopic: text,
  counts: objectOf({ transactions: count, repeats: count, repeatedTransactions: count, alone: count }),
  gaps: listOf(objectOf({ ...between, kind: oneOf('transactions', 'events', 'position', 'snapshot'), tables: listOf(objectOf({ table: text, expected: count, found: count })), unused: count })),
  incomplete: listOf(objectOf({
    xid: orNull(text), found: count, expected: orNull(count), alone: optional(objectOf({ table: text, firstLsn: orNull(number), lastLsn: orNull(number) })),
  })),
  restarts: listOf(objectOf({ ...between, overlaps: flag, unseen: orNull(count) })),
  partitions: optional(listOf(objectOf({ topic: text, partition: count, changes: count, repeats: count, lsn: orNull(number), lastCommit: orNull(number), time: orNull(number) }))),
}));

/** What `cdc.json` of a bundle says; none where the file is not there. @throws BUNDLE_INVALID where it is none of ours. */
export async function captureRecords(path: string | null): Promise<readonly CaptureRecord[]> {
  if (path === null) return [];
  const value = parsed(await readFile(path, 'utf8'));
  const fault = shape(value, '');
  if (fault !== null) throw new TapewrightError('BUNDLE_INVALID', `cdc.json of the bundle cannot be read: ${fault}; run it again, or remove the file to make a report without it`, { path });
  return value as readonly CaptureRecord[];
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}

/** Nothing where no database's changes were read. */
export function changesPart(records: readonly CaptureRecord[], { datasets, expectations, outputs }: Pick<Report, 'datasets' | 'expectations' | 'outputs'>): Pick<Report, 'changes'> {
  if (records.length === 0) return {};
  const isOneByOne = ({ transactionTopic }: CaptureRecord): boolean => transactionTopic === 'none';
  const captures = records.filter((record) => !isOneByOne(record)).map((record) => captureReport(record, record.tables.map((table) => datasets[table]?.rows ?? null)));
  const oneByOne = records.filter(isOneByOne).map(oneByOneReport);
  return { changes: { captures, ...(oneByOne.length === 0 ? {} : { oneByOne }), invariants: invariantsOf(expectations, outputs) } };
}

function captureReport({ tables, transactionTopic, counts, gaps, incomplete, restarts }: CaptureRecord, tableRows: readonly (number | null)[]): CaptureReport {
  const { transactions, alone } = counts;
  const rows = tableRows.includes(null) ? null : tableRows.reduce<number>((sum, one) => sum + one!, 0);
  const inTransactions = rows === null || transactions === 0 ? null : Math.max(0, rows - alone) / transactions;
  return {
    tables, transactionTopic, transactions, rows, rowsPerTransaction: inTransactions === null ? null : Math.round(inTransactions * 100) / 100,
    repeats: counts.repeats, repeatedTransactions: counts.repeatedTransactions, alone,
    incompleteCount: incomplete.length, incomplete: incomplete.slice(0, listedMax).map(incompleteReport),
    ...gapsPart(gaps),
    restartCount: restarts.length,
    restarts: restarts.slice(0, listedMax).map(({ after, before, overlaps, unseen, text: told }) => ({ after: boundReport(after), before: boundReport(before), overlaps, unseen, text: told })),
  };
}

function oneByOneReport({ tables, counts, partitions = [], gaps }: CaptureRecord): OneByOneReport {
  return {
    tables, changes: counts.alone, repeats: counts.repeats, partitionCount: partitions.length,
    partitions: partitions.slice(0, listedMax).map(({ topic, partition, changes, repeats, lsn, lastCommit, time }) => ({
      topic, partition, changes, repeats, lsn, lastCommit, time: time === null ? null : timeText(time),
    })),
    ...gapsPart(gaps),
  };
}

const gapsPart = (gaps: CaptureRecord['gaps']): { readonly gapCount: number; readonly gaps: readonly GapReport[] } => ({
  gapCount: gaps.length,
  gaps: gaps.slice(0, listedMax).map(({ kind, after, before, tables, unused, text: told }) => ({
    kind, after: after === null ? null : boundReport(after), before: boundReport(before), tables: tables.map(({ table, expected, found }) => ({ table, expected, found })), unused, text: told,
  })),
});

function incompleteReport(one: Incomplete): IncompleteReport {
  const { xid, found, expected, alone } = one;
  const told = alone === undefined ? {} : { alone: { table: alone.table, firstLsn: alone.firstLsn, lastLsn: alone.lastLsn } };
  return { xid, found, expected, ...told, text: incompleteText(one) };
}

/** A time that a record did not say is no number of JSON's. */
const boundReport = ({ xid, lsn, time }: Bound): BoundReport => ({ xid, lsn, time: (time as number | null) === null ? null : timeText(time) });

/** Outputs of which the scenario expects that they have no row. */
function invariantsOf(expectations: readonly Judgement[], outputs: Readonly<Record<string, OutputReport>>): InvariantReport[] {
  return expectations.flatMap(({ of, where, expected }) => {
    const output = where === null && expected === '0' && Object.hasOwn(outputs, of) ? outputs[of]! : null;
    if (output === null) return [];
    const { rows, changes = null } = output;
    return [{ output: of, rows, changes, held: rows === 0 && (changes ?? 0) === 0 }];
  });
}

/** Lines for a terminal. */
export function changesText({ captures, oneByOne = [], invariants }: ChangesReport): string {
  const lines = captures.map(({ tables, transactions, rowsPerTransaction, repeats, gapCount, incompleteCount, restartCount }) => [
    `Changes of ${tables.map(visible).join(', ')}: ${transactions} transactions applied${rowsPerTransaction === null ? '' : `, ${rowsPerTransaction} rows each on the average`}`,
    ...(repeats === 0 ? [] : [`${repeats} changes that came again left out`]), gapsText(gapCount),
    ...(incompleteCount === 0 ? [] : [`${incompleteCount} not whole at the end`]), ...(restartCount === 0 ? [] : [`the connector was started anew ${restartCount === 1 ? 'once' : `${restartCount} times`}`]),
  ].join('; '));
  lines.push(...oneByOne.map(({ tables, changes, repeats, gapCount }) => [
    `Changes of ${tables.map(visible).join(', ')}: ${changes} applied one by one, transactions are not kept whole`,
    ...(repeats === 0 ? [] : [`${repeats} changes that came again left out`]), ...(gapCount === 0 ? [] : [gapsText(gapCount)]),
  ].join('; ')));
  const broken = invariants.filter(({ held }) => !held).map(({ output }) => output);
  if (invariants.length > 0) lines.push(broken.length === 0 ? `What must hold at each transaction's end held: ${invariants.length} of ${invariants.length}` : `Broken at the end of a transaction: ${broken.map(visible).join(', ')}`);
  return lines.join('\n');
}

const gapsText = (gaps: number): string => (gaps === 0 ? 'no gap' : `${gaps} gap${gaps === 1 ? '' : 's'}`);
