/** The header `released-by` of output messages: topic/partition/offset of the message whose arrival let the row go. */
import type { ReleasedBy } from '../core/step.js';
import type { LaneInput } from './rerun.js';

export type RowHeaders = (row: number) => Readonly<Record<string, string>> | undefined;

const noHeaders: RowHeaders = () => undefined;

/** Rows that no message let go, such as those of the end of the input, have none. */
export function releasedByHeaders(inputs: readonly LaneInput[], releasedBy: ReleasedBy | undefined): RowHeaders {
  if (releasedBy === undefined) return noHeaders;
  return (row) => {
    const input = inputs[releasedBy.inputs[row]!];
    return input === undefined ? undefined : { 'released-by': `${input.topic}/${input.partitions[releasedBy.partitions[row]!]}/${releasedBy.positions[row]}` };
  };
}
