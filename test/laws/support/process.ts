/** A process of its own: `node process.js replay|stop|resume SEED COUNT DIRECTORY` runs drawn cases and prints digests as JSON. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { inOnePiece } from '../../../src/engine/engine-state.js';
import { recoveryLaw, runUntil, type RecoveryDraw } from './laws.js';
import { run, type Run } from './run.js';

export interface Result {
  readonly digests: Run['digests'];
  /** Of the last step, which is chained over all steps. */
  readonly steps: string | null;
  /** Task `stop`: whether there was a checkpoint to write. */
  readonly state?: boolean;
}

export const drawsOf = (seed: number, count: number): RecoveryDraw[] => fc.sample(recoveryLaw.arbitrary, { seed, numRuns: count });

export const resultOf = ({ digests, records }: Run): Result => ({ digests, steps: records[records.length - 1]?.digest ?? null });

function main(task: string, seed: number, count: number, directory: string): void {
  const results = drawsOf(seed, count).map(({ drawn, stops, stepEvery, checkpointSteps, batchRows }, index): Result => {
    const path = join(directory, `${index}.state`);
    if (task === 'stop') {
      const { durable } = runUntil(drawn, stops[0]!, null, { stepEvery, batchRows }, checkpointSteps);
      if (durable !== null) writeFileSync(path, inOnePiece(durable.state));
      return { digests: [], steps: null, state: durable !== null };
    }
    const restore = task === 'resume' && existsSync(path) ? { restore: [new Uint8Array(readFileSync(path))] } : {};
    return resultOf(run(drawn, { stepEvery, ...restore }));
  });
  process.stdout.write(JSON.stringify(results));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [task, seed, count, directory] = process.argv.slice(2);
  main(task!, Number(seed), Number(count), directory ?? '');
}
