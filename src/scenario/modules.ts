/** Modules of the user's among the texts of a run: pipelines that the builder made, and functions that SQL calls. */
import { TapewrightError } from '../core/errors.js';
import { loadModule } from '../runtime/modules.js';
import type { PipelineTexts } from '../runtime/options.js';

export { isModulePath } from '../runtime/modules.js';

/** The SQL of the pipelines that a module exports, and the module itself where they call functions. `shown` is its path as a bundle keeps it. */
export async function pipelineModule(path: string, shown: string): Promise<Pick<PipelineTexts, 'sql' | 'modules'>> {
  const { module, pipelines } = await loadModule(path, shown);
  if (pipelines.length === 0) {
    throw new TapewrightError('SCENARIO_INVALID', `${path} exports functions and no pipeline: export const bars = pipeline(…), or give it with --functions beside an SQL file`, { path });
  }
  const sql = pipelines.map((pipeline, index) => ({ path: pipelines.length === 1 ? `${shown}.sql` : `${shown}.${index + 1}.sql`, text: pipeline.sql }));
  return pipelines.some(({ functions }) => functions.length > 0) ? { sql, modules: [module] } : { sql };
}

/** Texts whose SQL may call the functions of these files as well. */
export async function withFunctions(texts: PipelineTexts, paths: readonly string[]): Promise<PipelineTexts> {
  const modules = [...(texts.modules ?? [])];
  for (const path of paths) {
    const { module } = await loadModule(path);
    if (module.functions.length === 0) throw new TapewrightError('FUNCTION_INVALID', `${path} exports a pipeline and no function: replay it by its path`, { path });
    if (!modules.some(({ text }) => text === module.text)) modules.push(module);
  }
  return modules.length === 0 ? texts : { ...texts, modules };
}
