/**
 * Measures replays against Flink running the same SQL over the same Parquet file, at parallelism 1 and 2:
 * `npm run bench:flink -- [--rows N] [--times N] [--only WORKLOAD,…] [--json]`. Interleaved. Ours is a new process each
 * time; Flink's cluster is new for each round and parallelism, and has been warmed by a shorter job. Exits 1 when rows
 * differ. With fewer than 3.4 M rows the file is one split to Flink, and one task reads it at any parallelism.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flinkMissing } from '../real/flink-files.js';
import { compareOutputs } from './compare.js';
import { FlinkPeer, gather, settingsText } from './flink-run.js';
import { flinkBenchmarkOf, flinkText, type FlinkRounds } from './flink-summary.js';
import { thisMachine } from './machine.js';
import { inProcess, type Assignment, type Measurement } from './processes.js';
import { machineText } from './summary.js';
import { workloadNamed, type WorkloadName } from './workloads.js';

const names: readonly WorkloadName[] = ['vwap_1m', 'anomaly', 'both'];
const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: '6500000' }, times: { type: 'string', default: '3' }, only: { type: 'string', default: names.join(',') }, json: { type: 'boolean', default: false } },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const [rows, times] = [wholeNumber('rows', flags.rows), wholeNumber('times', flags.times)];
const chosen = names.filter((name) => flags.only.split(',').includes(name));

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  say(`--${flag} ${text}: must be a whole number, 1 or more`);
  process.exit(2);
}

/** Its file, which everyone finds in the page cache. */
async function provide(name: string): Promise<string> {
  const path = await inProcess<string>({ role: 'provide', workload: 'vwap_1m', dataset: name, file: '', bundle: '', peer: '' });
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) void chunk;
  return path;
}

const missing = flinkMissing();
if (missing !== null) {
  say(`bench:flink ${missing}`);
  process.exit(2);
}

// What ends this process by hand ends Flink's with it.
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
const machine = thisMachine();
say(`${machineText(machine)}\nFlink 2.3.0: ${settingsText()}`);
const dataset = `us-equities-day?rows=${rows}`;
const file = await provide(dataset);
const shorter = await provide(`us-equities-day?rows=${Math.min(rows, 300_000)}`);
const folder = await mkdtemp(join(tmpdir(), 'tapewright-flink-'));
const measured = new Map<WorkloadName, FlinkRounds>(chosen.map((name) => [name, { replay: [], one: [], two: [], comparisons: [] }]));

/** Ours, then Flink's at both parallelisms, and again for each workload. */
async function measureRound(round: number): Promise<void> {
  for (const parallelism of [1, 2] as const) {
    const peer = await FlinkPeer.start(parallelism, say);
    try {
      await peer.measure('both', shorter, join(folder, `warm-${round}-${parallelism}`), rows);
      for (const [name, rounds] of measured) {
        say(`round ${round + 1} of ${times}: ${name}, Flink at parallelism ${parallelism}`);
        await measureOne(peer, name, parallelism, round, rounds);
      }
    } finally {
      await peer.stop();
    }
  }
}

async function measureOne(peer: FlinkPeer, name: WorkloadName, parallelism: 1 | 2, round: number, rounds: FlinkRounds): Promise<void> {
  const place = join(folder, `${name}-${round}-${parallelism}`);
  await mkdir(place, { recursive: true });
  const assignment: Assignment = { role: 'replay', workload: name, dataset, file, bundle: join(place, 'bundle'), peer: join(place, 'peer') };
  rounds.replay.push(await inProcess<Measurement>(assignment));
  (parallelism === 1 ? rounds.one : rounds.two).push(await peer.measure(name, file, assignment.peer, rows));
  if (round === 0) {
    for (const { table } of (await workloadNamed(name)).peer) await gather(assignment.peer, table);
    rounds.comparisons.push(...(await compareOutputs(assignment, true)).map((comparison) => ({ ...comparison, parallelism })));
  }
  await rm(place, { recursive: true, force: true });
}

try {
  for (let round = 0; round < times; round += 1) await measureRound(round);
} finally {
  await rm(folder, { recursive: true, force: true });
}
for (const [name, rounds] of measured) say(`\n${flinkText(name, rounds)}`);
if (flags.json) {
  const benchmarks = Object.fromEntries([...measured].flatMap(([name, rounds]) => flinkBenchmarkOf(name, rounds)));
  process.stdout.write(`${JSON.stringify({ machine, benchmarks }, null, 2)}\n`);
}
if ([...measured.values()].some(({ comparisons }) => comparisons.some(({ different, onlyOurs, onlyPeer, equal }) => different + onlyOurs + onlyPeer > 0 || equal === 0))) {
  say("Rows differ from Flink's.");
  process.exitCode = 1;
}
