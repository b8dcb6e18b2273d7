/** A live run in a process of its own, as a test sees it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../src/live/clients.js';
import type { LanePhase } from '../../src/live/lane.js';
import type { LiveOptions, LiveResult } from '../../src/live/live.js';

export interface LiveRunOptions {
  readonly sql: string;
  readonly brokers: readonly string[];
  readonly registry?: string;
  readonly group: string;
  readonly state: string;
  readonly killAt?: string;
  readonly until?: LiveOptions['until'];
  readonly client?: Client;
  readonly lanes?: LiveOptions['lanes'];
  readonly onGap?: LiveOptions['onGap'];
  readonly inTurn?: boolean;
}

interface Phase {
  readonly lane: number;
  readonly phase: LanePhase;
  readonly seq: number;
}

export class LiveRun {
  /** Steps that it has said to be committed. */
  committed = 0;
  /** What it has said, but for the phases. */
  errors = '';
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #phases: Phase[] = [];
  readonly #child: ChildProcess;
  #out = '';
  #isRunning = true;
  readonly #waiting = new Set<() => void>();

  constructor({ brokers, registry = '', killAt, ...rest }: LiveRunOptions) {
    const told = { ...rest, brokers: brokers.join(','), registry, killAt: killAt ?? null, tells: true };
    const child = spawn(process.execPath, [fileURLToPath(new URL('./live-process.js', import.meta.url)), JSON.stringify(told)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const kill = (): void => { child.kill('SIGKILL'); };
    process.once('exit', kill);
    let open = '';
    child.stdout.on('data', (text: Buffer) => { this.#out += text.toString(); });
    child.stderr.on('data', (text: Buffer) => {
      const lines = (open + text.toString()).split('\n');
      open = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('{"lane"')) this.#take(JSON.parse(line) as Phase);
        else this.errors += `${line}\n`;
      }
      for (const wake of [...this.#waiting]) wake();
    });
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => {
      this.#isRunning = false;
      process.off('exit', kill);
      for (const wake of [...this.#waiting]) wake();
      resolve({ code, signal });
    }));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get result(): LiveResult {
    if (this.#out === '') throw new Error(`the run gave no result: ${this.errors}`);
    return JSON.parse(this.#out) as LiveResult;
  }

  /** Resolves once it is so; throws when the run ends before. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (!this.#isRunning) throw new Error(`the run has ended too early: ${this.errors}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Resolves, once it has so many lanes at a phase, to those that ever were. */
  async reaches(phase: LanePhase, lanes: number): Promise<number[]> {
    const reached = (): number[] => [...new Set(this.#phases.filter((each) => each.phase === phase).map(({ lane }) => lane))].sort((a, b) => a - b);
    await this.until(() => reached().length >= lanes);
    return reached();
  }

  /** Bytes of memory that it holds now; 0 once it has ended. */
  get memory(): number {
    try {
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  #take(phase: Phase): void {
    this.#phases.push(phase);
    if (phase.phase === 'committed') this.committed += 1;
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
