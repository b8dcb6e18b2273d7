/** A script of this folder in a process of its own, to its end. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended<Result> {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to its output; null: nothing. */
  readonly result: Result | null;
  readonly errors: string;
}

/** `told`: its first argument, as JSON. */
export function inProcess<Result>(script: 'live-process' | 'record-process', told: object): Promise<Ended<Result>> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./${script}.js`, import.meta.url)), JSON.stringify(told)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => { child.kill('SIGKILL'); };
  process.once('exit', kill);
  let out = '', errors = '';
  child.stdout.on('data', (text: Buffer) => { out += text.toString(); });
  child.stderr.on('data', (text: Buffer) => { errors += text.toString(); });
  return new Promise((resolve) => child.once('close', (code, signal) => {
    process.off('exit', kill);
    resolve({ code, signal, errors, result: out === '' ? null : JSON.parse(out) as Result });
  }));
}
