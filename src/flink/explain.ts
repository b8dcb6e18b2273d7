/** `explain --flink`: the whole script for a cluster, as text and as data. */
import { TapewrightError } from '../core/errors.js';
import { placeInFiles, planTexts, joinedText } from '../runtime/pipeline.js';
import type { PipelineTexts, RunParameters } from '../runtime/options.js';
import { clusterOf } from '../scenario/cluster.js';
import { listed } from './connector.js';
import { notesOf, userCodeOf } from './notes.js';
import { flinkStatements, type FlinkStatement } from './statements.js';

export const flinkVersion = '2.3';

export interface FlinkExplanation {
  readonly name: string;
  /** Of Flink. */
  readonly version: string;
  /** One by one, for a gateway: settings, tables, views, and a statement set of all inserts. */
  readonly statements: readonly string[];
  /** What is otherwise than in the text, and why; `path` and `line` are null for what is not in it. */
  readonly changes: readonly { readonly table: string | null; readonly path: string | null; readonly line: number | null; readonly change: string }[];
  /** Functions in TypeScript, which Flink must be given under the same names. */
  readonly functions: readonly string[];
  /** What Flink refuses of the pipeline, whichever way it is written. */
  readonly refusals: readonly string[];
  /** Where results may differ from a replay's. */
  readonly notes: readonly string[];
  /** All of it with comments, for the SQL client's -f. */
  readonly text: string;
}

/** @throws SQL_INVALID, SCENARIO_INVALID, and SQL_UNSUPPORTED for what has no SQL. */
export function explainFlink(texts: PipelineTexts, parameters: RunParameters): FlinkExplanation {
  const pipeline = planTexts(texts);
  const { statements, closing } = flinkStatements(joinedText(texts.sql), pipeline, texts.name, parameters.key, clusterOf(texts));
  if (!statements.some(({ kind }) => kind === 'insert')) {
    throw new TapewrightError('SQL_UNSUPPORTED', `${texts.name} has no SQL: what is built in TypeScript runs here only; write it as SQL for a cluster`, { name: texts.name });
  }
  const functions = userCodeOf(pipeline, joinedText(texts.sql));
  const written = new Set(statements.map(({ name }) => name));
  const made = pipeline.sinks.map(({ name }) => name).filter((name) => !written.has(name));
  const notes = [
    ...(functions.length === 0 ? [] : [`Flink does not have ${listed(functions)}, written in TypeScript: register the same in Java or Python there first, CREATE FUNCTION ${functions[0]!} AS 'class'.`]),
    ...(made.length === 0 ? [] : [`${listed(made)}, which ${made.length === 1 ? 'is' : 'are'} made without SQL (responses, TypeScript), ${made.length === 1 ? 'is' : 'are'} not in these statements.`]),
    ...notesOf(pipeline),
    ...boundNotes(parameters),
  ];
  const inserts = statements.filter(({ kind }) => kind === 'insert');
  const others = statements.filter(({ kind }) => kind !== 'insert');
  return {
    name: texts.name, version: flinkVersion, notes, functions, refusals: statements.flatMap(({ refusals }) => refusals),
    statements: [...others.map(({ text }) => text), `EXECUTE STATEMENT SET\nBEGIN\n${inserts.map(({ text }) => `${text};\n`).join('')}END`],
    changes: statements.flatMap(({ name, line, changes }) => {
      const place = line === null ? { path: null, line: null } : placeInFiles(texts.sql, line);
      return changes.map((change) => ({ table: name, ...place, change }));
    }),
    text: [header(texts.name, notes), ...blocks(others), 'EXECUTE STATEMENT SET\nBEGIN', ...blocks(inserts), 'END;', ...(closing === '' ? [] : [closing])].join('\n\n'),
  };
}

const boundNotes = ({ bindings }: RunParameters): string[] => Object.entries(bindings).map(([table, { given }]) => `A replay reads ${table} from ${given}; the cluster reads what its connector names.`);

const header = (name: string, notes: readonly string[]): string => [
  `-- ${name} as it goes to Flink ${flinkVersion}. Lines that begin with "-- changed:" say what is not as in the text, and why.`,
  ...notes.map((note) => `-- ${note}`),
].join('\n');

/** Settings stand together, the rest apart. */
function blocks(statements: readonly FlinkStatement[]): string[] {
  const found: string[] = [];
  const settings: string[] = [];
  for (const statement of statements) {
    const text = [statement.comments, ...statement.changes.map((change) => `-- changed: ${change}`), ...statement.refusals.map((refusal) => `-- refused: ${refusal}`), `${statement.text};`].filter((line) => line !== '').join('\n');
    if (statement.kind === 'set') settings.push(text);
    else found.push(text);
  }
  if (settings.length > 0) found.unshift(settings.join('\n'));
  return found;
}
