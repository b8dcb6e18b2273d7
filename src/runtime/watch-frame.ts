/** One screen of a run that is watched: from what is known to lines of exactly the width and height that there are. */
import { sparkline, thinned } from '../report/sparkline.js';
import { visible } from '../report/aligned-table.js';
import { formatEventTime } from '../scenario/duration.js';
import { shortCount } from './progress-line.js';
import { cut, filled, fitted, lengthOf, lineLength, printed, title, type Line } from './frame-line.js';
import type { AlertRow, LatestRow, Mover, TapeRow, WatchState } from './watch-state.js';
import { realText } from './watch-text.js';

/** Beside each other from here on, one under the other below. */
const twoColumns = 76;

/** `height` lines of `width` characters at the most; escapes only where `colours` says so. */
export function watchFrame(state: WatchState, width: number, height: number, colours: boolean): string[] {
  const head = headLines(state, width);
  const foot = [footLine(state)];
  const room = Math.max(0, height - head.length - foot.length);
  const lines = [...head, ...(width >= twoColumns ? wideBody(state, width, room) : narrowBody(state, width, room)), ...foot].slice(0, height);
  return lines.map((line) => printed(line, width, colours));
}

function headLines(state: WatchState, width: number): Line[] {
  const { name, speed, progress, rate, watermark } = state;
  const speedText = speed === null ? 'as fast as it goes' : `${speed} × real time`;
  const at = formatEventTime(progress.eventTime);
  const left = ` ${visible(name)}  ${speedText}`;
  const share = progress.rowsTotal === null || progress.rowsTotal === 0 ? null : Math.min(1, progress.rows / progress.rowsTotal);
  const behind = watermark === null ? [] : [`watermark ${watermark === -Infinity ? 'none yet' : secondsText(watermark - progress.eventTime)}`];
  const lag = progress.lagMs === null || progress.lagMs === undefined ? [] : [`lag ${secondsText(progress.lagMs)}`];
  const facts = [
    ...(share === null ? [] : [`${Math.floor(100 * share)} %`]), `${shortCount(progress.rows)} rows`, `${shortCount(rate)} rows/s`, ...behind, ...lag, `${shortCount(progress.late)} late`,
  ].join('   ');
  const barWidth = Math.max(0, width - lengthOf(facts) - 4);
  const bar = share === null || barWidth < 8 ? '' : `${'━'.repeat(Math.round(share * barWidth))}${'─'.repeat(barWidth - Math.round(share * barWidth))}`;
  return [
    [{ text: left, colour: 'bold' }, { text: ' '.repeat(Math.max(1, width - lengthOf(left) - lengthOf(at) - 1)) }, { text: at, colour: 'cyan' }],
    [{ text: ` ${bar}${bar === '' ? '' : '  '}`, colour: 'cyan' }, { text: facts }],
    [],
  ];
}

/** `−5.0 s`, `250 ms`. */
export function secondsText(millis: number): string {
  const size = Math.abs(millis);
  const sign = millis < 0 ? '−' : '';
  if (size < 1_000) return `${sign}${Math.round(size)} ms`;
  return size < 120_000 ? `${sign}${(size / 1_000).toFixed(1)} s` : `${sign}${Math.round(size / 60_000)} min`;
}

const footLine = ({ message, outputs }: WatchState): Line =>
  message === null ? [{ text: ` ${outputs.map(({ name, rows }) => `${visible(name)} ${shortCount(rows)}`).join('   ')}`, colour: 'dim' }] : [{ text: ` ${visible(message)}`, colour: 'yellow' }];

function wideBody(state: WatchState, width: number, room: number): Line[] {
  // As much as there is to show below, up to a third; the tape grows by the second.
  const wanted = 2 + Math.max(state.alerts.length, state.latest.length);
  const alertRows = Math.min(room, Math.max(3, Math.min(wanted, Math.floor(room * 0.35))));
  const upper = Math.max(0, room - alertRows);
  const left = Math.min(46, Math.floor(width * 0.45));
  const right = width - left - 1;
  const tape = tapeLines(state.tape, left, upper);
  const movers = moverLines(state.movers, right, upper);
  const lines = Array.from({ length: upper }, (_, index): Line => {
    const one = tape[index] ?? [];
    return [...one, { text: ' '.repeat(Math.max(0, left - lineLength(one)) + 1) }, ...(movers[index] ?? [])];
  });
  return [...lines, ...alertLines(state, width, alertRows)];
}

function narrowBody(state: WatchState, width: number, room: number): Line[] {
  const third = Math.floor(room / 3);
  return [...filled(moverLines(state.movers, width, third), third), ...filled(tapeLines(state.tape, width, third), third), ...alertLines(state, width, room - 2 * third)];
}

function tapeLines(tape: readonly TapeRow[], width: number, room: number): Line[] {
  if (room < 2) return [];
  const rows = tape.slice(0, room - 2);
  const symbols = Math.min(12, Math.max(1, ...rows.map(({ symbol }) => lengthOf(visible(symbol)))));
  return [title('TAPE'), ...rows.map(({ time, symbol, text, tick }): Line => {
    const before = ` ${time}  ${fitted(visible(symbol), symbols)}  `;
    const mark = tick > 0 ? '▲ ' : tick < 0 ? '▼ ' : '  ';
    return [{ text: before }, { text: cut(mark + visible(text), width - lengthOf(before)), ...(tick === 0 ? {} : { colour: tick > 0 ? 'green' as const : 'red' as const }) }];
  })];
}

function moverLines(movers: readonly Mover[], width: number, room: number): Line[] {
  if (room < 2 || movers.length === 0) return [];
  const rows = movers.slice(0, room - 2);
  const symbols = Math.min(14, Math.max(1, ...rows.map(({ symbol }) => lengthOf(visible(symbol)))));
  const prices = Math.max(...rows.map(({ last }) => lengthOf(realText(last))));
  return [title('TOP MOVERS, since the view began'), ...rows.map(({ symbol, first, last, samples }): Line => {
    const change = last / first - 1;
    const text = `${change < 0 ? '−' : '+'}${(Math.abs(change) * 100).toFixed(2)} %`;
    const before = ` ${fitted(visible(symbol), symbols)}  ${realText(last).padStart(prices)}  `;
    const curve = thinned([...samples, last], Math.max(0, width - lengthOf(before) - 14));
    return [{ text: before }, { text: text.padStart(10), colour: change < 0 ? 'red' : 'green' }, { text: `  ${sparkline(curve)}`, colour: 'dim' }];
  })];
}

/** The last alerts with counts by kind, or the last rows of outputs while there is none. */
export function alertLines({ alerts, alertCounts, latest }: Pick<WatchState, 'alerts' | 'alertCounts' | 'latest'>, width: number, room: number): Line[] {
  if (room < 1) return [];
  if (alerts.length === 0 && latest.length > 0) return latestLines(latest, width, room);
  const counts = alertCounts.map(([kind, rows]) => `${visible(kind)} ${shortCount(rows)}`).join('   ');
  const rows = alerts.slice(0, room - 1);
  const widest = (texts: readonly string[], most: number): number => Math.min(most, Math.max(1, ...texts.map((text) => lengthOf(visible(text)))));
  const [symbols, kinds] = [widest(rows.map(({ symbol }) => symbol), 12), widest(rows.map(({ kind }) => kind), 20)];
  const line = ({ time, symbol, kind, text }: AlertRow): Line => {
    const before = ` ${time}  ${fitted(visible(symbol), symbols)}  `;
    const named = `${fitted(visible(kind), kinds)}  `;
    return [{ text: before }, { text: named, colour: 'yellow' }, { text: cut(visible(text), width - lengthOf(before + named)) }];
  };
  return filled([title(counts === '' ? 'LAST ALERTS  none yet' : `LAST ALERTS  ${counts}`), ...rows.map(line)], room);
}

/** Until there is an alert, or where no output is one. */
function latestLines(latest: readonly LatestRow[], width: number, room: number): Line[] {
  const rows = latest.slice(0, room - 1);
  const names = Math.min(20, Math.max(1, ...rows.map(({ output }) => lengthOf(visible(output)))));
  return filled([title('LAST OUTPUTS'), ...rows.map(({ output, text }): Line => [{ text: ` ${fitted(visible(output), names)}  `, colour: 'cyan' }, { text: cut(visible(text), width - names - 3) }])], room);
}
