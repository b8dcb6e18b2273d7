/** A report as Markdown: what is committed of the shipped scenarios, for people who read it where the code is. */
import { ratioText } from './accuracy-text.js';
import type { Accuracy } from './accuracy.js';
import type { BoundReport, CaptureReport, ChangesReport, OneByOneReport } from './changes.js';
import type { LimitReport } from './limits.js';
import type { OutputReport, Report } from './report.js';
import type { Cell, ColumnSummary } from './summary.js';

export function markdownText(report: Report): string {
  const { eventTime, datasets, outputs, expectations } = report;
  const data = Object.entries(datasets).map(([table, one]) => `\`${plain(table)}\` reads ${plain(one.data)} (${one.rows ?? 'unknown'} rows, fingerprint \`${one.fingerprint ?? '–'}\`)`);
  const parts = [
    `# ${plain(report.scenario)}`,
    `${data.join('; ')}. ${eventTime === null ? '' : `Event times ${eventTime.from} to ${eventTime.to} UTC.`}`.trim(),
    `${report.rows} rows in, ${report.late} late, ${report.rejected} rejected, ${report.deadLetters} dead letters, ${report.behind} behind the watermark on arrival.`,
    ...report.remarks.map((remark) => `> ${plain(remark)}`),
    table(['output', 'rows', 'digest', 'set digest'], Object.entries(outputs).map(([name, { rows, changes, digest, setDigest }]) => [`[${plain(name)}](#${plain(name)})`, changes === undefined ? rows : `${rows} (${changes} changes)`, `\`${digest}\``, `\`${setDigest}\``])),
    ...(expectations.length === 0 ? [] : ['## Expectations', table(['', 'rows of', 'where', 'expected', 'actual'],
      expectations.map(({ met, of, where, expected, actual }) => [met ? 'met' : '**not met**', of, where, expected, actual]))]),
    ...(report.accuracy === undefined ? [] : ['## Accuracy', ...accuracyParts(report.accuracy)]),
    ...(report.changes === undefined ? [] : changesParts(report.changes)),
    ...(report.limits ?? []).flatMap(limitParts),
    ...(report.lateRows.length === 0 ? [] : ['## Late rows', refused(report.lateRows)]),
    ...(report.deadRows.length === 0 ? [] : ['## Dead letters', refused(report.deadRows)]),
    ...Object.entries(outputs).flatMap(([name, output]) => [`## ${plain(name)}`, ...outputParts(output)]),
    '## Texts',
    table(['file', 'SHA-256'], report.texts.map(({ file, digest }) => [file, `\`${digest}\``])),
  ];
  return `${parts.join('\n\n')}\n`;
}

function accuracyParts({ types, outputs, toleranceMs, notJudged }: Accuracy): string[] {
  const rows = types.map(({ type, labels, found, recall, alerts, matched, precision, delayMs }) => [
    type, labels, found, ratioText(recall), alerts, matched, ratioText(precision), ...(delayMs === null ? ['–', '–', '–'] : [delayMs.median, delayMs.p90, delayMs.max]),
  ]);
  const names = ['label', 'labels', 'found', 'recall', 'alerts', 'matched', 'precision', 'delay (ms): median', '90 %', 'most'];
  const strange = notJudged.map(({ type, alerts }) => `${alerts} ${plain(type)}`).join(', ');
  return [
    `Alerts of ${outputs.map(plain).join(', ') || 'no output'} against the labels of the data; an alert counts up to ${toleranceMs} ms after a label's end.${strange === '' ? '' : ` Not judged, since no label is of their type: ${strange}.`}`,
    types.length === 0 ? 'There are no labels in this span.' : table(names, rows),
  ];
}

function changesParts({ captures, oneByOne = [], invariants }: ChangesReport): string[] {
  const parts = captures.length === 0 ? [] : transactionParts(captures);
  if (oneByOne.length > 0) parts.push(...oneByOneParts(oneByOne));
  const gapped = [...captures, ...oneByOne.filter(({ gapCount }) => gapCount > 0)];
  if (gapped.length > 0) parts.push('## Gaps', ...gapped.map(gapPart));
  if (invariants.length > 0) parts.push('## Invariants', table(['', 'output', 'rows', 'changes'], invariants.map(({ output, rows, changes, held }) => [held ? 'held' : '**broken**', output, rows, changes ?? '–'])));
  return parts;
}

function transactionParts(captures: readonly CaptureReport[]): string[] {
  const parts = ['## Transactions', table(['tables', 'applied', 'rows', 'rows per transaction', 'repeats dropped', 'incomplete', 'restarts'],
    captures.map(({ tables, transactions, rows, rowsPerTransaction, repeats, incompleteCount, restartCount }) => [tables.join(', '), transactions, rows ?? 'not known', rowsPerTransaction ?? '–', repeats, incompleteCount, restartCount]))];
  const told = captures.flatMap(({ incomplete, restarts }) => [...incomplete, ...restarts].map(({ text }) => `- ${plain(text)}`));
  return told.length === 0 ? parts : [...parts, told.join('\n')];
}

function oneByOneParts(all: readonly OneByOneReport[]): string[] {
  return [
    '## Changes one by one', 'Atomicity is not kept: each change is applied as it comes, and outputs show states between the changes of a transaction.',
    table(['tables', 'topic', 'partition', 'changes', 'repeats dropped', 'read up to LSN', 'commit before', 'committed'],
      all.flatMap(({ tables, partitions }) => partitions.map(({ topic, partition, changes, repeats, lsn, lastCommit, time }) => [tables.join(', '), topic, partition, changes, repeats, lsn ?? '–', lastCommit ?? '–', time ?? '–']))),
    ...all.flatMap(({ tables, partitionCount, partitions }) => (partitionCount > partitions.length ? [`Of ${tables.map(plain).join(', ')} the first ${partitions.length} of ${partitionCount} partitions.`] : [])),
  ];
}

function gapPart({ tables, gapCount, gaps }: Pick<CaptureReport, 'tables' | 'gapCount' | 'gaps'>): string {
  if (gapCount === 0) return `None in ${tables.map(plain).join(', ')}.`;
  const bound = (one: BoundReport | null): string => (one === null ? 'none' : `${one.xid ?? '–'}, LSN ${one.lsn ?? '–'}, ${one.time ?? '–'}`);
  const about = table(['kind', 'after', 'before', 'tables', 'changes not used'], gaps.map(({ kind, after, before, tables: of, unused }) => [
    kind, bound(after), bound(before), of.map((one) => `${one.table}: ${one.found} of ${one.expected}`).join(', '), unused,
  ]));
  return gapCount > gaps.length ? `The first ${gaps.length} of ${gapCount}:\n\n${about}` : about;
}

function limitParts({ table: name, value, limit, keys, most, series, beyond, alerts, greatest }: LimitReport): string[] {
  return [
    `## ${plain(value)} and ${plain(limit)}`,
    `Of ${plain(name)}, by ${keys.map(plain).join(', ') || 'nothing'}: ${most === null ? 'limits differ' : `limit ${most}`}, ${beyond} of ${series} were beyond it. The ${greatest.length} that got furthest:`,
    table([...keys, `greatest ${value}`, 'at', 'rows', 'beyond the limit', ...(alerts === null ? [] : [alerts])],
      greatest.map((one) => [...one.key.map(cell), one.value, one.at, one.rows, one.beyond, ...(alerts === null ? [] : [one.alerts])])),
  ];
}

function outputParts({ columns, first, rows }: OutputReport): string[] {
  const summary = table(['column', 'type', 'NULLs', 'least', 'greatest', 'values'], columns.map((column) => [column.name, column.type, column.nulls, cell(column.min), cell(column.max), values(column)]));
  if (rows === 0) return [summary, 'No rows.'];
  return [summary, first.length === rows ? 'All rows:' : `The first ${first.length} rows:`, table(columns.map(({ name }) => name), first.map((row) => row.map(cell)))];
}

function values({ distinct, top, nans }: ColumnSummary): string {
  if (top === undefined) return nans === undefined || nans === 0 ? '' : `${nans} NaN`;
  if (distinct === null || distinct === undefined) return 'too many to count';
  return `${distinct}: ${top.map(([value, count]) => `${String(value)} ${count}`).join(', ')}${distinct > top.length ? ', …' : ''}`;
}

const refused = (rows: Report['lateRows']): string => table(['rows', 'on the way to', 'operator', 'reason'], rows.map(({ rows: count, output, operator, reason }) => [count, output, operator, reason]));

const cell = (value: Cell | undefined): Cell => (value === undefined ? '' : value === null ? 'NULL' : value);

function table(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((one) => (one === null ? '' : plain(String(one)))).join(' | ')} |`;
  return [line(names), `|${names.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** Text that means nothing to Markdown beyond itself. */
const plain = (text: string): string => text.replace(/[\r\n]+/g, ' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '\\|');
