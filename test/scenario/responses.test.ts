/** Responses from the scenario's text to the outputs of its run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { withResponses } from '../../src/plan/responses.js';
import { readResponses } from '../../src/scenario/responses.js';
import { parseYaml } from '../../src/scenario/yaml.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline } from '../engine/run-engine.js';

const sql = `CREATE TABLE t (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time);
  CREATE TABLE anomaly_alerts (symbol STRING, event_time TIMESTAMP(3), anomaly_type STRING) WITH ('connector' = 'kafka', 'topic' = 'anomaly-alerts', 'properties.bootstrap.servers' = 'k:9092', 'format' = 'json');
  CREATE VIEW classified AS SELECT symbol, event_time, CASE WHEN price > 100 THEN 'PRICE_SPIKE' WHEN price > 50 THEN 'VOLUME_SURGE' END AS anomaly_type FROM t;
  INSERT INTO anomaly_alerts SELECT symbol, event_time, anomaly_type FROM classified WHERE anomaly_type IS NOT NULL;`;

const policyOf = (text: string) => readResponses(parseYaml(text, 'scenario.yaml', 'SCENARIO_INVALID').map('responses'))!;
const planned = (text: string, statements = sql) => withResponses(planSql(statements), policyOf(text));

test('a policy makes halts, reviews and notifications of the anomalies', () => {
  const pipeline = planned(`responses:
  PRICE_SPIKE: { halt: PT5M, resume: { after: PT5M, quiet: PT1M }, review: risk-desk, notify: [desk, pager] }
  VOLUME_SURGE: { notify: desk, severity: low }
`);
  const rows = [[0, 10], [1000, 101], [60_000, 70], [400_000, 20]].map(([event_time, price]) => ({ symbol: 'A', price: price!, event_time: event_time! }));
  const { outputs } = runPipeline(pipeline, { t: rows });
  assert.deepEqual(outputs, {
    anomaly_alerts: [['A', 1000, 'PRICE_SPIKE'], ['A', 60_000, 'VOLUME_SURGE']],
    trading_halts: [['A', 1000, 'HALT', 'PRICE_SPIKE', 301_000], ['A', 301_000, 'RESUME', 'PRICE_SPIKE', null]],
    risk_reviews: [['A', 1000, 'PRICE_SPIKE', 'critical', 'risk-desk']],
    notifications: [['A', 1000, 'PRICE_SPIKE', 'critical', 'desk'], ['A', 1000, 'PRICE_SPIKE', 'critical', 'pager'], ['A', 60_000, 'VOLUME_SURGE', 'low', 'desk']],
  });
  const [, halts] = pipeline.sinks;
  assert.deepEqual(halts!.options, { connector: 'kafka', topic: 'trading-halts', 'properties.bootstrap.servers': 'k:9092', format: 'json' });
  assert.deepEqual(halts!.schema.map(({ name }) => name), ['symbol', 'event_time', 'action', 'reason', 'until']);
  assert.deepEqual(pipeline.sinks.at(-1)!.schema.map(({ name }) => name), ['symbol', 'event_time', 'anomaly_type', 'severity', 'channel']);
});

test('responses leave the outputs that were there to the byte', () => {
  const rows = Array.from({ length: 500 }, (_, row) => ({ symbol: `S${row % 7}`, price: (row * 37) % 130, event_time: row * 500 }));
  const without = runPipeline(planSql(sql), { t: rows });
  const withThem = runPipeline(planned('responses: { PRICE_SPIKE: { halt: 10s, notify: desk } }\n'), { t: rows });
  assert.equal(withThem.digests[0], without.digests[0]);
});

test("severity is the output's own where it has one", () => {
  const graded = sql.replace('anomaly_type STRING) WITH', 'anomaly_type STRING, severity STRING) WITH').replace('SELECT symbol, event_time, anomaly_type FROM classified', "SELECT symbol, event_time, anomaly_type, CASE WHEN symbol = 'A' THEN 'grave' END FROM classified");
  const { outputs } = runPipeline(planned('responses: { PRICE_SPIKE: { notify: desk } }\n', graded), { t: [{ symbol: 'A', price: 200, event_time: 0 }, { symbol: 'B', price: 200, event_time: 1 }] });
  assert.deepEqual(outputs['notifications']!.map(([symbol, , , severity]) => [symbol, severity]), [['A', 'grave'], ['B', 'critical']]);
});

test('what is wrong with a policy is said with its place', () => {
  const refused = (text: string, pattern: RegExp, statements = sql): void => assert.throws(() => planned(text, statements),
    (error: unknown) => error instanceof TapewrightError && error.code === 'SCENARIO_INVALID' && (assert.match(error.message, pattern), true));
  refused('name: a\nresponses:\n  PRICE_SPKE: { halt: PT5M }\n', /scenario.yaml, line 3: no anomaly of output anomaly_alerts has the type 'PRICE_SPKE'; did you mean 'PRICE_SPIKE'\?/);
  refused('responses:\n  COMBINED_ANOMALY: { halt: PT5M }\n', /line 2: .*its types are PRICE_SPIKE, VOLUME_SURGE/);
  refused('responses:\n  PRICE_SPIKE:\n    halt: soon\n', /scenario.yaml, line 3: 'responses.PRICE_SPIKE.halt' must be a duration such as PT5M or 90s/);
  refused('responses:\n  PRICE_SPIKE: { halt: PT5M, resume: { quiet: -1 } }\n', /line 2: 'responses.PRICE_SPIKE.resume.quiet' must be a duration/);
  refused('responses:\n  PRICE_SPIKE: { resume: { quiet: 1m } }\n', /resume' must be beside a halt/);
  refused('responses:\n  PRICE_SPIKE: { severity: high }\n', /must be a mapping with halt \(a duration\), review or notify/);
  refused('responses:\n  PRICE_SPIKE: { stop: 1m }\n', /unknown key 'responses.PRICE_SPIKE.stop'; /);
  refused('responses: { output: anomaly_alerts }\n', /must say what anomalies of a type lead to/);
  refused('responses: { output: alerts, PRICE_SPIKE: { halt: 1m } }\n', /there is no output 'alerts'; the SQL writes anomaly_alerts/);
  refused('responses: { PRICE_SPIKE: { halt: 1m } }\n', /no output has the columns of anomalies/, 'CREATE TABLE t (x INT); SELECT x FROM t;');
  refused('responses: { output: query_1, PRICE_SPIKE: { halt: 1m } }\n', /output 'query_1' has no column symbol/, 'CREATE TABLE t (x INT); SELECT x FROM t;');
  refused('responses: { PRICE_SPIKE: { halt: 1m } }\n', /several outputs have the columns of anomalies \(anomaly_alerts, query_1\)/, `${sql} SELECT symbol, event_time, anomaly_type FROM classified;`);
  refused('responses: { PRICE_SPIKE: { halt: 1m } }\n', /responses make an output 'trading_halts', which the SQL has as well/,
    `${sql} CREATE TABLE trading_halts (x DOUBLE); INSERT INTO trading_halts SELECT price FROM t;`);
});

test('a type that is computed of the data may be any', () => {
  const open = sql.replace(/CASE WHEN price > 100.*END AS anomaly_type/, "UPPER(symbol) AS anomaly_type");
  assert.equal(planned('responses: { ANYTHING: { halt: 1m } }\n', open).sinks.length, 2);
});
