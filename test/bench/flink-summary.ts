/** From measurements against Flink to what is printed. */
import type { Comparison, Measurement } from './processes.js';
import type { Benchmark } from './summary.js';
import { median, medianOf, speed } from './summary.js';
import type { WorkloadName } from './workloads.js';

/** The runs of one workload. Ours ran beside each of Flink's: the even ones beside parallelism 1, the odd ones beside 2. */
export interface FlinkRounds {
  readonly replay: Measurement[];
  readonly one: Measurement[];
  readonly two: Measurement[];
  readonly comparisons: (Comparison & { readonly parallelism: 1 | 2 })[];
}

/** Runs of the same round: ours, and Flink's at one parallelism. */
const sides = ({ replay, one, two }: FlinkRounds): readonly (readonly [parallelism: number, ours: readonly Measurement[], flink: readonly Measurement[]])[] =>
  [[1, replay.filter((_, index) => index % 2 === 0), one], [2, replay.filter((_, index) => index % 2 === 1), two]];

const peak = (runs: readonly Measurement[]): number => Math.max(...runs.map(({ peakRssMB }) => peakRssMB));
const paired = (ours: readonly Measurement[], flink: readonly Measurement[]): number => median(ours.map((run, round) => speed(run) / speed(flink[round]!)));
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** One for each parallelism, by name. */
export function flinkBenchmarkOf(name: WorkloadName, rounds: FlinkRounds): [string, Benchmark & { readonly peerPeakRssMB: number; readonly memoryRatio: number }][] {
  return sides(rounds).map(([parallelism, ours, flink]) => [`${name}-flink-${parallelism}`, {
    eventsPerSecond: Math.round(medianOf(ours, speed)), peer: `Flink 2.3.0, parallelism ${parallelism}`, peerEventsPerSecond: Math.round(medianOf(flink, speed)),
    ratio: rounded(paired(ours, flink)), peakRssMB: peak(ours), peerPeakRssMB: peak(flink), memoryRatio: rounded(peak(ours) / peak(flink)),
  }]);
}

/** A few lines for people about one workload. */
export function flinkText(name: WorkloadName, rounds: FlinkRounds): string {
  const line = (label: string, runs: readonly Measurement[]): string => {
    const seconds = runs.map((run) => run.seconds);
    return `  ${label.padEnd(8)} ${(medianOf(runs, speed) / 1e6).toFixed(2)} M events/s, ${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`
      + `, start-up ${medianOf(runs, ({ startupSeconds }) => startupSeconds).toFixed(2)} s, peak RSS ${peak(runs).toFixed(0)} MB`;
  };
  const lines = [`${name}, ${rounds.replay[0]!.rows} events, median of ${rounds.one.length}`, line('ours', rounds.replay)];
  for (const [parallelism, ours, flink] of sides(rounds)) {
    lines.push(line(`Flink ${parallelism}`, flink), `  ours : Flink ${parallelism}   ${paired(ours, flink).toFixed(2)} in events/s, paired by round; ${(peak(ours) / peak(flink)).toFixed(2)} in peak memory`);
  }
  for (const { table, parallelism, equal, different, onlyOurs, onlyPeer, atBound, leftOut, drifted, worst, examples } of rounds.comparisons) {
    lines.push(
      `  ${table}, parallelism ${parallelism}: ${equal} rows equal to Flink's (doubles to ${worst.toExponential(1)}; of ${drifted} the deviation to what running sums lose), ${different} different, ${onlyOurs} only ours, ${onlyPeer} only Flink's, `
      + `${atBound} on one side as a score equals its bound; ${leftOut} left out as late rows touch them`, ...examples.map((example) => `    ${example}`),
    );
  }
  return lines.join('\n');
}
