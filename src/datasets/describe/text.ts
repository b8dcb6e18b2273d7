/** A description for a terminal. */
import { alignedTable, visible } from '../../report/aligned-table.js';
import { sparkline } from '../../report/sparkline.js';
import type { Description } from './describe.js';
import { facts, tables } from './parts.js';
import type { Finding } from './verdict.js';
import { count, duration, moment } from './words.js';

const curveWidth = 72;
const marks: Readonly<Record<Finding['weight'], string>> = { good: '+', note: '·', care: '!', mend: 'X' };

export function descriptionText(description: Description): string {
  const { subject, profile, remarks } = description;
  const found = Object.entries(subject.found).map(([role, column]) => `${role} is ${column}`).join('; ');
  return [
    subject.name, '', pairs(facts(description)), '', `Found: ${visible(found)}.`, ...remarks.map((remark) => `Remark: ${visible(remark)}.`), '', curve(description), '',
    ...tables(description).flatMap(({ title, names, rows, left, note }) => [title, indented(alignedTable(names, rows, left)), ...(note === undefined ? [] : [`  ${note}`]), '']),
    ...behindCurve(description), verdictText(description), ...(profile.rows === 0 ? [] : ['']),
  ].join('\n');
}

function pairs(all: readonly (readonly [string, string])[]): string {
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, value]) => `  ${name.padEnd(width)}  ${visible(value)}`).join('\n');
}

const indented = (text: string): string => text.split('\n').map((line) => `  ${line}`).join('\n');

function curve({ profile: { timeline } }: Description): string {
  const { rows, from, width } = timeline;
  if (rows.length === 0) return 'No rows by time.';
  const step = Math.ceil(rows.length / curveWidth);
  const sums = Array.from({ length: Math.ceil(rows.length / step) }, (_, place) => rows.slice(place * step, (place + 1) * step).reduce((sum, each) => sum + each, 0));
  const most = Math.max(...sums);
  // An empty stretch is a gap, not a low.
  const line = sparkline(sums.map((sum) => (sum === 0 ? null : sum)));
  return `Rows by time, ${duration(width * step)} a mark, ${count(most)} at the most\n  ${line}\n  ${moment(from)} to ${moment(from + rows.length * width)}`;
}

function behindCurve({ profile }: Description): string[] {
  const disorder = profile.strays?.disorder ?? profile.disorder;
  if (disorder.behind === 0) return [];
  const most = Math.max(...disorder.octaves.map((octave) => octave.count));
  const rows = disorder.octaves.map(({ from, count: times }) => [`${duration(from)} to ${duration(from * 2 - 1)}`, count(times), '█'.repeat(Math.max(1, Math.round((40 * times) / most)))]);
  const width = Math.max(...rows.map(([range]) => range!.length)), wide = Math.max(...rows.map(([, times]) => times!.length));
  return ['How far rows are behind', ...rows.map(([range, times, bar]) => `  ${range!.padEnd(width)}  ${times!.padStart(wide)}  ${bar}`), ''];
}

function verdictText({ verdict }: Description): string {
  return [`Verdict: ${verdict.summary}`, ...verdict.findings.map(({ weight, text }) => `  ${marks[weight]} ${visible(text)}`), ...(verdict.watermark === null ? [] : [`  Watermark to write: ${visible(verdict.watermark)}`])].join('\n');
}
