/** A replay in a process of its own, which shares nothing but files with its parent: started by `forked` of processes.ts. */
import type { ReplayOptions } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';

const options = JSON.parse(process.argv[2]!) as Pick<ReplayOptions, 'run' | 'stopAfterRows' | 'report'>;
try {
  const result = await runReplay({ ...options, onProgress: ({ rows }) => process.send?.({ kind: 'rows', rows }) });
  process.send?.({ kind: 'result', result });
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  process.send?.({ kind: 'failed', code, message });
}
process.disconnect?.();
