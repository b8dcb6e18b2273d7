/** Processes of the live bench: what each is told, and what it tells. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../src/live/clients.js';

export interface Servers {
  readonly brokers: string;
  readonly registry: string;
  /** Of live. */
  readonly client: Client;
}

export type LiveAssignment = Servers & (
  | { readonly role: 'load'; readonly topic: string; /** Messages a second. */ readonly rate: number; readonly seconds: number }
  | { readonly role: 'count'; readonly topic: string; readonly rows: number }
  | { readonly role: 'live'; readonly sql: string; readonly group: string; readonly state: string; readonly until: 'latest' | null; readonly start: 'earliest' | 'latest'; readonly releasedBy: boolean }
);

/** Times are epoch ms with fractions. */
export interface Moment {
  readonly event: 'began' | 'loaded' | 'started' | 'taking' | 'taken' | 'committed';
  readonly at: number;
}

export interface Done {
  readonly event: 'done';
  readonly seconds: number;
  /** Of all threads in that time: what else the machine does is not in it. */
  readonly cpuSeconds: number;
  readonly rows: number;
  readonly steps: number;
  readonly peakRssMB: number;
}

export type LiveLine = Moment | Done;

export class LiveWorker {
  readonly lines: LiveLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #isEnded = false;

  constructor(assignment: LiveAssignment) {
    this.#child = spawn(process.execPath, [fileURLToPath(new URL('./live-worker.js', import.meta.url)), JSON.stringify(assignment)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) this.lines.push(JSON.parse(line) as LiveLine);
      this.#tell();
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', () => {
      this.#isEnded = true;
      resolve();
      this.#tell();
    }));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The first line of that kind. Throws where the process ends without one. */
  async said<Event extends LiveLine['event']>(event: Event): Promise<Event extends 'done' ? Done : Moment> {
    for (;;) {
      const found = this.lines.find((line) => line.event === event);
      if (found !== undefined) return found as Event extends 'done' ? Done : Moment;
      if (this.#isEnded) throw new Error(`the process ended before it said '${event}'`);
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** As a power cut, or asked to stop; resolves when it has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }

  #tell(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
