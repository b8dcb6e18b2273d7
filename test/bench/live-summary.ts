/** The live bench's numbers as lines for people. */
import type { FlinkLatency } from './live-flink.js';
import type { JournalCost } from './live-journal.js';
import type { MeasuredLatency, RecoveryParts } from './live-measures.js';
import type { Done } from './live-processes.js';
import { median } from './summary.js';

export interface Throughput {
  readonly rows: number;
  /** Index i of each is of the same round. */
  readonly counting: Done[];
  readonly vwap_1m: Done[];
  readonly anomalies: Done[];
  /** The anomalies, with the header `released-by`. */
  readonly releasedBy: Done[];
}

export interface LiveNumbers {
  readonly throughput?: Throughput;
  readonly latency?: ({ readonly pipeline: string } & MeasuredLatency)[];
  readonly recovery?: RecoveryParts[];
  readonly journal?: JournalCost;
  readonly flink?: FlinkLatency[];
}

const speed = ({ rows, seconds }: Done): number => rows / seconds;
const thousands = (value: number): string => `${(value / 1000).toFixed(0)} k/s`;

export function throughputText({ rows, counting, vwap_1m: vwap, anomalies, releasedBy }: Throughput): string {
  const line = (name: string, runs: readonly Done[], aim: number | null): string => {
    const ratio = median(runs.map((run, round) => speed(run) / speed(counting[round]!)));
    const memory = Math.max(...runs.map(({ peakRssMB }) => peakRssMB));
    const cpu = median(runs.map(({ cpuSeconds, rows: events }) => (cpuSeconds * 1e6) / events));
    return `  ${name.padEnd(26)} ${thousands(median(runs.map(speed))).padStart(9)}  ${ratio.toFixed(2)} of counting${aim === null ? '' : `, aim ${aim}`}, ${cpu.toFixed(1)} µs of processor an event${runs[0]!.steps === 0 ? '' : `, ${runs[0]!.steps} steps`}, peak RSS ${memory.toFixed(0)} MB`;
  };
  return [
    `throughput, ${rows} events, one partition, from the first fetch to the last commit; median of ${counting.length}`,
    line('kafkajs, only counting', counting, null), line('vwap_1m', vwap, 0.8), line('anomalies', anomalies, 0.6), line('anomalies, --released-by', releasedBy, null), '',
  ].join('\n');
}

const percentiles = ({ p50, p99, p999, max, rows }: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number; readonly rows: number }): string =>
  `p50 ${p50.toFixed(1).padStart(7)}  p99 ${p99.toFixed(1).padStart(7)}  p99.9 ${p999.toFixed(1).padStart(7)}  most ${max.toFixed(1).padStart(7)} ms, ${rows} rows`;

export function latencyText(found: NonNullable<LiveNumbers['latency']>): string {
  return [
    'latency, from the send of the row that released an output row to a read_committed reader; open loop (aim: p50 at most 40, p99 at most 100 ms)',
    ...found.map((one) => `  ${one.pipeline.padEnd(10)} ${String(one.rate).padStart(6)}/s  ${percentiles(one)}; event time waits ${one.eventTimeDelay} ms apart`), '',
  ].join('\n');
}

export function recoveryText(found: readonly RecoveryParts[]): string {
  const line = ({ total, process, connect, take, firstCommit, visible }: RecoveryParts): string =>
    `  ${String(total).padStart(6)} ms: process ${process}, plan and topics ${connect}, take the lane ${take}, first commit ${firstCommit}, visible ${visible}`;
  return ['recovery, from SIGKILL to the first new output that a reader sees, --lanes (aim: at most 2000 ms)', ...found.map(line), `  median ${median(found.map(({ total }) => total))} ms`, ''].join('\n');
}

export function journalText({ rate, events, steps, bytesPerEvent, withMillis, withoutMillis, timeShare }: JournalCost): string {
  return [
    `journal at ${rate} events/s: ${bytesPerEvent} bytes an event (aim 4), ${events} events in ${steps} steps`,
    `  a transaction takes ${withMillis} ms with its record and ${withoutMillis} ms without: ${(timeShare * 100).toFixed(1)} % (aim 5 %)`, '',
  ].join('\n');
}

export function flinkText(found: readonly FlinkLatency[]): string {
  return ["Flink's sink on the filter pipeline at 2000/s, the same load and reader", ...found.map((one) => `  ${one.guarantee.padEnd(14)} checkpoints ${one.checkpoint.padEnd(7)} ${percentiles(one)}`), ''].join('\n');
}
