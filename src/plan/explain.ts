/** A plan as a tree of text. */
import { typeName } from '../core/types.js';
import type { Schema } from '../core/types.js';
import { aggregateText, frameText, operatorText, orderText, rankText, windowText } from './operator-text.js';
import { matchLines } from './match-text.js';
import type { HaltRule } from './halts.js';
import type { JoinNode, Pipeline, PlanNode, SourceTable, Statement } from './plan.js';
import { durationText, printExpression } from './print.js';
import { inputsOf } from './trace.js';

export { printExpression } from './print.js';

/** Every source with its watermark, then every statement from its sink down to its scans, two spaces a level. */
export function explainTree(pipeline: Pipeline): string {
  const statements = pipeline.statements.flatMap((statement, index) => [`statement ${index + 1}`, ...statementLines(statement)]);
  return [...pipeline.sources.flatMap(sourceLines), ...statements].join('\n');
}

/** By source, the conditions that its rows are held against as they are read: those that stand right on its scans. */
export function scanFilters(pipeline: Pipeline): readonly (readonly string[])[] {
  const found = new Map(pipeline.sources.map(({ name }) => [name, new Set<string>()]));
  const visit = (node: PlanNode): void => {
    if (node.kind === 'filter' && node.input.kind === 'scan') found.get(node.input.table.name)!.add(printExpression(node.condition, namesOf(node.input)));
    inputsOf(node).forEach(visit);
  };
  for (const { root } of pipeline.statements) visit(root);
  return [...found.values()].map((conditions) => [...conditions]);
}

function sourceLines(source: SourceTable): readonly string[] {
  const delivered = [...source.physical, ...source.metadata].map((field) => field.name);
  const lines = [`source ${source.name}`];
  const declared = source.changeFormat === undefined ? source.columns : source.columns.slice(0, -2);
  declared.forEach(({ name, type, expression }, index) => {
    const passed = expression.kind === 'column' && delivered[expression.index] === name;
    const notes = [passed ? '' : ` AS ${printExpression(expression, delivered)}`, source.watermark?.column === index ? ' *ROWTIME*' : ''];
    lines.push(`  ${name} ${typeName(type)}${notes.join('')}`);
  });
  if (source.watermark !== null) {
    const { column, expression } = source.watermark;
    lines.push(`  watermark for ${source.columns[column]!.name}: ${expression === null ? "the source's own" : printExpression(expression, delivered)}`);
  }
  if (source.primaryKey.length > 0) lines.push(`  primary key: ${source.primaryKey.join(', ')}`);
  if (source.changeFormat !== undefined) lines.push(`  changes: ${source.changeFormat}`);
  return lines;
}

function statementLines({ sink, root }: Statement): readonly string[] {
  const key = sink.primaryKey.length === 0 ? '' : `, primary key ${sink.primaryKey.join(', ')}`;
  const changes = sink.changes === 'none' ? '' : sink.changes === 'upsert' ? ', upserts' : ', a changelog';
  return [`  sink ${sink.name}: ${fields(sink.schema, null)}${key}${changes}`, ...nodeLines(root, 2)];
}

function nodeLines(node: PlanNode, depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const [head, ...details] = describe(node);
  const lines = [`${indent}${head}`, ...details.map((detail) => `${indent}  ${detail}`)];
  return [...lines, ...inputsOf(node).flatMap((input) => nodeLines(input, depth + 1))];
}

const fields = (schema: Schema, rowtime: number | null): string =>
  schema.map(({ name, type }, index) => `${name} ${typeName(type)}${index === rowtime ? ' *ROWTIME*' : ''}`).join(', ');

/** The node in a line, then what it says in detail, a line each. */
function describe(node: PlanNode): readonly string[] {
  const output = `output: ${fields(node.schema, node.rowtime)}`;
  switch (node.kind) {
    case 'scan': return [`scan ${node.table.name}`];
    case 'filter': return [`filter ${printExpression(node.condition, namesOf(node.input))}`];
    case 'union': return ['union all', output];
    case 'project': {
      const names = namesOf(node.input);
      const items = node.expressions.map((expression, index) => {
        const text = printExpression(expression, names);
        const { name } = node.schema[index]!;
        return text === name ? text : `${text} AS ${name}`;
      });
      return [`project ${items.join(', ')}`, output];
    }
    case 'window': {
      const names = namesOf(node.input);
      const keys = node.partition.length === 0 ? [] : [`keys: ${node.partition.map((key) => names[key]).join(', ')}`];
      return [`window ${windowText(node.window)} on ${names[node.time]}`, ...keys, output];
    }
    case 'window-aggregate': {
      const names = namesOf(node.input);
      const window = node.window === null
        ? `windowed by ${names[node.attached!.start]}, ${names[node.attached!.end]}` : `${windowText(node.window)} on ${names[node.time]}`;
      return [`window-aggregate ${window}`, `keys: ${keysText(node.keys, names)}`, `aggregates: ${node.aggregates.map((call) => aggregateText(call, names)).join(', ') || 'none'}`, output];
    }
    case 'over': {
      const names = namesOf(node.input);
      return [`over ${frameText(node.frame)} on ${names[node.time]}`, `keys: ${keysText(node.partition, names)}`, `aggregates: ${node.aggregates.map((call) => aggregateText(call, names)).join(', ')}`, output];
    }
    case 'group-aggregate': {
      const names = namesOf(node.input);
      return ['group-aggregate', `keys: ${keysText(node.keys, names)}`, `aggregates: ${node.aggregates.map((call) => aggregateText(call, names)).join(', ') || 'none'}`, ...ttlText(node.ttl), output];
    }
    case 'changelog': return ['changelog', `keys: ${keysText(node.keys, namesOf(node))}`, output];
    case 'rank': case 'window-rank': {
      const names = namesOf(node.input);
      const lines = [`${node.kind} ${rankText(node)}${node.numbered ? ', numbered' : ''}`, `keys: ${keysText(node.partition, names)}`, `order: ${orderText(node.order, names)}`];
      return [...lines, ...(node.kind === 'rank' ? ttlText(node.ttl) : [`windowed by ${names[node.attached.start]}, ${names[node.attached.end]}`]), output];
    }
    case 'match': {
      const [match, ...clauses] = matchLines(node);
      return [match!, `keys: ${keysText(node.partition, namesOf(node.input))}`, ...clauses, output];
    }
    case 'process': {
      const names = namesOf(node.input);
      return [`process ${node.process.name} in order of ${node.process.order === 'arrival' ? 'arrival' : names[node.time]}`, `keys: ${keysText(node.keys, names)}`, `reads: ${node.columns.map((column) => names[column]).join(', ')}`, output];
    }
    case 'global-window': {
      const names = namesOf(node.input);
      return [`${operatorText(node)} on ${names[node.time]}`, `keys: ${keysText(node.keys, names)}`, `aggregates: ${node.aggregates.map((call) => aggregateText(call, names)).join(', ') || 'none'}`, output];
    }
    case 'halts': {
      const names = namesOf(node.input);
      return [`halts by ${names[node.anomaly]} on ${names[node.time]}`, `keys: ${keysText(node.keys, names)}`, ...node.rules.map(haltText), output];
    }
    case 'interval-join': case 'temporal-join': case 'join': case 'window-join': return [...joinLines(node), output];
  }
}

function joinLines(node: JoinNode): readonly string[] {
  const [left, right] = [namesOf(node.inputs[0]), namesOf(node.inputs[1])];
  const keys = node.keys.left.map((key, index) => `${left[key]} = ${right[node.keys.right[index]!]}`).join(', ');
  const condition = node.condition === null ? [] : [`condition: ${printExpression(node.condition, [...left, ...right])}`];
  const lines = [`${operatorText(node)}`, `keys: ${keys || 'none: one state for all rows'}`, ...condition];
  if (node.kind === 'interval-join' || node.kind === 'temporal-join') lines.push(`times: ${left[node.times[0]]}, ${right[node.times[1]]}`);
  if (node.kind === 'join') lines.push(...node.ttl.flatMap((ttl, side) => ttlText(ttl).map((text) => `${side === 0 ? 'left' : 'right'} ${text}`)));
  return lines;
}

const haltText = ({ anomaly, halt, after, quiet }: HaltRule): string =>
  `${anomaly}: halt ${durationText(halt)}, resume after ${durationText(after)}${quiet > 0 ? `, quiet ${durationText(quiet)}` : ''}`;

const keysText = (keys: readonly number[], names: readonly string[]): string =>
  (keys.length === 0 ? 'none: one state for all rows' : keys.map((key) => names[key]).join(', '));

const ttlText = (ttl: number | null): readonly string[] => (ttl === null ? [] : [`time-to-live: ${durationText(ttl)}`]);

const namesOf = (node: PlanNode): readonly string[] => node.schema.map((field) => field.name);
