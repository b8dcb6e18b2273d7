/**
 * What a state of many keys costs: `npm run bench -- --state [--rows N] [--only NAME,…] [--json]`, 5 M keys by default.
 * Memory, the pauses that checkpoints make in the flow, and what they write when 1 % of the keys has changed; next to a
 * map of objects that is written whole with V8's serializer. Each in a process of its own. Exits 1 when a state takes more
 * than 260 bytes a key beside 0.2 GB, or stops the flow for more than 200 ms, less what other processes took of them.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serialize } from 'node:v8';
import { thisMachine } from './machine.js';
import { peakRssMB } from './processes.js';
import { runState, type StateRun, type TakenState } from './state-run.js';
import { stateWorkloads } from './state-workloads.js';
import { machineText } from './summary.js';

const peer = 'map of objects';
const pauseMost = 200;
const megabytesMost = (keys: number): number => 200 + keys * 260 / 1e6;

interface PeerRun {
  readonly loadSeconds: number;
  readonly bytes: number;
  readonly pauseMillis: number;
  readonly peakRssMB: number;
}

const run = promisify(execFile);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

export async function benchState({ keys, only, json }: { readonly keys: number; readonly only: readonly string[]; readonly json: boolean }): Promise<void> {
  const machine = thisMachine();
  say(machineText(machine));
  const benchmarks: Record<string, StateRun | PeerRun> = {};
  for (const name of [...Object.keys(stateWorkloads), peer]) {
    if (only.length > 0 && !only.includes(name)) continue;
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-bench-'));
    try {
      const { stdout } = await run(process.execPath, ['--max-old-space-size=12000', fileURLToPath(import.meta.url), name, folder, String(keys)]);
      const found = JSON.parse(stdout) as StateRun | PeerRun;
      benchmarks[name] = found;
      say('first' in found ? textOf(name, found) : peerText(found, keys));
      if ('first' in found && !isEnough(found)) process.exitCode = 1;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine, benchmarks }, null, 2)}\n`);
}

const longest = ({ first, changed }: StateRun, what: (one: TakenState) => number): number => Math.max(...[first, ...changed].map(what));
const isEnough = (found: StateRun): boolean => found.agrees && longest(found, ({ ownPauseMillis }) => ownPauseMillis) <= pauseMost && found.peakRssMB <= megabytesMost(found.keys);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function textOf(name: string, found: StateRun): string {
  const { keys, loadSeconds, first, changed, resumeSeconds, agrees } = found;
  const most = (what: (one: TakenState) => number): string => longest(found, what).toFixed(0);
  return `${name.padEnd(16)} ${keys} keys in ${loadSeconds.toFixed(1)} s, peak RSS ${found.peakRssMB.toFixed(0)} MB; first checkpoint ${megabytes(first.bytes)}, then with 1 % changed `
    + `${changed.map(({ bytes }) => megabytes(bytes)).join(', ')}; longest pause ${most(({ ownPauseMillis }) => ownPauseMillis)} ms, of which taking it ${most(({ ownTakingMillis }) => ownTakingMillis)} ms (by the clock, with what others had of the processors, ${most(({ pauseMillis }) => pauseMillis)} and ${most(({ takingMillis }) => takingMillis)} ms)`
    + `; taken up again in ${resumeSeconds.toFixed(1)} s${agrees ? '' : ', WITH ANOTHER DIGEST'}${isEnough(found) ? '' : ', NOT AS ASKED'}`;
}

const peerText = ({ loadSeconds, bytes, pauseMillis, peakRssMB: peak }: PeerRun, keys: number): string =>
  `${peer.padEnd(16)} ${keys} keys in ${loadSeconds.toFixed(1)} s, peak RSS ${peak.toFixed(0)} MB; each checkpoint ${megabytes(bytes)}, for which it stops ${pauseMillis.toFixed(0)} ms`;

/** The rows of the captured table, as a program without an engine would keep them. */
async function runPeer(keys: number, folder: string): Promise<PeerRun> {
  const began = performance.now();
  const { columns } = stateWorkloads['captured table']!;
  const rows = new Map<number, unknown>();
  for (let id = 0; id < keys; id += 1) rows.set(id, Object.fromEntries(Object.entries(columns).filter(([name]) => !name.startsWith('$')).map(([name, value]) => [name, value(id, 0)])));
  const loaded = performance.now();
  const state = serialize(rows);
  const pauseMillis = performance.now() - loaded;
  await writeFile(join(folder, 'state'), state);
  return { loadSeconds: (loaded - began) / 1000, bytes: state.length, pauseMillis, peakRssMB: peakRssMB() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, folder, keys] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(name === peer ? await runPeer(Number(keys), folder!) : await runState(name!, Number(keys), folder!)));
}
