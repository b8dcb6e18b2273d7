/** What the builder makes: the text of a pipeline, and the functions in the user's code that it calls. */
import type { FunctionDeclaration } from '../functions/user-functions.js';

export interface BuiltPipeline {
  readonly kind: 'pipeline';
  /** SQL: what a bundle keeps, `explain` prints, and a Flink cluster takes. */
  readonly sql: string;
  readonly functions: readonly FunctionDeclaration[];
}

/** The pipeline that a module exports; null when it is something else. A module may carry a second copy of the builder. */
export function builtPipelineOf(value: unknown): BuiltPipeline | null {
  const pipeline = value as Partial<BuiltPipeline> | null;
  return typeof value === 'object' && pipeline?.kind === 'pipeline' && typeof pipeline.sql === 'string' ? (pipeline as BuiltPipeline) : null;
}
