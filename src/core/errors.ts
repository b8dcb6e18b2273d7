/**
 * Two failures, two types. The world is not as asked: `TapewrightError`, with a code, raised where
 * bytes or texts enter and told once by the shell. The program is not as meant: `assert`.
 */
export type ErrorCode =
  | 'BUNDLE_INVALID'
  | 'BUNDLE_LOCKED'
  | 'CALENDAR_MISSING'
  | 'CHECKPOINT_MISMATCH'
  | 'CONNECT_REFUSED'
  | 'CONNECT_UNREACHABLE'
  | 'DATABASE_REFUSED'
  | 'DATABASE_UNREACHABLE'
  | 'DATASET_CORRUPT'
  | 'DATASET_INVALID'
  | 'DATASET_MISSING'
  | 'EXPRESSION_FAILED'
  | 'FUNCTION_FORBIDDEN'
  | 'FUNCTION_INVALID'
  | 'JOURNAL_LOST'
  | 'KAFKA_REFUSED'
  | 'KAFKA_UNREACHABLE'
  | 'LANES_IMPOSSIBLE'
  | 'LANE_TAKEN'
  | 'OUTPUT_UNWRITABLE'
  | 'PRODUCER_FENCED'
  | 'REGISTRY_REFUSED'
  | 'REGISTRY_UNREACHABLE'
  | 'SCENARIO_INVALID'
  | 'SOURCE_GAP'
  | 'SPAN_EMPTY'
  | 'SQL_INVALID'
  | 'SQL_UNSUPPORTED'
  | 'USAGE';

/** The world is not as asked: input, disk or text. Callers tell cases apart by `code`. */
export class TapewrightError extends Error {
  override readonly name = 'TapewrightError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The program is not as meant: a bug. Never caught; the process stops, and start-up recovers. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(`invariant broken: ${invariant}`);
}
