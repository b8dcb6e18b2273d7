/** One screen of a live run, from one look at it to lines of exactly the width and height that there are. */
import { visible } from '../report/aligned-table.js';
import { cut, fitted, lengthOf, printed, title, type Line, type Span } from '../runtime/frame-line.js';
import { shortCount } from '../runtime/progress-line.js';
import { alertLines, secondsText } from '../runtime/watch-frame.js';
import type { WatchState } from '../runtime/watch-state.js';
import { layers, type LayerName, type Percentiles } from './latency.js';
import type { LaneLook, LiveStatus } from './meter-status.js';

export interface LiveView {
  readonly status: LiveStatus;
  readonly alerts: Pick<WatchState, 'alerts' | 'alertCounts' | 'latest'>;
  /** What the run has said last. */
  readonly message: string | null;
}

/** Lanes beyond it are summed up in one line: the slowest are shown. */
const lanesMax = 8;

/** `height` lines of `width` characters at the most; escapes only where `colours` says so. */
export function liveFrame(view: LiveView, width: number, height: number, colours: boolean): string[] {
  const { status } = view;
  const above = [...headLines(status, width), [], ...latencyLines(status), [], ...laneLines(status, height), []];
  const room = Math.max(0, height - above.length - 1);
  const lines = [...above, ...alertLines(view.alerts, width, room)].slice(0, height - 1);
  while (lines.length < height - 1) lines.push([]);
  return [...lines, footLine(view)].map((line) => printed(line, width, colours));
}

function headLines(status: LiveStatus, width: number): Line[] {
  const { group, at, upSeconds, rows, rowsPerSecond, outputs, outputsPerSecond, lag, late, deadLetters, changeGaps } = status;
  const left = ` ${visible(group)}  live`;
  const clock = `up ${upText(upSeconds)}  ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const out = outputs.reduce((sum, output) => sum + output.rows, 0);
  return [
    [{ text: left, colour: 'bold' }, { text: ' '.repeat(Math.max(1, width - lengthOf(left) - lengthOf(clock) - 1)) }, { text: clock, colour: 'cyan' }],
    [
      { text: ` in ${shortCount(rows)}, ${shortCount(rowsPerSecond)}/s   out ${shortCount(out)}, ${shortCount(outputsPerSecond)}/s   ` },
      { text: `lag ${lag === null ? '?' : shortCount(lag)}`, ...(lag !== null && lag > 10_000 ? { colour: 'red' as const } : {}) },
      { text: `   late ${shortCount(late)}   ` }, { text: `dead letters ${shortCount(deadLetters)}`, ...(deadLetters > 0 ? { colour: 'yellow' as const } : {}) },
      ...(changeGaps > 0 ? [{ text: `   gaps in changes ${shortCount(changeGaps)}`, colour: 'red' as const }] : []),
    ],
  ];
}

function upText(seconds: number): string {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(Math.floor(seconds % 60))}` : `${minutes}:${two(Math.floor(seconds % 60))}`;
}

const columns = ['p50', 'p90', 'p99', 'p999', 'max'] as const satisfies readonly (keyof Percentiles)[];
const columnNames = ['p50', 'p90', 'p99', 'p99.9', 'max'];

function latencyLines({ latency }: LiveStatus): Line[] {
  const names = columnNames.map((name) => name.padStart(9)).join('');
  const shown = layers.filter(({ name }) => name !== 'acknowledge');
  return [
    title(`${fitted('LATENCY, ms, of the last seconds', 33)}${names}    p99 within`),
    ...shown.map(({ name, title: text, budget }): Line => latencyLine(text, latency[name as LayerName], budget)),
  ];
}

function latencyLine(text: string, found: Percentiles | undefined, budget: number | null): Line {
  const name: Span = { text: ` ${fitted(text, 33)}` };
  if (found === undefined) return [name, { text: `${'–'.padStart(9)}`, colour: 'dim' }];
  const isOver = budget !== null && found.p99 > budget;
  const values = columns.map((column): Span => ({ text: millisText(found[column]).padStart(9), ...(isOver && column === 'p99' ? { colour: 'red' as const } : {}) }));
  return [name, ...values, { text: budget === null ? '' : `${String(budget).padStart(11)} ms ${isOver ? '✗' : '✓'}`, colour: isOver ? 'red' : 'green' }];
}

/** `3.2`, `48`, `1,203`. */
const millisText = (millis: number): string => (millis < 10 ? millis.toFixed(1) : String(Math.round(millis)).replace(/\B(?=(\d{3})+$)/g, ','));

function laneLines({ lanes, at }: LiveStatus, height: number): Line[] {
  const most = Math.min(lanesMax, Math.max(1, height - 18));
  const shown = lanes.length <= most ? lanes : [...lanes].sort((a, b) => (b.lag ?? 0) - (a.lag ?? 0) || a.lane - b.lane).slice(0, most);
  const head = title(`LANE  ${fitted('', 12)}    step     rows      lag  watermark             checkpoint       offsets`);
  const lines = shown.map((lane) => laneLine(lane, at));
  const left = lanes.length - shown.length;
  return [head, ...lines, ...(left > 0 ? [title(`and ${left} more lanes with less lag`)] : [])];
}

function laneLine({ lane, phase, seq, rows, lag, watermark, checkpoint, positions }: LaneLook, now: number): Line {
  const numbers = `${(seq < 0 ? '–' : String(seq)).padStart(8)}${shortCount(rows).padStart(9)}${(lag === null ? '?' : shortCount(lag)).padStart(9)}`;
  const mark = watermark === null ? 'none yet' : new Date(watermark).toISOString().slice(5, 21).replace('T', ' ');
  const kept = checkpoint === null ? 'none yet' : `${secondsText(now - checkpoint.at)} ago, ${bytesText(checkpoint.bytes)}`;
  const isCalm = phase !== 'taking';
  return [
    { text: ` ${String(lane).padStart(4)}  ` }, { text: fitted(phase, 12), colour: isCalm ? 'dim' : 'yellow' }, { text: `${numbers}  ${fitted(mark, 18)}` },
    { text: `  ${fitted(kept, 18)}` }, { text: ` ${cut(positions.map(({ partition, offset }) => `${partition}@${offset}`).join(' '), 60)}`, colour: 'dim' },
  ];
}

function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function footLine({ message, status: { outputs, longestPauseMillis, rssBytes, backpressure } }: LiveView): Line {
  if (message !== null) return [{ text: ` ${visible(message)}`, colour: 'yellow' }];
  const machine = `memory ${bytesText(rssBytes)}   longest pause ${Math.round(longestPauseMillis)} ms   backpressure ${Math.round(backpressure * 100)} %`;
  return [{ text: ` ${machine}   ${outputs.map(({ table, rows }) => `${visible(table)} ${shortCount(rows)}`).join('   ')}`, colour: 'dim' }];
}
