/** Our side: one replay, through the same call as the command's. */
import { faults } from '../../src/core/faults.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { peakRssMB, type Assignment, type Measurement } from './processes.js';
import { workloadNamed } from './workloads.js';

/** `naive`: sums of doubles round at every addition, as they do elsewhere. */
export async function measureReplay({ workload, dataset, bundle }: Assignment, naive: boolean): Promise<Measurement> {
  const { name, texts } = await workloadNamed(workload);
  faults.naiveSum = naive;
  const loaded = performance.now() / 1000;
  const result = await runReplay({
    run: {
      kind: 'new', out: bundle,
      texts: { name, scenario: null, sql: texts, expect: { outputs: [], lateMax: null, rejectedMax: null } },
      parameters: { ...defaultParameters, bindings: { market_data_raw: { given: dataset, base: process.cwd(), map: {} } } },
    },
    stopAfterRows: null,
    report: false,
  });
  return { seconds: result.seconds, startupSeconds: loaded + result.startupSeconds, peakRssMB: peakRssMB(), rows: result.rows };
}
