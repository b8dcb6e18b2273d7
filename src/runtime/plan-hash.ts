/** Whether two runs compute the same. */
import { createHash } from 'node:crypto';
import { responsesOf } from '../scenario/responses.js';
import type { PipelineTexts } from './options.js';
import { joinedText } from './pipeline.js';

/** Of everything that decides what a pipeline computes: its SQL, responses and modules. */
export function planHashOf(texts: PipelineTexts): string {
  const policy = responsesOf(texts);
  const parts = [joinedText(texts.sql), policy === null ? '' : JSON.stringify(policy), texts.modules === undefined ? '' : JSON.stringify(texts.modules)];
  return parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
}
