/** Flink's own expected rows for interval joins, from its integration tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedJson, skipUnless } from '../support/shared.js';
import { runSql, type Row } from '../engine/run-engine.js';

const file = 'flink_interval_join.json';

interface JoinCase {
  readonly input: { readonly left: readonly Row[]; readonly right: readonly Row[] };
  readonly expected: Readonly<Record<string, readonly { readonly right_key: string | null; readonly right_id: string; readonly left_id: string }[]>>;
}

const table = (name: string) => `CREATE TABLE ${name} (\`key\` STRING, id STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'values');`;
const bounds = "a.ts BETWEEN b.ts - INTERVAL '5' SECOND AND b.ts + INTERVAL '6' SECOND";
const conditions: Readonly<Record<string, string>> = {
  equal: `a.\`key\` = b.\`key\` AND ${bounds}`,
  is_not_distinct_from: `a.\`key\` IS NOT DISTINCT FROM b.\`key\` AND ${bounds}`,
  no_key: bounds,
};

for (const [name, condition] of Object.entries(conditions)) {
  for (const written of [`l AS a JOIN r AS b ON ${condition}`, `l AS a, r AS b WHERE ${condition}`]) {
    test(`Flink's interval join: ${name}, ${written.includes('WHERE') ? 'in WHERE' : 'in ON'}`, { skip: skipUnless('conformance', file) }, () => {
      const { input, expected } = sharedJson('conformance', file) as JoinCase;
      const { outputs, late } = runSql(`${table('l')}${table('r')}SELECT b.\`key\`, b.id, a.id AS left_id FROM ${written};`, { l: input.left, r: input.right });
      const wanted = expected[name]!.map(({ right_key, right_id, left_id }) => JSON.stringify([right_key, right_id, left_id]));
      assert.deepEqual(outputs['query_1']!.map((row) => JSON.stringify(row)).sort(), wanted.sort());
      assert.deepEqual(late, []);
    });
  }
}
