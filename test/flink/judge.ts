/**
 * Flink as the judge: random statements over random tables, in a real Flink and here. Ends with 1 where a difference is
 * not among the listed ones, and says how to see it again.
 */
import fc from 'fast-check';
import { FlinkServer } from '../real/flink-server.js';
import { flinkMissing } from '../real/flink-files.js';
import { showComparison } from './compare.js';
import { textsOf } from './job.js';
import { sampleKept, type Kept } from './kept.js';
import { kinds } from './kinds.js';
import { commandOf, parseOptions, setSize, type Options } from './options.js';
import { jobFails, judgeSet } from './set.js';
import { shrink, type Difference } from './shrink.js';
import { Summary } from './summary.js';
import type { Drawn } from './statement.js';
import { textOf } from '../laws/support/cells.js';
import { worlds, type World } from './world.js';

/** Differences that are made small; more are only counted. */
const shrunkMost = 3;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(options: Options): Promise<void> {
  const missing = flinkMissing();
  if (missing !== null) {
    if (process.env['CI'] === 'true') throw new Error(`test:flink ${missing}, and in CI nothing is skipped`);
    say(`skipped: test:flink ${missing}`);
    return;
  }
  say(`seed ${options.seed}, at least ${options.statements} statements`);
  const started = Date.now();
  const flink = await FlinkServer.start({ say });
  const stop = (): void => process.exit(130);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const summary = new Summary();
  let failed = true;
  try {
    say(`Flink is up after ${Math.round((Date.now() - started) / 1000)} s`);
    for (let set = options.set ?? 0; summary.statements < options.statements; set += 1) {
      await runSet(flink, options, set, summary);
      if (options.set !== null) break;
    }
    failed = false;
  } finally {
    await flink.stop(failed);
  }
  say(`${summary.text()}in ${Math.round((Date.now() - started) / 1000)} s`);
  if (summary.different > 0) process.exitCode = 1;
}

async function runSet(flink: FlinkServer, options: Options, set: number, summary: Summary): Promise<void> {
  const seed = options.seed + set * 7919;
  const world = fc.sample(worlds, { seed, numRuns: 1 })[0]!;
  const each = Math.ceil(setSize / options.kinds.length);
  const drawn = options.kinds.flatMap((kind, index) => sampleKept(kinds[kind]!(world), seed + index + 1, each));
  const verdicts = await judgeSet(flink, drawn.map(({ value }) => ({ drawn: value, world })));
  verdicts.forEach((verdict, index) => summary.add(drawn[index]!.value, verdict));
  say(`set ${set}: ${summary.line(verdicts)}`);
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.kind === 'refused' && verdict.reason.startsWith(jobFails)) say(`${verdict.reason}: ${textsOf({ drawn: drawn[index]!.value, world }).join('\n')}`);
    if (verdict.kind !== 'different') continue;
    const found: Difference = { trial: { drawn: drawn[index]!.value, world }, verdict };
    say(await explained(flink, options, set, drawn[index]!, world, found, summary.shown < shrunkMost));
    summary.shown += 1;
  }
}

async function explained(flink: FlinkServer, options: Options, set: number, kept: Kept<Drawn>, world: World, found: Difference, small: boolean): Promise<string> {
  const { trial, verdict } = small && options.shrink ? await shrink((trials) => judgeSet(flink, trials), kept, world, found) : found;
  const rows = small ? trial.drawn.tables.flatMap((table) => [`ticks_${table}:`, ...trial.world[table]!.rows.map((row) => `  ${row.map(textOf).join(', ')}`)]) : [];
  return ['', `A difference (${trial.drawn.kind}). Again: ${commandOf(options, set)}`, ...textsOf(trial), ...rows, `columns: ${trial.drawn.outputs[verdict.output]!.map(({ name }) => name).join(', ')}`, showComparison(verdict.comparison), ''].join('\n');
}

await main(parseOptions(process.argv.slice(2))).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
