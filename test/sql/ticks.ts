/** A table to plan over, and short ways into a plan. */
import assert from 'node:assert/strict';
import { TapewrightError } from '../../src/core/errors.js';
import { inputsOf } from '../../src/plan/trace.js';
import type { Pipeline, PlanNode } from '../../src/plan/plan.js';
import { planSql } from '../../src/sql/planner.js';

export const ticks = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, exchange STRING, event_type STRING,
  event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'key.fields' = 'symbol');
`;

export const planTicks = (text: string): Pipeline => planSql(ticks + text);

/** The root of the only statement of `text`, over `ticks`. */
export function rootOf(text: string): PlanNode {
  const { statements } = planTicks(text);
  assert.equal(statements.length, 1);
  return statements[0]!.root;
}

/** Kinds from the root down the first inputs: `['project', 'scan']`. */
export function kindsOf(node: PlanNode): readonly string[] {
  if (node.kind === 'scan') return ['scan'];
  return [node.kind, ...kindsOf(inputsOf(node)[0]!)];
}

export function find<K extends PlanNode['kind']>(node: PlanNode, kind: K): Extract<PlanNode, { kind: K }> {
  if (node.kind === kind) return node as Extract<PlanNode, { kind: K }>;
  assert.notEqual(node.kind, 'scan', `the plan has no ${kind}`);
  return find(inputsOf(node)[0]!, kind);
}

/** The refusal that `plan` ends in. */
export function refusal(plan: () => unknown): TapewrightError {
  try {
    plan();
  } catch (error) {
    assert.ok(error instanceof TapewrightError, String((error as Error).stack));
    return error;
  }
  return assert.fail('nothing was refused');
}
