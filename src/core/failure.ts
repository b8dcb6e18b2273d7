/** An error as it crosses threads: they pass data on, and no classes. */
import { TapewrightError } from './errors.js';

export interface Failure {
  /** Null: a bug, whose stack is the message. */
  readonly code: TapewrightError['code'] | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export function failureOf(cause: unknown): Failure {
  if (cause instanceof TapewrightError) return { code: cause.code, message: cause.message, details: cause.details };
  return { code: null, message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), details: {} };
}

export const errorOf = ({ code, message, details }: Failure): Error =>
  (code === null ? new Error(message) : new TapewrightError(code, message, details));
