/** What a pipeline is made of, by name, as hashes: so that a run that goes on can say what was changed since it began. */
import { createHash } from 'node:crypto';
import type { Pipeline, SinkTable, SourceTable } from '../plan/plan.js';
import type { PipelineTexts } from '../runtime/options.js';
import { responsesOf } from '../scenario/responses.js';

export type Parts = Readonly<Record<string, string>>;

/** Hashes only: options may hold what is secret. */
export function partsOf(pipeline: Pipeline, texts: PipelineTexts): Parts {
  const parts: Record<string, string> = {};
  for (const table of pipeline.sources) tableParts(table, { columns: table.columns, metadata: table.metadata, watermark: table.watermark }, parts);
  for (const table of pipeline.sinks) tableParts(table, { columns: table.schema }, parts);
  pipeline.statements.forEach(({ sink, root }, index) => {
    parts[`statement ${index + 1} (INSERT INTO ${sink.name})`] = hashOf(root);
  });
  for (const [key, value] of Object.entries(pipeline.settings)) parts[`SET '${key}'`] = hashOf(value);
  for (const module of texts.modules ?? []) parts[`functions of ${module.path}`] = hashOf(module);
  const policy = responsesOf(texts);
  if (policy !== null) parts['responses of the scenario'] = hashOf(policy);
  return parts;
}

function tableParts({ name, primaryKey, options }: SourceTable | SinkTable, members: Readonly<Record<string, unknown>>, parts: Record<string, string>): void {
  for (const [member, value] of Object.entries({ ...members, 'primary key': primaryKey })) parts[`${member} of table ${name}`] = hashOf(value);
  for (const [option, value] of Object.entries(options)) parts[`option '${option}' of table ${name}`] = hashOf(value);
}

/** Without places in the text, and with tables by their names: their own parts tell what they are. */
function hashOf(value: unknown): string {
  const text = JSON.stringify(value, (key, member: unknown) => {
    if (key === 'place') return undefined;
    if (key === 'table' && typeof member === 'object' && member !== null) return (member as { readonly name?: string }).name;
    return typeof member === 'bigint' ? `${member}n` : typeof member === 'function' ? String(member) : member;
  });
  return createHash('sha256').update(text ?? '').digest('hex').slice(0, 16);
}

const namedMax = 5;

/** What differs, in words. */
export function changesIn(before: Parts, now: Parts): string {
  const changed = Object.keys(now).filter((name) => name in before && before[name] !== now[name]);
  const added = Object.keys(now).filter((name) => !(name in before));
  const removed = Object.keys(before).filter((name) => !(name in now));
  const list = (verb: string, names: readonly string[]): string[] => {
    if (names.length === 0) return [];
    const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : '';
    return [`${names.slice(0, namedMax).join(', ')}${more} ${names.length === 1 ? 'was' : 'were'} ${verb}`];
  };
  const words = [...list('changed', changed), ...list('added', added), ...list('removed', removed)];
  return words.length > 0 ? words.join('; ') : 'its text was changed, though no table, option or statement differs: a comment or a space counts too';
}
