/** Latencies as a table for people. */
import { alignedTable } from './aligned-table.js';
import type { LatencyReport, LayerReport } from './latency.js';
import { sparkline, thinned } from './sparkline.js';

const names = ['layer', 'p99 over time', 'rows', 'p50', 'p90', 'p99', 'p99.9', 'max', 'budget', ''];
const curveWidth = 24;

const nothingMeasured = 'Nothing was measured: a run measures rows that are sent while it runs. Send some (tapewright publish …), then ask again.';

export function latencyText({ from, to, rows, backlog, layers, met, pointMillis }: LatencyReport): string {
  const head = `${timeText(from)} to ${timeText(to)}, ${rows} rows${backlog === 0 ? '' : `, ${backlog} of them sent before the run first began and left out`}; milliseconds`;
  if (layers.length === 0) return [head, '', nothingMeasured].join('\n');
  const over = layers.filter(({ pointsOver }) => pointsOver > 0).map(({ title, pointsOver, points }) => `${title}: over its budget in ${pointsOver} of ${points.length} stretches of ${pointMillis / 1000} s.`);
  return [head, '', alignedTable(names, layers.map(cells), 2), '', ...over, met ? 'The budget is met.' : 'The budget is not met.'].join('\n');
}

function cells({ title, points, whole, budget, met }: LayerReport): string[] {
  const curve = sparkline(thinned(points.map(({ p99 }) => p99), curveWidth, 'greatest'));
  const { count, p50, p90, p99, p999, max } = whole;
  return [title, curve, String(count), ...[p50, p90, p99, p999, max].map((value) => value.toFixed(value < 100 ? 1 : 0)), budget === null ? '–' : String(budget), met === null ? '' : met ? 'met' : 'not met'];
}

const timeText = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19).replace('T', ' ')}Z`;
