/** The files that a run leaves when it is whole: one a table, made of what its lanes wrote. */
import type { Pipeline } from '../plan/plan.js';
import { joinSegments, removeSegments } from '../sinks/parquet.js';
import { deadLetterSchema, lateSchema } from '../sinks/refused.js';
import type { Bundle } from '../stores/bundle.js';
import type { DurableSegments } from './lane-output.js';

/** `segments`: of each lane. */
export async function joinRunFiles(bundle: Bundle, { sinks }: Pipeline, segments: readonly DurableSegments[]): Promise<void> {
  for (const [table, { name, schema }] of sinks.entries()) {
    await joinSegments(bundle.path('outputs'), name, schema, segments.flatMap(({ outputs }) => outputs[table]!));
  }
  await joinSegments(bundle.directory, 'late', lateSchema, segments.flatMap(({ late }) => late));
  await joinSegments(bundle.directory, 'dead-letters', deadLetterSchema, segments.flatMap(({ deadLetters }) => deadLetters));
}

/** Once the bundle is complete. */
export async function removeRunSegments(bundle: Bundle): Promise<void> {
  await removeSegments(bundle.path('outputs'));
  await removeSegments(bundle.directory);
}
