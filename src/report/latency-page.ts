/** The page of latencies: one file, opened from a disk, that asks no network. */
import { dirname, join } from 'node:path';
import { makeDirectory, writeAside } from '../stores/files.js';
import type { LatencyReport } from './latency.js';
import { pageOf } from './page.js';

const scripts = ['values.js', 'elements.js', 'charts.js', 'sections.js', 'latency.js'];

/** Writes the page to `path`, by default into the first of the report's folders; returns where it is. */
export async function writeLatencyPage(report: LatencyReport, path: string | null): Promise<string> {
  const target = path ?? join(report.directories[0]!, 'latency.html');
  await makeDirectory(dirname(target));
  await writeAside(target, await pageOf({ title: 'Tapewright latency', scripts, data: report, without: 'The latencies are drawn by a script inside this file; report latency --json prints the same numbers.' }));
  return target;
}
