/**
 * Runs commands one after the other as the command line does, but in one process, since most of a short command's time
 * is its start. Started by `runAll`, which tells them on standard input.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { run as runCommand } from '@oclif/core';
import { packageRoot } from '../../src/runtime/versions.js';
import type { Ran } from './command-line.js';

/** What each of the commands said in `directory`. Datasets are made in a cache of their own. */
export function runAll(directory: string, commands: readonly (readonly string[])[]): Ran[] {
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: directory, TAPEWRIGHT_CACHE: join(directory, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { cwd: directory, encoding: 'utf8', env, input: JSON.stringify(commands), maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`the commands could not be run: ${stderr}`);
  return JSON.parse(stdout) as Ran[];
}

async function ran(args: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const [out, err] = [process.stdout.write, process.stderr.write];
  process.stdout.write = ((chunk: string) => { said.out += chunk; return true; }) as typeof out;
  process.stderr.write = ((chunk: string) => { said.err += chunk; return true; }) as typeof err;
  process.exitCode = 0;
  try {
    await runCommand([...args], packageRoot());
  } catch (error) {
    const exit = (error as { oclif?: { exit?: number } }).oclif?.exit ?? 2;
    if (exit !== 0) said.err += `${(error as Error).message}\n`;
    process.exitCode = exit;
  } finally {
    process.stdout.write = out;
    process.stderr.write = err;
  }
  const code = Number(process.exitCode);
  process.exitCode = 0;
  return { code, ...said };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all: Ran[] = [];
  for (const args of JSON.parse(await text(process.stdin)) as string[][]) all.push(await ran(args));
  process.stdout.write(JSON.stringify(all));
}
