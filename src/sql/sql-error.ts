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

/** What no tree may be, so that walking it cannot exhaust the stack. */
export function tooDeep(place: Place, levelsMax: number): TapewrightError {
  return sqlInvalid(place, `this is nested more than ${levelsMax} levels deep`, 'Split it into views or a WITH clause.');
}

/** A piece of text in quotes, unless it has its own. */
export function quoted(text: string): string {
  return /^(['`])[^]*\1$/.test(text) && text.length > 1 ? text : `'${text}'`;
}

function sqlError(code: ErrorCode, place: Place, message: string, suggestion: string | undefined): TapewrightError {
  const { line, column, text } = place;
  const shown = quoted(text);
  const near = text === '' || message.includes(shown) ? '' : `, near ${shown}`;
  const advice = suggestion === undefined ? '' : ` ${suggestion}`;
  return new TapewrightError(code, `line ${line}, column ${column}: ${message}${near}.${advice}`, { line, column, text, suggestion });
}
