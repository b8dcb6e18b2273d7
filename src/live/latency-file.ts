/**
 * Latencies on disk: one file a process, one line of JSON an interval. A line is one write, so that a process that dies
 * loses the interval it was in and no other; what is left of a line that was cut short is not read.
 */
import { appendFile, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { makeDirectory, writing } from '../stores/files.js';
import { Latencies } from './latency.js';

/** Times are epoch ms. */
export interface LatencyInterval {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Rows that were sent before the group first ran: they waited for the run, and are in no histogram. */
  readonly backlog: number;
  readonly latencies: Latencies;
}

const folderOf = (state: string): string => join(state, 'latency');

export class LatencyFile {
  private constructor(private readonly path: string, /** When the first process of the group began, epoch ms. */ readonly begun: number) {}

  /** In the state folder of a run, or of a publisher. */
  static async create(state: string, now: number): Promise<LatencyFile> {
    const folder = folderOf(state);
    await makeDirectory(folder);
    const files = await namesIn(folder);
    const first = files.length === 0 ? NaN : Number(files[0]!.split('-')[0]);
    return new LatencyFile(join(folder, `${String(now).padStart(14, '0')}-${process.pid}.jsonl`), Number.isNaN(first) ? now : first);
  }

  async append({ latencies, ...interval }: LatencyInterval): Promise<void> {
    await writing(this.path, () => appendFile(this.path, `${JSON.stringify({ ...interval, layers: latencies.encoded() })}\n`));
  }
}

/** Oldest first: a name begins with the time. */
const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl')).sort();

/** All intervals of a state folder, or of the folder of latencies itself, in order of time. Throws BUNDLE_INVALID where there are none. */
export async function readLatencies(directory: string): Promise<LatencyInterval[]> {
  const inner = folderOf(directory);
  const folder = (await stat(inner).catch(() => null)) === null ? directory : inner;
  const intervals: LatencyInterval[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const lines = (await readFile(path, 'utf8')).split('\n');
    // After the last newline stands nothing, or what was cut short.
    for (const [index, line] of lines.slice(0, -1).entries()) intervals.push(intervalFrom(line, path, index + 1));
  }
  if (intervals.length === 0) {
    throw new TapewrightError('BUNDLE_INVALID', `${directory} holds no latencies: name the state folder of a live run (live/GROUP) that has run for ten seconds or was stopped with Ctrl-C`, { directory });
  }
  return intervals.sort((a, b) => a.from - b.from);
}

function intervalFrom(line: string, path: string, number: number): LatencyInterval {
  try {
    const { from, to, rows, backlog, layers } = JSON.parse(line) as { from: number; to: number; rows: number; backlog: number; layers: Record<string, string> };
    if (![from, to, rows, backlog].every(Number.isFinite)) throw new Error('it lacks a number');
    return { from, to, rows, backlog, latencies: Latencies.decoded(layers) };
  } catch (cause) {
    throw new TapewrightError('BUNDLE_INVALID', `line ${number} of ${path} is no interval of latencies: ${cause instanceof Error ? cause.message : String(cause)}`, { path, line: number }, { cause });
  }
}
