/** Input that retention has deleted before it was read. */
import type { Log } from './log.js';
import { logPositions, type LaneInput } from './rerun.js';
import type { GapRecord } from './journal-topic.js';

/** Offsets between each position and what the log still has. Throws KAFKA_UNREACHABLE. */
export async function missingInput(log: Log, inputs: readonly LaneInput[], positions: readonly (readonly number[])[]): Promise<GapRecord['missing'][number][]> {
  const missing: GapRecord['missing'][number][] = [];
  for (const topic of new Set(inputs.map((input) => input.topic))) {
    const bounds = (await log.bounds(topic)) ?? [];
    for (const position of logPositions(inputs, positions)) {
      const start = bounds.find(({ partition }) => partition === position.partition)?.start ?? 0;
      if (position.topic === topic && start > position.offset) missing.push({ topic, partition: position.partition, from: position.offset, to: start });
    }
  }
  return missing;
}
