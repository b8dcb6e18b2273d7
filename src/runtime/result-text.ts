/** A run's result for people. */
import { shortCount } from './progress-line.js';
import type { ReplayResult } from './options.js';

const count = (rows: number): string => String(rows).replace(/\B(?=(\d{3})+$)/g, ',');

export function resultText(result: ReplayResult): string {
  const names = Object.keys(result.outputs);
  const width = Math.max(0, ...names.map((name) => name.length));
  const rowsWidth = Math.max(0, ...names.map((name) => count(result.outputs[name]!.rows).length));
  const lines = [
    `${result.status === 'complete' ? 'Replayed' : 'Stopped after'} ${count(result.rows)} rows in ${result.seconds.toFixed(2)} s ` +
      `(${shortCount(result.eventsPerSecond)} events/s, start-up ${result.startupSeconds.toFixed(2)} s, peak memory ${Math.round(result.peakRssMB)} MB)`,
    ...names.map((name) => {
      const { rows, digest } = result.outputs[name]!;
      return `  ${name.padEnd(width)}  ${count(rows).padStart(rowsWidth)} rows  ${digest}`;
    }),
    `${count(result.late)} late rows, ${count(result.rejected)} rejected rows, ${count(result.deadLetters)} dead letters`,
    `Bundle: ${result.directory}`,
  ];
  if (result.report !== null) lines.push(`Report: ${result.report}`);
  return lines.join('\n');
}
