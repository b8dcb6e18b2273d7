/**
 * Measures replays against DuckDB, changes, operators and state: `npm run bench -- --help`.
 * Interleaved, each run in a process of its own, from first byte read to last output durable. Exits 1 when rows differ.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCdc } from './cdc.js';
import { thisMachine } from './machine.js';
import { benchOperators } from './operators.js';
import { benchState } from './state.js';
import { inProcess, type Assignment, type Comparison, type Measurement } from './processes.js';
import { agrees, benchmarkOf, machineText, workloadText, type Rounds } from './summary.js';
import { workloadNames, type WorkloadName } from './workloads.js';

const help = `Measures replays, each run in a process of its own; prints to stderr, and with --json the numbers to stdout.

  npm run bench                      VWAP, anomalies and the trading day against DuckDB, exact against naive arithmetic
  npm run bench -- --long            … and with four times the rows: memory must not grow with them
  npm run bench -- --operators       the engine's operators by themselves
  npm run bench -- --cdc             changes of a database applied from history, against DuckDB
  npm run bench -- --state           what state of many keys costs: memory, checkpoints, recovery

  --rows N         events, records of --cdc, keys of --state
  --times N        rounds
  --only A,B       of the first form: ${workloadNames.join(', ')}; of --operators and --state: their own names
  --json           numbers, with the machine that they are of

Exits 1 when rows differ from those of the peer, 2 for flags that are none.
`;

const options = {
  rows: { type: 'string' },
  times: { type: 'string' },
  only: { type: 'string', default: '' },
  operators: { type: 'boolean', default: false },
  cdc: { type: 'boolean', default: false },
  state: { type: 'boolean', default: false },
  long: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;
const flags = readFlags();
if (flags.help) {
  process.stdout.write(help);
  process.exit();
}

function readFlags() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

const rows = wholeNumber('rows', flags.rows ?? (flags.operators || flags.cdc ? '2000000' : flags.state ? '5000000' : '10000000'));
const times = wholeNumber('times', flags.times ?? (flags.operators || flags.cdc ? '3' : '5'));
const only = flags.only.split(',').filter((name) => name !== '');
const chosen = workloadNames.filter((name) => only.length === 0 || only.includes(name));
/** Rows of `--long`, as a multiple of `--rows`. */
const longer = 4;

const say = (text: string): void => void process.stderr.write(text);

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  say(`--${flag} ${text}: must be a whole number, 1 or more\n`);
  process.exit(2);
}

if (flags.state) {
  await benchState({ keys: rows, only, json: flags.json });
  process.exit();
}

if (flags.operators) {
  await benchOperators({ rows, times, only, json: flags.json });
  process.exit();
}

if (flags.cdc) {
  await benchCdc({ rows, times, json: flags.json });
  process.exit();
}

/** Makes the dataset if need be, in a process of its own, and reads it once: everyone finds it in the page cache. */
async function provide(count: number): Promise<{ dataset: string; file: string }> {
  const dataset = `us-equities-day?rows=${count}`;
  const file = await inProcess<string>({ role: 'provide', workload: 'vwap_1m', dataset, file: '', bundle: '', peer: '' });
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) void chunk;
  return { dataset, file };
}

async function measureRound(name: WorkloadName, round: number, data: { dataset: string; file: string }, folder: string, rounds: Rounds): Promise<void> {
  const place = join(folder, `${name}-${round}`);
  const assignment = (role: Assignment['role'], bundle = join(place, 'bundle')): Assignment => ({ role, workload: name, ...data, bundle, peer: join(place, 'peer') });
  await mkdir(join(place, 'peer'), { recursive: true });
  rounds.replay.push(await inProcess<Measurement>(assignment('replay')));
  rounds.peer.push(await inProcess<Measurement>(assignment('peer')));
  if (name !== 'trading_day') rounds.naive.push(await inProcess<Measurement>(assignment('naive', join(place, 'naive'))));
  // Runs of one workload are alike, row for row: the first is compared.
  if (round === 0) rounds.comparisons = await inProcess<Comparison[]>(assignment('compare'));
  await rm(place, { recursive: true, force: true });
}

/** Peak memory at four times the rows, held against that of the rounds. */
async function measureLong(folder: string, measured: ReadonlyMap<WorkloadName, Rounds>): Promise<void> {
  const data = await provide(rows * longer);
  for (const [name, { replay }] of measured) {
    const bundle = join(folder, `${name}-long`);
    const { seconds, peakRssMB, rows: count } = await inProcess<Measurement>({ role: 'replay', workload: name, ...data, bundle, peer: '' });
    await rm(bundle, { recursive: true, force: true });
    const before = Math.max(...replay.map((run) => run.peakRssMB));
    say(`${name}, ${count} events: ${(count / seconds / 1e6).toFixed(2)} M events/s, peak RSS ${peakRssMB.toFixed(0)} MB, ${(peakRssMB / before).toFixed(2)} times that of ${rows}\n`);
  }
}

const machine = thisMachine();
say(`${machineText(machine)}\n`);
const data = await provide(rows);
const folder = await mkdtemp(join(tmpdir(), 'tapewright-bench-'));
const measured = new Map<WorkloadName, Rounds>(chosen.map((name) => [name, { replay: [], peer: [], naive: [], comparisons: [] }]));
try {
  for (let round = 0; round < times; round += 1) {
    for (const [name, rounds] of measured) {
      say(`round ${round + 1} of ${times}: ${name}\n`);
      await measureRound(name, round, data, folder, rounds);
    }
  }
  for (const [name, rounds] of measured) say(`\n${workloadText(name, rounds, machine)}`);
  if (flags.long) await measureLong(folder, measured);
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (flags.json) {
  const benchmarks = Object.fromEntries([...measured].map(([name, rounds]) => [name, benchmarkOf(rounds, machine)]));
  process.stdout.write(`${JSON.stringify({ machine, benchmarks }, null, 2)}\n`);
}
if ([...measured.values()].some(({ comparisons }) => !comparisons.every(agrees))) {
  say('Rows differ from those of DuckDB.\n');
  process.exitCode = 1;
}
