/** Measured runs are processes of their own: nothing that one has compiled, allocated or cached helps the next. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkloadName } from './workloads.js';

/** What one process is asked to do. */
export interface Assignment {
  readonly role: 'provide' | 'replay' | 'naive' | 'peer' | 'compare';
  readonly workload: WorkloadName;
  /** The dataset as `--bind` names it, and its file. */
  readonly dataset: string;
  readonly file: string;
  /** Folder of our bundle, and of the peer's files. */
  readonly bundle: string;
  readonly peer: string;
}

export interface Measurement {
  /** From the first byte read to the last output durable. */
  readonly seconds: number;
  /** The process before that. */
  readonly startupSeconds: number;
  /** Of the whole process, threads and all; MB of 1e6 bytes. */
  readonly peakRssMB: number;
  readonly rows: number;
}

export interface Comparison {
  readonly table: string;
  /** Rows on both sides whose values are equal, and differ. */
  readonly equal: number;
  readonly different: number;
  /** Rows that only one side has, for a score equals the bound that it is filtered by, to 1e-9. */
  readonly atBound: number;
  /** Rows that only one side has, for no such reason. */
  readonly onlyOurs: number;
  readonly onlyPeer: number;
  /** Rows of ours that late rows touched: left out. */
  readonly leftOut: number;
  /** Of the equal ones, those whose deviation is as far from ours as the peer's running sums explain, and further than 1e-9. */
  readonly drifted: number;
  /** The largest relative difference of a double. */
  readonly worst: number;
  /** A few rows that differ, or that only one side has. */
  readonly examples: readonly string[];
}

/** Runs one process and returns what it says on standard output, one JSON value. */
export async function inProcess<Result>(assignment: Assignment): Promise<Result> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./worker.js', import.meta.url)), JSON.stringify(assignment)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text; });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`the process for ${assignment.role} ${assignment.workload} ended with ${code}`);
  return JSON.parse(said) as Result;
}

/** The most memory that this process has held. */
export function peakRssMB(): number {
  return Math.round(process.resourceUsage().maxRSS * 1024 / 1e5) / 10;
}
