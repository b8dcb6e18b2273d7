import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CreateTable, Query, Select, SqlExpression, Statement } from '../../src/sql/ast.js';
import { parseSql } from '../../src/sql/parser.js';
import { bare, printExpression, printQuery } from './print.js';
import { expressionTrees, queries } from './trees.js';

const only = (text: string): Statement => {
  const { statements } = parseSql(text);
  assert.equal(statements.length, 1);
  return statements[0]!;
};
const query = (text: string): Query => {
  const statement = only(text);
  assert.equal(statement.kind, 'queryStatement');
  return (statement as Extract<Statement, { kind: 'queryStatement' }>).query;
};
const select = (text: string): Select => {
  const { body } = query(text);
  assert.equal(body.kind, 'select');
  return body as Select;
};
const expression = (text: string): SqlExpression => {
  const [item] = select(`SELECT ${text}`).items;
  assert.equal(item?.kind, 'selectExpression');
  return (item as Extract<Select['items'][number], { kind: 'selectExpression' }>).expression;
};
/** How the parser read it, told by parentheses. */
const read = (text: string): string => printExpression(expression(text)).replace(/\(([\w.']+)\)/g, '$1');
const table = (text: string): CreateTable => only(text) as CreateTable;

test('law: the text of any query is read as that query', () => {
  fc.assert(fc.property(queries, (tree) => {
    assert.deepEqual(bare(query(printQuery(tree))), bare(tree));
  }), { numRuns: 300 });
});

test('law: the text of any expression is read as that expression', () => {
  fc.assert(fc.property(expressionTrees, (tree) => {
    assert.deepEqual(bare(expression(printExpression(tree))), bare(tree));
  }), { numRuns: 300 });
});

test('law: parentheses written where the parser sees them change nothing', () => {
  const piece = fc.tuple(
    fc.constantFrom('', 'NOT ', '- '), fc.constantFrom('a', '1', 'f(x)'),
    fc.constantFrom('+', '-', '*', '/', '%', '||', '=', '<>', '<', '>=', 'AND', 'OR', 'IS NULL AND', 'IS NOT TRUE OR', 'IS DISTINCT FROM', 'IN (1, 2) AND', 'BETWEEN 1 AND', 'NOT LIKE'),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
    const flat = `${pieces.map(([prefix, operand, operator]) => `${prefix}${operand} ${operator}`).join(' ')} z`;
    const tree = expression(flat);
    assert.deepEqual(bare(expression(printExpression(tree))), bare(tree));
  }), { numRuns: 300 });
});

test('law: every place quotes the text that stands there', () => {
  fc.assert(fc.property(queries, (tree) => {
    const text = printQuery(tree);
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('line' in value && 'column' in value && 'text' in value) {
        const start = text.split('\n').slice(0, (value.line as number) - 1).join('\n').length + (value.line === 1 ? 0 : 1) + (value.column as number) - 1;
        const quote = (value.text as string).replace(/…$/, '');
        assert.equal(text.slice(start, start + quote.length), quote);
      } else Object.values(value).forEach(check);
    };
    check(query(text));
  }), { numRuns: 50 });
});

test('operators bind as in Flink', () => {
  assert.equal(read('a + b * c - d'), '(a + (b * c)) - d');
  assert.equal(read('a OR b AND NOT c = d'), 'a OR (b AND (NOT (c = d)))');
  assert.equal(read('- a * b'), '(- a) * b');
  assert.equal(read('a - - b'), 'a - (- b)');
  assert.equal(read('a || b || c'), '(a || b) || c');
  assert.equal(read('a BETWEEN b AND c + 1 AND d'), '(a BETWEEN b AND (c + 1)) AND d');
  assert.equal(read("a LIKE b || 'x' ESCAPE '!' OR c"), "(a LIKE (b || 'x') ESCAPE ('!')) OR c");
  assert.equal(read('a = b IS NULL'), '(a = b) IS NULL');
  assert.equal(read('a <> b AND c != d'), '(a <> b) AND (c <> d)');
  assert.equal(read('NOT a IN (1, 2)'), 'NOT (a IN (1, 2))');
});

test('operands of every form', () => {
  const kinds: Record<string, string[]> = {
    number: ['12', '1.50', '.5', '1e3', '99999999999999999999999999'], string: ["'it''s'", "''"], boolean: ['TRUE', 'false', 'UNKNOWN'], null: ['NULL'],
    temporal: ["DATE '2024-01-02'", "timestamp '2024-01-02 10:00:00'"], interval: ["INTERVAL '5' MINUTE", "INTERVAL '1' DAY(3)"],
    name: ['price', 't.price', '`order`', 'timestamp', 'value', 'date', 'time', 'symbol', 'volume'], scalarQuery: ['(SELECT 1)', '((SELECT 1))', '((SELECT 1) UNION (SELECT 2))'],
    call: ['COUNT(*)', 'NOW()', 'CURRENT_TIMESTAMP', "LEFT('abc', 1)", 'IF(a, b, c)', 'a.b.f(x)', 'SUBSTRING(x FROM 1 FOR 2)', "POSITION('a' IN b)", "POSITION('a' IN (b))", 'OVERLAY(a PLACING b FROM 1)'],
    row: ['(1, 2)', 'ROW(1)'], array: ['ARRAY[1, 2]', 'ARRAY[]'], map: ["MAP['a', 1]"], item: ['a[1]', 'a.b[1][2]'], field: ['f(x).y', '(a).b'], exists: ['EXISTS (SELECT 1)'],
    case: ['CASE WHEN a THEN b END', 'CASE a WHEN 1 THEN 2 ELSE 3 END'], cast: ['CAST(a AS DOUBLE PRECISION)', 'TRY_CAST(a AS INT)'], extract: ['EXTRACT(DAY FROM a)'],
    roundTo: ['FLOOR(a TO MINUTE)', 'CEILING(a TO DAY)'], timestampCall: ['TIMESTAMPDIFF(SECOND, a, b)', 'TIMESTAMPADD(SQL_TSI_DAY, 1, a)'],
    trim: ["TRIM(BOTH 'x' FROM a)", 'TRIM(a)', 'TRIM(LEADING FROM a)'], inQuery: ['a NOT IN (SELECT 1)'], distinctFrom: ['a IS NOT DISTINCT FROM b'],
  };
  for (const [kind, texts] of Object.entries(kinds)) for (const text of texts) assert.equal(expression(text).kind, kind, text);
});

test('what words stand between parentheses, the tree has as arguments', () => {
  const args = (text: string) => (expression(text) as Extract<SqlExpression, { kind: 'call' }>).args.map(printExpression);
  assert.deepEqual(args('SUBSTRING(x FROM 1 FOR 2)'), ['x', '1', '2']);
  assert.deepEqual(args("POSITION('a' IN (b))"), ["'a'", 'b']);
  assert.deepEqual(args('OVERLAY(a PLACING b FROM 1 FOR 2)'), ['a', 'b', '1', '2']);
  assert.equal((expression('TIMESTAMPADD(SQL_TSI_DAY, 1, a)') as Extract<SqlExpression, { kind: 'timestampCall' }>).unit, 'DAY');
});

test('aggregates have FILTER, OVER, IGNORE NULLS and frames', () => {
  const call = expression(`SUM(DISTINCT x) IGNORE NULLS FILTER (WHERE y > 0)
    OVER (PARTITION BY a ORDER BY ts RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)`) as Extract<SqlExpression, { kind: 'call' }>;
  assert.deepEqual([call.distinct, call.nulls, call.filter?.kind, call.over?.frame?.unit], [true, 'IGNORE', 'binary', 'RANGE']);
  assert.equal(call.over?.frame?.start.kind, 'PRECEDING');
  assert.equal(call.over?.frame?.end.kind, 'CURRENT ROW');
  const named = expression('AVG(x) OVER w') as typeof call;
  assert.deepEqual([named.over?.base?.text, named.over?.partitionBy], ['w', []]);
  const rows = expression('AVG(x) OVER (w ROWS 2 PRECEDING)') as typeof call;
  assert.deepEqual([rows.over?.base?.text, rows.over?.frame?.start.kind, rows.over?.frame?.end.kind], ['w', 'PRECEDING', 'CURRENT ROW']);
});

test('window table functions: wrapped or not, by position or by name', () => {
  const texts = [
    "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '8' HOUR))", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)",
    "TABLE(TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '10' MINUTES)) AS w", "TABLE(TUMBLE((SELECT * FROM t), DESCRIPTOR(ts), INTERVAL '1' DAY))",
  ];
  for (const text of texts) {
    const { from } = select(`SELECT * FROM ${text}`);
    assert.ok(from?.kind === 'tableFunction');
    assert.deepEqual([from.name, from.args[0]!.value.kind, from.args[1]!.value.kind, from.args[2]!.value.kind], ['TUMBLE', 'tableInput', 'descriptor', 'interval'], text);
  }
  for (const keys of ['PARTITION BY a, b', 'PARTITION BY (a, b)']) {
    const { from } = select(`SELECT * FROM TABLE(SESSION(TABLE t ${keys}, DESCRIPTOR(ts), INTERVAL '5' MINUTE))`);
    assert.ok(from?.kind === 'tableFunction' && from.args[0]!.value.kind === 'tableInput');
    assert.deepEqual([from.args.length, from.args[0]!.value.partitionBy.map(printExpression)], [3, ['a', 'b']]);
  }
});

test('joins and the tables of later issues are recognised', () => {
  const from = (text: string) => select(`SELECT * FROM ${text}`).from!;
  const temporal = from('orders o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.c = r.c');
  assert.ok(temporal.kind === 'join' && temporal.right.kind === 'table' && temporal.right.systemTime?.kind === 'name');
  const kinds = ['a LEFT OUTER JOIN b USING (x)', 'a NATURAL JOIN b', 'a FULL JOIN b ON TRUE', 'a CROSS JOIN b', 'a, b'].map(from);
  assert.deepEqual(kinds.map((join) => join.kind === 'join' && join.type), ['LEFT', 'INNER', 'FULL', 'CROSS', 'CROSS']);
  const match = from('t MATCH_RECOGNIZE (PATTERN (A B+? C{2,3}) DEFINE A AS A.x > (1)) AS m');
  assert.ok(match.kind === 'matchRecognize' && match.alias?.name.text === 'm');
  assert.deepEqual([match.clause.line, match.clause.column], [1, 17]);
  assert.ok(from('(a JOIN b ON a.x = b.x)').kind === 'join');
  assert.ok(from('((SELECT 1) UNION ALL (SELECT 2)) AS x').kind === 'derivedTable');
  assert.ok(from('LATERAL TABLE(f(x)) AS q (y)').kind === 'tableFunction');
  assert.ok(from('UNNEST(a) WITH ORDINALITY AS e (v, i)').kind === 'tableFunction');
});

test('INTERSECT binds before UNION; ORDER BY and LIMIT belong to the whole', () => {
  const whole = query('SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1 DESC NULLS LAST LIMIT 10 OFFSET 5 ROWS');
  assert.ok(whole.body.kind === 'setOperation' && whole.body.operator === 'UNION' && whole.body.all);
  assert.ok(whole.body.right.kind === 'setOperation' && whole.body.right.operator === 'INTERSECT');
  assert.deepEqual([whole.orderBy[0]?.descending, whole.orderBy[0]?.nulls, whole.limit?.kind, whole.offset?.kind], [true, 'LAST', 'number', 'number']);
  assert.equal((query('SELECT 1 FETCH FIRST 3 ROWS ONLY').limit as { text: string }).text, '3');
  assert.equal(query('SELECT 1 LIMIT ALL').limit, undefined);
});

test('grouping sets, hints, QUALIFY, windows by name', () => {
  const tree = select(`SELECT /*+ STATE_TTL('a' = '1d'), B(t) */ a, COUNT(*) FROM t /*+ OPTIONS('scan.startup.mode' = 'x') */ AS u
    GROUP BY GROUPING SETS ((a, b), a, ()), ROLLUP (a), b WINDOW w AS (PARTITION BY a), v AS (w ORDER BY ts) QUALIFY x = 1`);
  assert.deepEqual(tree.hints.map(({ name, options }) => [name, options.length]), [['STATE_TTL', 1], ['B', 0]]);
  assert.ok(tree.from?.kind === 'table');
  assert.deepEqual(bare(tree.from.hints), [{ name: 'OPTIONS', options: [{ key: 'scan.startup.mode', value: 'x' }] }]);
  assert.deepEqual(tree.groupBy?.items.map((item) => (item.kind === 'groupingSets' ? [item.form, item.sets.map((set) => set.length)] : item.kind)),
    [['GROUPING SETS', [2, 1, 0]], ['ROLLUP', [1]], 'groupExpression']);
  assert.deepEqual(tree.windows.map(({ name }) => name.text), ['w', 'v']);
  assert.equal(tree.qualify?.kind, 'binary');
});

test('CREATE TABLE with every kind of column', () => {
  const tree = table(`CREATE TEMPORARY TABLE IF NOT EXISTS c.d.market_data_raw (
      symbol STRING NOT NULL PRIMARY KEY NOT ENFORCED COMMENT 'the key',
      price DECIMAL(10, 2), size DEC, count INTEGER NULL, ratio DOUBLE PRECISION, name CHARACTER VARYING(3),
      local TIMESTAMP(3) WITH LOCAL TIME ZONE, plain TIMESTAMP(6) WITHOUT TIME ZONE, zoned TIMESTAMP WITH TIME ZONE, ltz TIMESTAMP_LTZ(3),
      tree ROW<a INT COMMENT 'x', b ARRAY<MAP<STRING, BYTES>>>, bag MULTISET<INT>, span INTERVAL DAY TO SECOND,
      event_time AS TO_TIMESTAMP_LTZ(\`timestamp\`, 3) COMMENT 'computed', \`timestamp\` BIGINT,
      part INT METADATA FROM 'partition' VIRTUAL, topic STRING METADATA, watermark INT,
      WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND, CONSTRAINT pk PRIMARY KEY (symbol, price) NOT ENFORCED
    ) COMMENT 'ticks' DISTRIBUTED BY HASH(symbol) INTO 4 BUCKETS PARTITIONED BY (symbol) WITH ('connector' = 'kafka', 'topic' = 'it''s')`);
  assert.deepEqual([tree.temporary, tree.ifNotExists, tree.name.parts.map(({ text }) => text), tree.comment], [true, true, ['c', 'd', 'market_data_raw'], 'ticks']);
  const types = tree.columns.flatMap((column) => (column.kind === 'physicalColumn' ? [`${column.type.name}${column.type.parameters.length > 0 ? `(${column.type.parameters.join(',')})` : ''}`] : []));
  assert.deepEqual(types, ['STRING', 'DECIMAL(10,2)', 'DECIMAL', 'INT', 'DOUBLE', 'VARCHAR(3)', 'TIMESTAMP_LTZ(3)', 'TIMESTAMP(6)', 'TIMESTAMP_TZ', 'TIMESTAMP_LTZ(3)', 'ROW', 'MULTISET', 'INTERVAL', 'BIGINT', 'INT']);
  assert.deepEqual(tree.columns.filter(({ kind }) => kind !== 'physicalColumn').map((column) => [column.kind, column.name.text, column.kind === 'metadataColumn' ? column.key : column.comment]),
    [['computedColumn', 'event_time', 'computed'], ['metadataColumn', 'part', 'partition'], ['metadataColumn', 'topic', 'topic']]);
  assert.deepEqual(tree.primaryKeys.map(({ columns, constraint, notEnforced }) => [columns.map(({ text }) => text), constraint?.text, notEnforced]),
    [[['symbol'], undefined, true], [['symbol', 'price'], 'pk', true]]);
  assert.deepEqual(tree.watermarks.map(({ column, expression: delay }) => [column.parts[0]!.text, delay.kind]), [['event_time', 'binary']]);
  assert.deepEqual(tree.options.map(({ key, value }) => [key, value]), [['connector', 'kafka'], ['topic', "it's"]]);
  assert.deepEqual([tree.distributed?.column, tree.partitionedBy.length], [23, 1]);
});

test('statements of every kind, in one script', () => {
  const { statements } = parseSql(`
    SET 'table.local-time-zone' = 'UTC'; SET execution.checkpointing.interval = 10s -- a comment
    ; SET a.b = 'quoted'; RESET 'a'; RESET; RESET a.b;
    CREATE TABLE t WITH ('connector' = 'print') AS SELECT 1; CREATE VIEW IF NOT EXISTS v (a COMMENT 'x', b) COMMENT 'y' AS SELECT 1, 2; /* one */
    INSERT INTO a.b (x, y) SELECT 1, 2; INSERT OVERWRITE t PARTITION (d = '1') VALUES (1); INSERT INTO t (SELECT 1); INSERT INTO t /*+ OPTIONS('a' = 'b') */ TABLE u;
    EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END; BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;
    EXECUTE INSERT INTO a SELECT 1; SELECT 1; VALUES (1, 2);; WITH x AS (SELECT 1) SELECT * FROM x`);
  assert.deepEqual(statements.map(({ kind }) => kind), [
    'set', 'set', 'set', 'reset', 'reset', 'reset', 'createTable', 'createView', 'insert', 'insert', 'insert', 'insert', 'statementSet', 'statementSet', 'insert',
    'queryStatement', 'queryStatement', 'queryStatement',
  ]);
  assert.deepEqual(bare(statements.slice(0, 3)), [
    { kind: 'set', key: 'table.local-time-zone', value: 'UTC' }, { kind: 'set', key: 'execution.checkpointing.interval', value: '10s' }, { kind: 'set', key: 'a.b', value: 'quoted' },
  ]);
  assert.deepEqual(statements.flatMap((statement) => (statement.kind === 'insert' ? [statement.columns.length] : [])), [2, 0, 0, 0, 0]);
});

test('statements without a meaning in replay are recognised, not parsed', () => {
  const { statements } = parseSql(`DROP TABLE IF EXISTS x; use catalog c; SHOW TABLES; CREATE CATALOG c WITH ('a' = 'b;c'); CREATE TEMPORARY SYSTEM FUNCTION f AS 'x';
    CREATE OR REPLACE TABLE x (a INT); EXPLAIN SELECT 1; ALTER TABLE x ADD y INT; DELETE FROM x; EXECUTE PLAN 'x'; SET; ADD JAR 'x.jar'`);
  assert.deepEqual(statements.map((statement) => statement.kind === 'unsupported' && statement.what), [
    'DROP TABLE', 'USE CATALOG', 'SHOW TABLES', 'CREATE CATALOG', 'CREATE TEMPORARY SYSTEM FUNCTION', 'CREATE OR REPLACE TABLE', 'EXPLAIN SELECT', 'ALTER TABLE', 'DELETE FROM',
    'EXECUTE PLAN', 'SET', 'ADD JAR',
  ]);
  assert.deepEqual(statements[1]!.place, { line: 1, column: 25, text: 'use catalog c' });
});

test('an empty text, or only comments, is an empty script', () => {
  for (const text of ['', '  \n', ';;', '-- nothing', '/* nothing\n */ ;']) assert.deepEqual(parseSql(text).statements, []);
});

test('places are 1-based, and cut to one line of 60 characters', () => {
  const { statements } = parseSql("SELECT a,\r\n  SUM(b\n + c) AS total,\n 'a very long text of more than sixty characters, which it takes to be cut'\nFROM t");
  const [, sum, long] = (statements[0] as { query: { body: Select } }).query.body.items;
  assert.deepEqual(sum!.place, { line: 2, column: 3, text: 'SUM(b…' });
  assert.deepEqual([long!.place.line, long!.place.column, long!.place.text.length], [4, 2, 61]);
});

test('the pipelines of a trading day', () => {
  const { statements } = parseSql(`
    CREATE TABLE market_data_raw (symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), exchange STRING, event_type STRING,
      WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'scan.startup.mode' = 'latest-offset');
    CREATE TABLE vwap_1m (symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, PRIMARY KEY (symbol, window_start) NOT ENFORCED) WITH ('connector' = 'jdbc');
    INSERT INTO vwap_1m SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume) AS vwap, SUM(volume) AS total_volume, COUNT(*) AS trade_count,
      MAX(price) AS high_price, MIN(price) AS low_price
      FROM TABLE(TUMBLE(TABLE market_data_raw, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) WHERE event_type = 'TRADE' GROUP BY symbol, window_start, window_end;
    INSERT INTO anomaly_alerts
      WITH stats AS (
        SELECT symbol, price, volume, event_time, ABS(price - AVG(price) OVER w) / NULLIF(STDDEV_POP(price) OVER w, 0) AS price_zscore,
          volume / NULLIF(AVG(CAST(volume AS DOUBLE)) OVER w, 0) AS volume_ratio
        FROM market_data_raw WHERE event_type = 'TRADE'
        WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW))
      SELECT *, CASE WHEN price_zscore > 3 THEN 'PRICE_SPIKE' WHEN volume_ratio > 5 THEN 'VOLUME_SURGE'
        WHEN price_zscore > 2 AND volume_ratio > 3 THEN 'COMBINED_ANOMALY' END AS anomaly_type FROM stats WHERE price_zscore > 2 OR volume_ratio > 3;
    SELECT symbol, window_end, AVG(price) AS ma, (MAX(price) - MIN(price)) / AVG(price) AS volatility
      FROM TABLE(HOP(TABLE market_data_raw, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTES)) GROUP BY symbol, window_start, window_end HAVING COUNT(*) > 1`);
  assert.deepEqual(statements.map(({ kind }) => kind), ['createTable', 'createTable', 'insert', 'insert', 'queryStatement']);
});
