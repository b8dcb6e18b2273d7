/** The peer that runs the same SQL: a Flink cluster on this machine, from the same Parquet file to Parquet files. */
import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { explainFlink } from '../../src/flink/explain.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { FlinkServer } from '../real/flink-server.js';
import { listedJars } from '../real/cached.js';
import type { Measurement } from './processes.js';
import { workloadNamed, type WorkloadName } from './workloads.js';

/** What makes it quickest: all that the job needs in the heap, rows passed on as they are, no checkpoints, no logging. */
export const bestSettings: Readonly<Record<string, string>> = {
  'pipeline.object-reuse': 'true', 'state.backend.type': 'hashmap', 'pipeline.auto-watermark-interval': '200 ms', 'taskmanager.numberOfTaskSlots': '2',
  'cluster.evenly-spread-out-slots': 'true',
};
export const bestJava: readonly string[] = ['-XX:+UseParallelGC', '-Xshare:auto'];
const heapMiB = 4096;

export const settingsText = (): string => [...Object.entries(bestSettings).map(([key, value]) => `${key}=${value}`), 'no checkpoints', 'streaming', ...bestJava, `task heap ${heapMiB} MiB`].join(', ');

export class FlinkPeer {
  private constructor(private readonly flink: FlinkServer, private readonly parallelism: number, /** Of the cluster: its processes answer. */ readonly startupSeconds: number) {}

  static async start(parallelism: number, say: (text: string) => void): Promise<FlinkPeer> {
    const began = performance.now();
    const flink = await FlinkServer.start({ slots: 2, heap: heapMiB, config: bestSettings, java: bestJava, jars: await listedJars('flink-zstd-pom.xml'), say });
    return new FlinkPeer(flink, parallelism, (performance.now() - began) / 1000);
  }

  stop(): Promise<void> {
    return this.flink.stop();
  }

  /** One job, from its tasks' start to its end; `folder` holds its outputs, a folder a table. */
  async measure(workload: WorkloadName, file: string, folder: string, rows: number): Promise<Measurement> {
    const { texts, peer } = await workloadNamed(workload);
    const parquet = (path: string): Record<string, string> => ({
      connector: 'filesystem', path: `file://${path}`, format: 'parquet', 'parquet.utc-timezone': 'true', 'parquet.write.int64.timestamp': 'true', 'parquet.compression': 'ZSTD',
    });
    const tables = { market_data_raw: parquet(file), ...Object.fromEntries(peer.map(({ table }) => [table, parquet(join(folder, table))])) };
    const { statements } = explainFlink(
      { name: workload, scenario: { path: 'scenario.yaml', text: JSON.stringify({ flink: { tables } }) }, sql: texts, expect: { outputs: [], lateMax: null, rejectedMax: null } },
      { ...defaultParameters, bindings: {} },
    );
    await mkdir(folder, { recursive: true });
    // Without the settings of a cluster: those are for exactly-once.
    const own = statements.filter((text) => !text.startsWith('SET '));
    const session = await this.flink.session({ 'execution.runtime-mode': 'streaming', 'table.dml-sync': 'true', 'table.local-time-zone': 'UTC', 'parallelism.default': `${this.parallelism}` });
    const memory = new PeakMemory(this.flink.pids);
    const began = performance.now();
    try {
      for (const statement of own) await session.execute(statement);
    } finally {
      memory.stop();
      await session.close();
    }
    const whole = (performance.now() - began) / 1000;
    const seconds = await this.#lastJobSeconds();
    return { seconds, startupSeconds: this.startupSeconds + whole - seconds, peakRssMB: memory.megabytes, rows };
  }

  /** From RUNNING to FINISHED, as the JobManager says. */
  async #lastJobSeconds(): Promise<number> {
    const get = async (path: string): Promise<unknown> => (await fetch(`${this.flink.rest}${path}`)).json();
    const { jobs } = await get('/jobs/overview') as { jobs: readonly { jid: string; 'start-time': number }[] };
    const last = [...jobs].sort((a, b) => b['start-time'] - a['start-time'])[0]!;
    const { timestamps } = await get(`/jobs/${last.jid}`) as { timestamps: { RUNNING: number; FINISHED: number } };
    return (timestamps.FINISHED - timestamps.RUNNING) / 1000;
  }
}

/** The most that processes hold together, looked at ten times a second. */
class PeakMemory {
  #bytes = 0;
  #ended = false;

  constructor(private readonly pids: readonly number[]) {
    void this.#watch();
  }

  get megabytes(): number {
    return Math.round(this.#bytes / 1e5) / 10;
  }

  stop(): void {
    this.#look();
    this.#ended = true;
  }

  async #watch(): Promise<void> {
    for (; !this.#ended; await pause(100)) this.#look();
  }

  #look(): void {
    const kilobytes = this.pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0));
    this.#bytes = Math.max(this.#bytes, kilobytes.reduce((sum, one) => sum + one, 0) * 1024);
  }
}

/** A table's part files as the one file that rows are compared in. */
export async function gather(folder: string, table: string): Promise<void> {
  const parts = (await readdir(join(folder, table))).filter((name) => name.startsWith('part-')).map((name) => `'${join(folder, table, name)}'`);
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run(`COPY (SELECT * FROM read_parquet([${parts.join(', ')}])) TO '${join(folder, `${table}.parquet`)}' (FORMAT parquet)`);
}
