/** Calls of the user's code: which function runs is known to the guard, and what it throws is a failure of its row. */
import { TapewrightError } from '../core/errors.js';
import { failure } from './kernel.js';

/** The function of the user's that runs now; the shell's guard stops it where it asks for what a run does not have. */
export const userCode: { running: string | null } = { running: null };

/** What a function threw, as a failure of its row; what the engine says of a call, and what stops the run, passes. */
export function thrownBy(name: string, error: unknown): unknown {
  if (isForbidden(error) || error instanceof TapewrightError) return error;
  const known = error as { message?: unknown } | null | undefined;
  const text = typeof known === 'object' && typeof known?.message === 'string' ? known.message : String(error);
  return failure(`${name} threw: ${text}`);
}

/** By its code: the user's module may carry a second copy of the class. */
const isForbidden = (error: unknown): boolean => (error as { code?: unknown } | null | undefined)?.code === 'FUNCTION_FORBIDDEN';

/** `run()` as the code of `name`. */
export function runUserCode<Result>(name: string, run: () => Result): Result {
  const before = userCode.running;
  userCode.running = name;
  try {
    return run();
  } catch (error) {
    throw thrownBy(name, error);
  } finally {
    userCode.running = before;
  }
}
