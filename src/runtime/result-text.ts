/** A run's result for people. */
import { shortCount } from './progress-line.js';
import type { ReplayResult } from './options.js';

const count = (rows: number): string => String(rows).replace(/\B(?=(\d{3})+$)/g, ',');

export function resultText(result: ReplayResult): string {
  const names = Object.keys(result.outputs);
  const width = Math.max(0, ...names.map((name) => name.length));
  const rowsOf = (name: string): string => {
    const { rows, standing } = result.outputs[name]!;
    return standing === undefined ? `${count(rows)} rows` : `${count(rows)} changes, ${count(standing)} rows`;
  };
  const rowsWidth = Math.max(0, ...names.map((name) => rowsOf(name).length));
  const lines = [
    `${result.status === 'complete' ? 'Replayed' : 'Stopped after'} ${count(result.rows)} rows in ${result.seconds.toFixed(2)} s ` +
      `(${shortCount(result.eventsPerSecond)} events/s, start-up ${result.startupSeconds.toFixed(2)} s, peak memory ${Math.round(result.peakRssMB)} MB)`,
    ...names.map((name) => {
      const { digest } = result.outputs[name]!;
      return `  ${name.padEnd(width)}  ${rowsOf(name).padStart(rowsWidth)}  ${digest}`;
    }),
    `${count(result.late)} late rows, ${count(result.rejected)} rejected rows, ${count(result.deadLetters)} dead letters`,
    `Bundle: ${result.directory}`,
  ];
  if (result.report !== null) lines.push(`Report: ${result.report}`);
  return lines.join('\n');
}
