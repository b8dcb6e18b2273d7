/** How every complaint about a text is built: where, what, near which text, and what to write instead. */
import { TapewrightError, type ErrorCode } from '../core/errors.js';
import type { Place } from '../plan/expression.js';

/**
 * The text is wrong. `message` is a clause without a full stop ("no column 'prise' in table ticks");
 * `suggestion` is a sentence of its own ("Did you mean 'price'?"). Details: line, column, text, suggestion.
 */
export function sqlInvalid(place: Place, message: string, suggestion?: string): TapewrightError {
  return sqlError('SQL_INVALID', place, message, suggestion);
}

/** The text is right, but asks for what is not there. `instead` is a sentence: what to write instead. */
export function sqlUnsupported(place: Place, message: string, instead?: string): TapewrightError {
  return sqlError('SQL_UNSUPPORTED', place, message, instead);
}

function sqlError(code: ErrorCode, place: Place, message: string, suggestion: string | undefined): TapewrightError {
  const { line, column, text } = place;
  const near = text === '' || message.includes(`'${text}'`) ? '' : `, near '${text}'`;
  const advice = suggestion === undefined ? '' : ` ${suggestion}`;
  return new TapewrightError(code, `line ${line}, column ${column}: ${message}${near}.${advice}`, { line, column, text, suggestion });
}
