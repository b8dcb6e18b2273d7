/** How a cluster runs a pipeline, where nobody says otherwise: for ours these go without saying or do not matter. */
import type { Cluster } from '../scenario/cluster.js';

const usual: Readonly<Record<string, string>> = {
  'execution.runtime-mode': 'streaming',
  'table.local-time-zone': 'UTC',
  'execution.checkpointing.interval': '10 s',
  'execution.checkpointing.mode': 'EXACTLY_ONCE',
  'execution.checkpointing.min-pause': '5 s',
  'execution.checkpointing.timeout': '60 s',
  'execution.checkpointing.max-concurrent-checkpoints': '1',
  'execution.checkpointing.incremental': 'true',
  'pipeline.auto-watermark-interval': '200 ms',
  'restart-strategy.type': 'exponential-delay',
  'restart-strategy.exponential-delay.initial-backoff': '1 s',
  'restart-strategy.exponential-delay.max-backoff': '60 s',
  'restart-strategy.exponential-delay.backoff-multiplier': '2.0',
};

/** Settings that the text does not make itself, in the order in which they are printed. */
export function settingsOf(name: string, { settings }: Cluster, made: ReadonlySet<string>): readonly (readonly [key: string, value: string])[] {
  const all = { 'pipeline.name': name, ...usual, ...settings };
  return Object.entries(all).filter(([key]) => !made.has(key) || key in settings);
}
