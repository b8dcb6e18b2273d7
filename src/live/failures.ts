/** Which failures of a lane another attempt may mend. */
import { InvariantError, TapewrightError } from '../core/errors.js';

const mendable = new Set<string>(['KAFKA_REFUSED', 'KAFKA_UNREACHABLE', 'PRODUCER_FENCED', 'REGISTRY_UNREACHABLE']);

/** Refusals of a broker that stay. */
const refusals = new Set(['GROUP_AUTHORIZATION_FAILED', 'INVALID_RECORD', 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'TOPIC_AUTHORIZATION_FAILED', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED']);

/** Codes that say the same after any number of attempts, and bugs. What a client throws of its own may pass. */
export function isFinal(error: unknown): boolean {
  if (error instanceof TapewrightError) return !mendable.has(error.code) || refusals.has(String(error.details['type']));
  if (error instanceof InvariantError || error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError || error instanceof SyntaxError) return true;
  const { type } = error as { readonly type?: string };
  return type !== undefined && refusals.has(type);
}

/** Waits, but not beyond a stop. */
export async function pause(millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, millis);
    signal.addEventListener('abort', end);
  });
}
