/** A job's results from Flink: all its statements in one statement set, whose rows the `print` connector writes. */
import { open, stat } from 'node:fs/promises';
import type { FlinkServer } from '../real/flink-server.js';
import { stateLife, type Job } from './job.js';
import { canonical, type Value } from './value.js';

export interface Change {
  /** +I, -U, +U or -D. */
  readonly op: string;
  readonly row: readonly Value[];
}

/** One parallel task, UTC, a watermark after every row, nothing that depends on real time. */
const settings: Readonly<Record<string, string>> = {
  'execution.runtime-mode': 'streaming', 'table.dml-sync': 'true', 'table.local-time-zone': 'UTC', 'parallelism.default': '1',
  'pipeline.auto-watermark-interval': '0 ms', 'table.exec.source.idle-timeout': '0 ms', 'table.exec.sink.upsert-materialize': 'NONE', 'table.exec.state.ttl': stateLife,
};

/** By trial and output. Throws `FlinkError` where Flink refuses a statement or the job fails. */
export async function runTheirs(flink: FlinkServer, job: Job): Promise<readonly (readonly (readonly Change[])[])[]> {
  const before = (await stat(flink.printed)).size;
  const session = await flink.session(settings);
  try {
    for (const definition of job.definitions) await session.execute(definition);
    await session.execute(`EXECUTE STATEMENT SET BEGIN\n${job.inserts.join(';\n')};\nEND`);
  } finally {
    await session.close();
  }
  const lines = new Map(job.outputs.flat().map(({ name }) => [name, [] as string[]]));
  for (const line of (await textFrom(flink.printed, before)).split('\n')) {
    const found = /^(\w+)> (.*)$/.exec(line);
    if (found !== null) lines.get(found[1]!)?.push(found[2]!);
  }
  return job.outputs.map((outputs) => outputs.map(({ name, columns }) => lines.get(name)!.map((line) => parse(line, columns.map(({ type }) => type)))));
}

async function textFrom(path: string, from: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size - from);
    await file.read(bytes, 0, bytes.length, from);
    return bytes.toString('utf8');
  } finally {
    await file.close();
  }
}

/** `+I[a, b]`: our data have no commas in texts. */
function parse(line: string, types: readonly string[]): Change {
  const cells = line.slice(3, -1).split(', ');
  if (cells.length !== types.length) throw new Error(`Flink printed ${cells.length} values for ${types.length} columns: ${line}`);
  return { op: line.slice(0, 2), row: cells.map((cell, column) => (cell === 'null' ? null : canonical(cell, types[column]!))) };
}
