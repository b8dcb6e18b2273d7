/**
 * What one core does with one operator: `npm run bench -- --operators [--rows N] [--times N] [--only NAME,…] [--json]`,
 * 2 M rows and three rounds by default. The engine alone, over rows that lie in memory, each run in a process of its
 * own; by processor time, so that what else runs on the machine counts less; after a pass over a tenth of the rows,
 * which compiles the code. What must reach 1 M events/s is run in every round, the rest in the first; exits 1 when one
 * does not reach it.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Batch } from '../../src/core/batch.js';
import type { HashFunction } from '../../src/core/digest.js';
import { Engine } from '../../src/engine/engine.js';
import { rawSchema } from '../../src/engine/physical.js';
import type { Pipeline } from '../../src/plan/plan.js';
import { LaneFeed } from '../../src/runtime/lane-feed.js';
import { planSql } from '../../src/sql/planner.js';
import { readDay, writeDay } from './day-rows.js';
import { thisMachine } from './machine.js';
import { operatorWorkloads } from './operator-workloads.js';
import { peakRssMB } from './processes.js';
import { machineText, median } from './summary.js';

interface OperatorRun {
  /** Rows of the tables that are read. */
  readonly rows: number;
  readonly results: number;
  /** Of all threads of the process while rows run through the engine, and by the clock on the wall. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly peakRssMB: number;
}

const run = promisify(execFile);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const speed = ({ rows, cpuSeconds }: OperatorRun): number => rows / cpuSeconds;

/** Rounds over all operators, one after the other. */
export async function benchOperators({ rows, times, only, json }: { readonly rows: number; readonly times: number; readonly only: readonly string[]; readonly json: boolean }): Promise<void> {
  const machine = thisMachine();
  say(machineText(machine));
  const measured = new Map(Object.keys(operatorWorkloads).filter((name) => only.length === 0 || only.includes(name)).map((name) => [name, [] as OperatorRun[]]));
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-bench-'));
  try {
    writeDay(folder, rows);
    for (let round = 0; round < times; round += 1) {
      for (const [name, runs] of measured) if (round === 0 || operatorWorkloads[name]!.least !== null) runs.push(await inNewProcess(name, folder, rows));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const [name, runs] of measured) {
    const { rows: count, results } = runs[0]!;
    const least = operatorWorkloads[name]!.least;
    const reached = median(runs.map(speed));
    say(`${name.padEnd(18)} ${(reached / 1e6).toFixed(2).padStart(6)} M events/s of one core (wall ${(count / median(runs.map(({ seconds }) => seconds)) / 1e6).toFixed(2)}), ${count} events, ${results} results`
      + `, peak RSS ${Math.max(...runs.map((one) => one.peakRssMB)).toFixed(0)} MB${least === null ? '' : reached >= least ? ', as asked' : `, BELOW ${least / 1e6} M`}`);
    if (least !== null && reached < least) process.exitCode = 1;
  }
  if (json) {
    const benchmarks = Object.fromEntries([...measured].map(([name, runs]) => [name, {
      eventsPerSecond: Math.round(median(runs.map(speed))), wallEventsPerSecond: Math.round(median(runs.map(({ rows: count, seconds }) => count / seconds))), peakRssMB: Math.max(...runs.map((one) => one.peakRssMB)),
    }]));
    process.stdout.write(`${JSON.stringify({ machine, benchmarks }, null, 2)}\n`);
  }
}

async function inNewProcess(name: string, folder: string, rows: number): Promise<OperatorRun> {
  const { stdout } = await run(process.execPath, [fileURLToPath(import.meta.url), name, folder, String(rows)]);
  return JSON.parse(stdout) as OperatorRun;
}

const sha256: HashFunction = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

function measure(name: string, folder: string, rows: number): OperatorRun {
  const { sql, tables } = operatorWorkloads[name]!;
  const pipeline = planSql(sql);
  const warm = new Passage(pipeline);
  warm.run(inputsOf(warm.engine, tables, folder, Math.ceil(rows / 10)));
  const passage = new Passage(pipeline);
  const inputs = inputsOf(passage.engine, tables, folder, rows);
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  passage.run(inputs);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { rows: inputs.flat().reduce((sum, { length }) => sum + length, 0), results: passage.results, cpuSeconds: (user + system) / 1e6, seconds, peakRssMB: peakRssMB() };
}

/** A new engine, and rows on their way through it. */
class Passage {
  readonly engine: Engine;
  results = 0;

  constructor(pipeline: Pipeline) {
    this.engine = new Engine(pipeline, { lane: 0, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: null, strict: false });
  }

  run(inputs: readonly (readonly Batch[])[]): void {
    const feed = new LaneFeed(this.engine, { stepEvery: 10_000, from: null }, ({ outputs }) => {
      for (const { batch } of outputs) this.results += batch.length;
    });
    const [next, positions] = [inputs.map(() => 0), inputs.map(() => 0)];
    for (;;) {
      const end = feed.drain(Infinity, () => false);
      if (end.kind !== 'starved') break;
      const { input } = end;
      const batch = inputs[input]![next[input]!];
      next[input]! += 1;
      if (batch === undefined) feed.end(input);
      else {
        feed.push(this.engine.scan(input, 0, { batch, position: positions[input]!, positions: null, watermarks: null }).batch);
        positions[input]! += batch.length;
      }
    }
    feed.finish(true);
  }
}

/** What the engine reads of each table. */
function inputsOf({ pipeline, plan }: Engine, tables: Readonly<Record<string, string | null>>, folder: string, rows: number): Batch[][] {
  return pipeline.sources.map((source, input) => {
    const raw = rawSchema(source);
    return readDay(folder, rows, plan.columns[input]!.map((column) => raw[column]!.name), tables[source.name]!);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, folder, rows] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(measure(name!, folder!, Number(rows))));
}
