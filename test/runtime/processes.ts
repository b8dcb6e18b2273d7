/** Replays in processes of their own, killed when they have done something that was waited for. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { watch, type FSWatcher } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ReplayOptions, ReplayResult } from '../../src/runtime/options.js';

export type Told =
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'result'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly code?: string; readonly message: string };

export interface ProcessOptions {
  /** Killed (SIGKILL) as soon as this says so of what it told. */
  readonly kill?: (told: Told) => boolean;
  /** Killed as soon as a file of this name appears in the directory, which is there with the first rows. */
  readonly killAt?: { readonly directory: string; readonly file: string };
  /** Blocks that a file may have at the most. */
  readonly limit?: number;
}

/** Runs to its end, or is killed; then what it told last is no result. */
export async function replayProcess(
  options: Pick<ReplayOptions, 'run' | 'stopAfterRows' | 'report'>, { kill = () => false, killAt, limit }: ProcessOptions = {},
): Promise<{ pid: number; told: Told | null }> {
  const script = fileURLToPath(new URL('./replay-process.js', import.meta.url));
  // A limit on the size of files is what a full disk is to a writer, and needs no disk.
  const child: ChildProcess = limit === undefined
    ? fork(script, [JSON.stringify(options)])
    : fork(script, [JSON.stringify(options)], { execPath: '/bin/sh', execArgv: ['-c', `ulimit -f ${limit}; exec "${process.execPath}" "$0" "$@"`] });
  let last: Told | null = null;
  let watcher: FSWatcher | null = null;
  child.on('message', (told: Told) => {
    last = told;
    if (kill(told)) child.kill('SIGKILL');
    if (killAt === undefined || watcher !== null) return;
    watcher = watch(killAt.directory, (_, file) => {
      if (file === killAt.file) child.kill('SIGKILL');
    });
  });
  await once(child, 'close');
  (watcher as FSWatcher | null)?.close();
  return { pid: child.pid!, told: last };
}

/** The result of a run that was not killed. */
export function resultOf(told: Told | null): ReplayResult {
  if (told?.kind !== 'result') throw new Error(`the run gave no result but ${JSON.stringify(told)}`);
  return told.result;
}
