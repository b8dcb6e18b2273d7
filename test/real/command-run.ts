/** A command in a process of its own, and the JSON that it writes: an object a line, or one in all. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/versions.js';

export class CommandRun<Line> {
  readonly lines: Line[] = [];
  #out = '';
  errors = '';
  /** Its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #isRunning = true;
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [join(packageRoot(), 'bin', 'run.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
    const kill = (): void => { this.#child.kill('SIGKILL'); };
    process.once('exit', kill);
    let rest = '';
    this.#child.stdout!.on('data', (text: Buffer) => {
      this.#out += text.toString();
      const lines = (rest + text.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line.startsWith('{') && line.endsWith('}')) this.lines.push(JSON.parse(line) as Line);
      this.#wake();
    });
    this.#child.stderr!.on('data', (text: Buffer) => {
      this.errors += text.toString();
      this.#wake();
    });
    this.ended = new Promise((resolve) => this.#child.once('close', (code) => {
      this.#isRunning = false;
      process.off('exit', kill);
      this.#wake();
      resolve(code);
    }));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What it said last, or in all. */
  get result(): Line | undefined {
    return this.lines.at(-1) ?? (this.#out === '' ? undefined : JSON.parse(this.#out) as Line);
  }

  /** Resolves to what is looked for, once it is there; throws when the command ends before. */
  async until<Found>(look: () => Found | null | undefined): Promise<Found> {
    for (;;) {
      const found = look();
      if (found !== null && found !== undefined) return found;
      if (!this.#isRunning) throw new Error(`the command ended: ${this.errors}`);
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  end(signal: 'SIGINT' | 'SIGKILL'): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
