/** From the user's texts to a pipeline: several files are one text, but complaints name the file and its own line. */
import { TapewrightError } from '../core/errors.js';
import type { Pipeline } from '../plan/plan.js';
import { planSql } from '../sql/planner.js';
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

/** Plans the texts. @throws SQL_INVALID and SQL_UNSUPPORTED with file, line, column and text. */
export function planTexts(texts: PipelineTexts): Pipeline {
  try {
    return planSql(joinedText(texts.sql));
  } catch (error) {
    if (!(error instanceof TapewrightError) || typeof error.details.line !== 'number') throw error;
    const { path, line } = placeInFiles(texts.sql, error.details.line);
    const message = `${path}, ${error.message.replace(/^line \d+/, `line ${line}`)}`;
    throw new TapewrightError(error.code, message, { ...error.details, path, line }, { cause: error });
  }
}
