/** What a pipeline will do, said before a row is read. */
import { explainTree, scanFilters } from '../plan/explain.js';
import { statefulOperators } from '../plan/lanes.js';
import { lookBack } from '../plan/look-back.js';
import { buildPhysical, rawSchema } from '../engine/physical.js';
import { durationText } from '../plan/print.js';
import { unboundedState, unboundedText } from '../plan/unbounded-state.js';
import { alertOutputs } from '../report/accuracy.js';
import { accuracyOf } from '../scenario/accuracy.js';
import { chooseLanes } from './lanes.js';
import type { PipelineTexts, RunParameters } from './options.js';
import { placed, planTexts } from './pipeline.js';

export interface Explanation {
  readonly name: string;
  readonly lanes: { readonly lanes: number; readonly key: readonly string[] | null; readonly possible: boolean; readonly reason: string };
  /** What is read of each table, and the conditions computed as rows are read; rows that fail them still move the watermark. */
  readonly sources: readonly { readonly table: string; readonly bound: string | null; readonly columns: readonly string[]; readonly filters: readonly string[] }[];
  readonly sinks: readonly string[];
  readonly state: readonly { readonly statement: number; readonly operator: string; readonly keys: readonly string[]; readonly state: string }[];
  /** Milliseconds before `--from` that results reach back; null: to the start. */
  readonly lookBack: number | null;
  readonly remarks: readonly string[];
  /** The plan as text, and as plain data (64-bit integers and infinities as text, scans by table name). */
  readonly tree: string;
  readonly statements: readonly unknown[];
}

/** @throws SQL_INVALID, SQL_UNSUPPORTED, LANES_IMPOSSIBLE, SCENARIO_INVALID. */
export function explain(texts: PipelineTexts, parameters: RunParameters): Explanation {
  const pipeline = planTexts(texts);
  alertOutputs(pipeline.sinks, accuracyOf(texts));
  const { lanes, possible, reason } = chooseLanes(pipeline, parameters);
  const { columns } = buildPhysical(pipeline);
  const filters = scanFilters(pipeline);
  return {
    name: texts.name,
    lanes: { lanes, key: parameters.key, possible, reason },
    sources: pipeline.sources.map((source, index) => {
      const raw = rawSchema(source);
      return { table: source.name, bound: parameters.bindings[source.name]?.given ?? null, columns: columns[index]!.map((column) => raw[column]!.name), filters: filters[index]! };
    }),
    sinks: pipeline.sinks.map(({ name }) => name),
    state: statefulOperators(pipeline).map(({ statement, operator, keys, state }) => ({ statement: statement + 1, operator, keys, state })),
    lookBack: lookBack(pipeline),
    remarks: [...pipeline.remarks, ...unboundedState(pipeline).map((state) => placed(texts.sql, `${unboundedText(state)} live refuses it.`))],
    tree: explainTree(pipeline),
    statements: pipeline.statements.map(({ sink, root }) => plain({ sink: sink.name, root })),
  };
}

/** As JSON can hold it. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === 'bigint' || (typeof member === 'number' && !Number.isFinite(member))) return String(member);
    return key === 'table' ? (member as { name: string }).name : member;
  }));
}

export function explanationText(explanation: Explanation): string {
  const { tree, lanes, sources, state, remarks } = explanation;
  const back = explanation.lookBack === null ? 'to the start of the data' : durationText(explanation.lookBack);
  return [
    tree, '',
    `lanes: ${lanes.lanes}${lanes.possible && lanes.lanes === 1 ? ' (more are possible)' : ''}: ${lanes.reason}`,
    'reads:', ...sources.flatMap(({ table, bound, columns, filters }) => [
      `  ${table} (${bound === null ? 'not bound yet: --bind' : `from ${bound}`}): ${columns.join(', ') || 'no columns'}`,
      ...filters.map((filter) => `    computed as rows are read: WHERE ${filter}`),
    ]),
    'keeps:', ...(state.length === 0 ? ['  no state'] : state.map(({ statement, operator, keys, state: kept }) =>
      `  statement ${statement}, ${operator}, ${keys.length === 0 ? 'once' : `for each ${keys.join(', ')}`}: ${kept}`)),
    `look-back of --from: ${back}`,
    ...(remarks.length === 0 ? [] : ['remarks:', ...remarks.map((remark) => `  ${remark}`)]),
  ].join('\n');
}
