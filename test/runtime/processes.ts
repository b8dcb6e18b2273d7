/** Replays in processes of their own, killed when they have done something that was waited for. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ReplayOptions, ReplayResult } from '../../src/runtime/options.js';

export type Told =
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'result'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly code?: string; readonly message: string };

/** Runs to its end, or is killed (SIGKILL) as soon as `kill` says so of what it told; then `told` has no result. */
export async function replayProcess(
  options: Pick<ReplayOptions, 'run' | 'stopAfterRows' | 'report'>, kill: (told: Told) => boolean = () => false, limit: number | null = null,
): Promise<{ pid: number; told: Told | null }> {
  const script = fileURLToPath(new URL('./replay-process.js', import.meta.url));
  // A limit on the size of files is what a full disk is to a writer, and needs no disk.
  const child: ChildProcess = limit === null
    ? fork(script, [JSON.stringify(options)])
    : fork(script, [JSON.stringify(options)], { execPath: '/bin/sh', execArgv: ['-c', `ulimit -f ${limit}; exec "${process.execPath}" "$0" "$@"`] });
  let last: Told | null = null;
  child.on('message', (told: Told) => {
    last = told;
    if (kill(told)) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return { pid: child.pid!, told: last };
}

/** The result of a run that was not killed. */
export function resultOf(told: Told | null): ReplayResult {
  if (told?.kind !== 'result') throw new Error(`the run gave no result but ${JSON.stringify(told)}`);
  return told.result;
}
