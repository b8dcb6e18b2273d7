/** How a format reads messages: many at once, into columns. */
import type { Cells } from './message-cells.js';

/** Which part of a message a format reads. */
export type MessagePart = 'key' | 'value';

/** What formats need of a message: key and value are keyBytes[keyAt..keyEnd) and valueBytes[valueAt..valueEnd); those that are null begin at -1. */
export interface MessageBytes {
  readonly keyBytes: Buffer;
  readonly valueBytes: Buffer;
  readonly keyAt: number;
  readonly keyEnd: number;
  readonly valueAt: number;
  readonly valueEnd: number;
}

/** Where a loop over messages stopped. */
export interface ReadEnd {
  /** Of the message that was not read; the end of the range when all were. */
  index: number;
  /** The row after the last that was read. */
  row: number;
  /** Why that message cannot be read; null: it needs another loop, or what is not prepared. */
  failure: string | null;
  /** The column that the failure is about; -1: none. */
  column: number;
}

export interface MessageFormat {
  /** How many of the messages, from the first on, can be read by now. What the next one needs is being fetched. */
  ready(messages: readonly MessageBytes[]): number;
  /** Resolves when all of them can be read. Throws REGISTRY_UNREACHABLE. */
  prepare(messages: readonly MessageBytes[]): Promise<void>;
  /** Reads messages from..to into rows from `end.row` on, up to the first that cannot be read, or not without being prepared. `cells`: of the format's columns. */
  read(messages: readonly MessageBytes[], from: number, to: number, cells: readonly Cells[], end: ReadEnd): void;
}
