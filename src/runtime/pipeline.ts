/** From the user's texts to a pipeline: several files are one text, but complaints name the file and its own line. */
import { TapewrightError } from '../core/errors.js';
import type { Pipeline } from '../plan/plan.js';
import { withResponses } from '../plan/responses.js';
import { responsesOf } from '../scenario/responses.js';
import { planSql } from '../sql/planner.js';
import { functionsOf } from './functions.js';
import type { PipelineTexts, TextFile } from './options.js';

/** The files one after the other, each beginning on a line of its own. */
export function joinedText(files: readonly TextFile[]): string {
  return files.map(({ text }) => (text.endsWith('\n') ? text : `${text}\n`)).join('');
}

/** The file and its 1-based line for a 1-based line of the joined text. */
export function placeInFiles(files: readonly TextFile[], line: number): { readonly path: string; readonly line: number } {
  let left = line;
  for (const [index, { path, text }] of files.entries()) {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    // What is missing at the end of the text is missing from the last file.
    if (left <= lines || index === files.length - 1) return { path, line: left };
    left -= lines;
  }
  return { path: '', line };
}

/**
 * What begins with a line of the joined text, with the file and its own line instead. A single file needs no name: it
 * may have been given by any path, and a bundle is the same whichever it was.
 */
export function placed(files: readonly TextFile[], text: string): string {
  return files.length < 2 ? text : named(files, text);
}

function named(files: readonly TextFile[], text: string): string {
  const found = /^line (\d+)/.exec(text);
  if (found === null) return text;
  const { path, line } = placeInFiles(files, Number(found[1]));
  return `${path}, line ${line}${text.slice(found[0].length)}`;
}

/** The error with its file, if it speaks of a line of the joined text. */
export function placedError(files: readonly TextFile[], error: unknown): unknown {
  if (!(error instanceof TapewrightError)) return error;
  const message = named(files, error.message);
  return message === error.message ? error : new TapewrightError(error.code, message, error.details, { cause: error });
}

/** Plans the texts. @throws SQL_INVALID and SQL_UNSUPPORTED with file, line, column and text; SCENARIO_INVALID for responses that fit no output. */
export function planTexts(texts: PipelineTexts): Pipeline {
  const pipeline = planStatements(texts);
  const policy = responsesOf(texts);
  return policy === null ? pipeline : withResponses(pipeline, policy);
}

function planStatements(texts: PipelineTexts): Pipeline {
  try {
    const pipeline = planSql(joinedText(texts.sql), functionsOf(texts));
    return { ...pipeline, remarks: pipeline.remarks.map((remark) => placed(texts.sql, remark)) };
  } catch (error) {
    if (!(error instanceof TapewrightError) || typeof error.details.line !== 'number') throw error;
    const { path, line } = placeInFiles(texts.sql, error.details.line);
    const message = `${path}, ${error.message.replace(/^line \d+/, `line ${line}`)}`;
    throw new TapewrightError(error.code, message, { ...error.details, path, line }, { cause: error });
  }
}
