import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { typeName } from '../../src/core/types.js';
import { planSql } from '../../src/sql/planner.js';
import { find, kindsOf, planTicks, rootOf, ticks } from './ticks.js';

const texts = [
  `SELECT symbol, window_start, SUM(price * volume) / SUM(volume) AS vwap FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
   WHERE event_type = 'TRADE' GROUP BY symbol, window_start, window_end HAVING COUNT(*) > 1`,
  `WITH s AS (SELECT symbol, price, event_time, AVG(price) OVER w AS m FROM ticks WINDOW w AS (PARTITION BY symbol ORDER BY event_time ROWS 5 PRECEDING))
   SELECT *, CASE WHEN price > m THEN 'up' ELSE 'down' END AS way FROM s WHERE m IS NOT NULL UNION ALL SELECT symbol, bid, event_time, ask, exchange FROM ticks`,
  'CREATE TABLE o (a DECIMAL(10, 2), b AS a + 1, c TIMESTAMP(3) METADATA, WATERMARK FOR c AS c); INSERT INTO o (a) SELECT CAST(price AS DECIMAL(8, 2)) FROM ticks AS t',
  `SET 'table.exec.state.ttl' = '1 h'; SELECT a.price, b.bid FROM ticks AS a LEFT JOIN ticks AS b ON a.symbol = b.symbol AND b.event_time BETWEEN a.event_time - INTERVAL '1' SECOND AND a.event_time
   JOIN ticks AS c USING (symbol), ticks AS e WHERE a.event_time = c.event_time AND a.exchange NOT IN (SELECT exchange FROM ticks AS d WHERE d.price > a.price)`,
  `SELECT a.price FROM TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) AS a FULL JOIN TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) AS b
   ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.symbol = b.symbol WHERE EXISTS (SELECT * FROM ticks WHERE price > 1)`,
];

/** Law: a text is planned or refused with its place, whatever was done to it; nothing else is thrown. */
test('texts with words left out, doubled or swapped are planned or refused', () => {
  const words = texts.map((text) => text.split(/(?<=[\s(),])|(?=[(),])/));
  fc.assert(fc.property(fc.constantFrom(...words), fc.array(fc.tuple(fc.constantFrom('leave', 'double', 'swap'), fc.nat(), fc.nat()), { minLength: 1, maxLength: 3 }), (given, changes) => {
    const text = [...given];
    for (const [change, a, b] of changes) {
      const [i, j] = [a % text.length, b % text.length];
      if (change === 'leave') text.splice(i, 1);
      else if (change === 'double') text.splice(i, 0, text[j]!);
      else [text[i], text[j]] = [text[j]!, text[i]!];
    }
    try {
      planTicks(text.join(''));
    } catch (error) {
      assert.ok(error instanceof TapewrightError, `${text.join('')}\n${(error as Error).stack}`);
      assert.match(error.message, /^line \d+, column \d+: /);
      assert.equal(typeof error.details['line'], 'number', error.message);
    }
  }), { numRuns: 600 });
});

test('a bare SELECT goes to an output of its own, numbered among the bare ones', () => {
  const { sinks, statements } = planTicks(`
    CREATE TABLE out1 (symbol STRING) WITH ('connector' = 'print');
    SELECT price FROM ticks;
    INSERT INTO out1 SELECT symbol FROM ticks;
    SELECT symbol FROM ticks`);
  assert.deepEqual(sinks.map((sink) => sink.name), ['query_1', 'out1', 'query_2']);
  assert.deepEqual(kindsOf(statements[0]!.root), ['project', 'scan']);
});

test('a table that is only written is no source, and one that is only declared is nothing', () => {
  const { sources, sinks } = planTicks(`
    CREATE TABLE idle (a INT); CREATE TABLE out1 (price DOUBLE);
    INSERT INTO out1 SELECT price FROM ticks; INSERT INTO out1 SELECT bid FROM ticks`);
  assert.deepEqual(sources.map((source) => source.name), ['ticks']);
  assert.deepEqual(sinks.map((sink) => sink.name), ['out1']);
});

test('columns of all kinds are expressions over what the source delivers', () => {
  const { sources } = planSql(`
    CREATE TABLE t (
      id BIGINT, ts BIGINT, partition_id INT METADATA FROM 'partition' VIRTUAL,
      event_time AS TO_TIMESTAMP_LTZ(ts, 3), \`offset\` BIGINT METADATA,
      PRIMARY KEY (id) NOT ENFORCED,
      WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
    );
    SELECT * FROM t`);
  const [source] = sources;
  assert.deepEqual(source!.physical.map((field) => `${field.name} ${typeName(field.type)}`), ['id BIGINT NOT NULL', 'ts BIGINT']);
  assert.deepEqual(source!.metadata.map(({ name, key }) => [name, key]), [['partition_id', 'partition'], ['offset', 'offset']]);
  assert.deepEqual(source!.columns.map((column) => column.name), ['id', 'ts', 'partition_id', 'event_time', 'offset']);
  assert.equal(source!.columns[4]!.expression.kind === 'column' && source!.columns[4]!.expression.index, 3);
  assert.equal(source!.watermark!.column, 3);
});

test('headers as a MAP are refused where they are read, not where they are declared', () => {
  const table = (name: string): string => `CREATE TABLE ${name} (a INT, h MAP<STRING, BYTES> METADATA FROM 'headers', sent TIMESTAMP_LTZ(3) METADATA FROM 'timestamp');`;
  const { sources, sinks } = planSql(`${table('t')} ${table('s')} INSERT INTO s SELECT a, sent FROM t`);
  assert.deepEqual(sources[0]!.metadata.map(({ name }) => name), ['sent']);
  assert.deepEqual(sinks[0]!.metadata, [{ column: 1, key: 'timestamp' }]);
  assert.throws(() => planSql(`${table('t')} SELECT h FROM t`), /'h' is a MAP, which no column here holds.*STRING METADATA FROM 'headers'/);
});

test('SOURCE_WATERMARK() has no expression', () => {
  const { sources } = planSql('CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK()); SELECT ts FROM t');
  assert.equal(sources[0]!.watermark!.expression, null);
});

test('a PROCTIME() column may be declared, as long as nobody reads it', () => {
  const text = 'CREATE TABLE t (a INT, p AS PROCTIME()); ';
  assert.deepEqual(planSql(`${text} SELECT a FROM t`).sources[0]!.columns.map((column) => column.name), ['a']);
  assert.throws(() => planSql(`${text} SELECT p FROM t`), { code: 'SQL_UNSUPPORTED' });
  assert.throws(() => planSql(`${text} SELECT * FROM t`), { code: 'SQL_UNSUPPORTED' });
});

test('the rowtime passes projections unchanged or renamed, and no computation', () => {
  assert.equal(rootOf('SELECT symbol, event_time FROM ticks').rowtime, 1);
  assert.equal(rootOf('SELECT event_time AS rt FROM (SELECT symbol, event_time FROM ticks WHERE price > 0)').rowtime, 0);
  assert.equal(rootOf("SELECT event_time + INTERVAL '1' SECOND AS later FROM ticks").rowtime, null);
  assert.equal(rootOf('SELECT symbol FROM ticks').rowtime, null);
});

test('neighbouring projections and filters become one of each', () => {
  const text = 'SELECT mid * 2 AS twice FROM (SELECT (bid + ask) / 2 AS mid, symbol FROM ticks WHERE bid > 0) WHERE symbol = \'A\'';
  assert.deepEqual(kindsOf(rootOf(text)), ['project', 'filter', 'scan']);
});

test('UNION ALL widens types and keeps the rowtime where all have it', () => {
  const root = rootOf(`
    SELECT symbol, volume AS v, event_time FROM ticks
    UNION ALL SELECT exchange, 1, event_time FROM ticks
    UNION ALL SELECT symbol, price, event_time FROM ticks`);
  assert.equal(root.kind, 'union');
  assert.deepEqual(root.schema.map((field) => `${field.name} ${typeName(field.type)}`), ['symbol STRING', 'v DOUBLE', 'event_time TIMESTAMP(3)']);
  assert.equal(root.rowtime, 2);
  assert.equal(rootOf("SELECT event_time AS t FROM ticks UNION ALL SELECT event_time + INTERVAL '1' DAY FROM ticks").rowtime, null);
});

test('INSERT goes by position, or by its column list with NULL for the rest', () => {
  const out = "CREATE TABLE out1 (a DECIMAL(10, 2), b STRING, c BIGINT, d AS a + 1);";
  const byPosition = planTicks(`${out} INSERT INTO out1 SELECT volume, symbol, volume FROM ticks`);
  assert.deepEqual(byPosition.sinks[0]!.schema.map((field) => field.name), ['a', 'b', 'c']);
  assert.equal(byPosition.statements[0]!.root.schema[0]!.type.kind, 'DECIMAL');
  const { root } = planTicks(`${out} INSERT INTO out1 (c, b) SELECT volume, symbol FROM ticks`).statements[0]!;
  assert.equal(root.kind, 'project');
  assert.deepEqual(root.kind === 'project' && root.expressions.map(({ kind }) => kind), ['literal', 'column', 'column']);
  assert.deepEqual(root.schema.map((field) => field.name), ['a', 'b', 'c']);
});

test('a statement set is its INSERTs', () => {
  const { statements } = planTicks(`
    CREATE TABLE out1 (a DOUBLE); CREATE TABLE out2 (a DOUBLE);
    EXECUTE STATEMENT SET BEGIN
      INSERT INTO out1 SELECT price FROM ticks;
      INSERT INTO out2 SELECT bid FROM ticks;
    END;`);
  assert.deepEqual(statements.map((statement) => statement.sink.name), ['out1', 'out2']);
});

test('views and WITH are read by their column lists, nested and hidden as written', () => {
  const { statements } = planTicks(`
    CREATE TEMPORARY VIEW prices (s, p) AS SELECT symbol, price FROM ticks;
    WITH ticks AS (SELECT s, p FROM prices), top (name) AS (SELECT s FROM ticks WHERE p > 10)
    SELECT t.name FROM top AS t`);
  assert.deepEqual(kindsOf(statements[0]!.root), ['project', 'filter', 'scan']);
});

test('names: stars, qualifiers, aliases with columns, numbers for doubles', () => {
  const names = (text: string): readonly string[] => planTicks(text).sinks[0]!.schema.map((field) => field.name);
  assert.deepEqual(names('SELECT t.*, 1, price FROM (SELECT symbol, price FROM ticks) AS t'), ['symbol', 'price', 'EXPR$1', 'price0']);
  assert.deepEqual(names('SELECT ticks.price, t2.x FROM (SELECT price FROM ticks) AS ticks (price)'.replace(', t2.x', '')), ['price']);
  assert.deepEqual(names('SELECT `default_catalog`.`default_database`.ticks.price FROM default_catalog.default_database.ticks'), ['price']);
});

test('SET keeps everything, and the time zone reaches the functions', () => {
  const { settings } = planTicks("SET 'pipeline.name' = 'x'; SET 'table.local-time-zone' = 'UTC'; SELECT price FROM ticks");
  assert.deepEqual(settings, { 'pipeline.name': 'x', 'table.local-time-zone': 'UTC' });
  assert.deepEqual(planTicks("SET 'a' = 'b'; RESET; SELECT price FROM ticks").settings, {});
});

test('the current time is remarked upon', () => {
  const { remarks } = planTicks('SELECT CURRENT_TIMESTAMP AS at_, price FROM ticks');
  assert.equal(remarks.length, 1);
  assert.match(remarks[0]!, /CURRENT_TIMESTAMP/);
});

test('constant and computed items, CASE, intervals and casts find their types', () => {
  const { sinks } = planSql(`${ticks} SELECT 1 AS i, 3000000000 AS l, 1.50 AS d, 1e3 AS e, -2 AS n, 'x' AS s, TRUE AS b,
    DATE '2024-02-29' AS day_, TIMESTAMP '2024-02-29 01:02:03.5' AS ts, CAST(price AS DECIMAL(10, 2)) AS c,
    CASE WHEN price > 1 THEN 1 ELSE 2.5 END AS w, event_time - INTERVAL '1' MINUTE AS m, price BETWEEN 1 AND 2 AS btw FROM ticks`);
  assert.deepEqual(sinks[0]!.schema.map((field) => typeName(field.type, false)), [
    'INT', 'BIGINT', 'DECIMAL(3, 2)', 'DOUBLE', 'INT', 'STRING', 'BOOLEAN', 'DATE', 'TIMESTAMP(1)', 'DECIMAL(10, 2)', 'DECIMAL(11, 1)', 'TIMESTAMP(3)', 'BOOLEAN',
  ]);
});

test('HAVING, FILTER, DISTINCT and expressions over aggregates; a call written twice is computed once', () => {
  const root = rootOf(`
    SELECT symbol, SUM(price * volume) / SUM(volume) AS vwap, SUM(volume) AS total,
      COUNT(*) FILTER (WHERE event_type = 'TRADE') AS trades, COUNT(DISTINCT exchange) AS venues
    FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
    GROUP BY symbol, window_start, window_end HAVING SUM(volume) > 0`);
  const aggregate = find(root, 'window-aggregate');
  assert.deepEqual(aggregate.aggregates.map(({ name, distinct, filter }) => [name, distinct, filter !== null]), [
    ['SUM', false, false], ['SUM', false, false], ['COUNT', false, true], ['COUNT', true, false],
  ]);
  assert.deepEqual(kindsOf(root), ['project', 'filter', 'window-aggregate', 'project', 'scan']);
});
