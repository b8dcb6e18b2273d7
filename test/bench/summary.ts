/** From measurements to what is printed. */
import type { Machine } from './machine.js';
import type { Comparison, Measurement } from './processes.js';
import type { WorkloadName } from './workloads.js';

/** The runs of one workload, interleaved: index i of each is of the same round. */
export interface Rounds {
  readonly replay: Measurement[];
  readonly peer: Measurement[];
  /** With sums that round; none for `trading_day`. */
  readonly naive: Measurement[];
  comparisons: readonly Comparison[];
}

export interface Benchmark {
  readonly eventsPerSecond: number;
  readonly peer: string;
  readonly peerEventsPerSecond: number;
  /** Median over the rounds of ours against the peer's, in events a second. */
  readonly ratio: number;
  readonly peakRssMB: number;
}

export const speed = ({ rows, seconds }: Measurement): number => rows / seconds;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const medianOf = (runs: readonly Measurement[], value: (run: Measurement) => number): number => median(runs.map(value));

/** Ratios of runs of the same round: what loads the machine loads both. */
const paired = (above: readonly Measurement[], below: readonly Measurement[]): number => median(above.map((run, round) => speed(run) / speed(below[round]!)));

export function benchmarkOf({ replay, peer }: Rounds, machine: Machine): Benchmark {
  return {
    eventsPerSecond: Math.round(medianOf(replay, speed)),
    peer: `DuckDB ${machine.duckdb}, one thread`,
    peerEventsPerSecond: Math.round(medianOf(peer, speed)),
    ratio: Math.round(paired(replay, peer) * 1000) / 1000,
    peakRssMB: Math.max(...replay.map(({ peakRssMB }) => peakRssMB)),
  };
}

const millions = (eventsPerSecond: number): string => `${(eventsPerSecond / 1e6).toFixed(2)} M events/s`;

export function machineText({ cores, model, memoryGB, platform, node, duckdb, tapewright }: Machine): string {
  return `${cores} × ${model}, ${memoryGB} GB, ${platform}; Node ${node}, DuckDB ${duckdb}, Tapewright ${tapewright}`;
}

/** A few lines for people about one workload. */
export function workloadText(name: WorkloadName, rounds: Rounds, machine: Machine): string {
  const { replay, peer, naive, comparisons } = rounds;
  const { ratio } = benchmarkOf(rounds, machine);
  const line = (label: string, runs: readonly Measurement[]): string => {
    const [least, most] = [Math.min(...runs.map(({ seconds }) => seconds)), Math.max(...runs.map(({ seconds }) => seconds))];
    return `  ${label.padEnd(8)} ${millions(medianOf(runs, speed)).padStart(16)}  ${medianOf(runs, ({ seconds }) => seconds).toFixed(2)} s (${least.toFixed(2)} to ${most.toFixed(2)})`
      + `, start-up ${medianOf(runs, ({ startupSeconds }) => startupSeconds).toFixed(2)} s, peak RSS ${Math.max(...runs.map(({ peakRssMB }) => peakRssMB)).toFixed(0)} MB`;
  };
  const lines = [`${name}, ${replay[0]!.rows} events, median of ${replay.length}`, line('ours', replay), line('DuckDB', peer), `  ours : DuckDB ${ratio.toFixed(2)} in events/s, paired by round`];
  if (naive.length > 0) {
    lines.push(line('naive', naive), `  exact sums take ${paired(naive, replay).toFixed(2)} times as long as naive ones, end to end`);
  }
  for (const { table, equal, different, onlyOurs, onlyPeer, atBound, leftOut, worst, examples } of comparisons) {
    lines.push(`  ${table}: ${equal} rows equal to DuckDB's (doubles to ${worst.toExponential(1)}), ${different} different, ${onlyOurs} only ours, ${onlyPeer} only DuckDB's, ${atBound} on one side as a score equals its bound; ${leftOut} left out as late rows touch them`, ...examples.map((example) => `    ${example}`));
  }
  return `${lines.join('\n')}\n`;
}

export const agrees = ({ different, onlyOurs, onlyPeer, equal }: Comparison): boolean => different + onlyOurs + onlyPeer === 0 && equal > 0;
