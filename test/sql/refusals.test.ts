/** What is refused says where (line and column within the statement), what, and what to write instead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/core/errors.js';
import { planSql } from '../../src/sql/planner.js';
import { planTicks, refusal, ticks } from './ticks.js';

/** Text over `ticks`, in which `§` marks the place; code; and what the message says. */
type Case = readonly [text: string, code: ErrorCode, message: RegExp];

const I = 'SQL_INVALID';
const U = 'SQL_UNSUPPORTED';
const tumble = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))";

const cases: Readonly<Record<string, readonly Case[]>> = {
  names: [
    ['SELECT §prise FROM ticks', I, /no column 'prise'.*Did you mean 'price'\?/],
    ['SELECT §Price FROM ticks', I, /Did you mean 'price'\? Names are case-sensitive/],
    ['SELECT §t.price FROM ticks', I, /no table 't' here/],
    ['SELECT price * 2 AS p FROM ticks WHERE §p > 1', I, /a name that this SELECT gives/],
    ['SELECT price * 2 AS p, §p + 1 AS q FROM ticks', I, /a name that this SELECT gives/],
    ['SELECT §x.* FROM ticks AS t', I, /no table 'x' here/],
    ['SELECT price FROM §tickz', I, /no table or view 'tickz'.*'ticks'/],
    ['SELECT §a FROM (SELECT price AS a, bid AS b FROM ticks) AS t (a, a)', I, /ambiguous/],
    ['WITH a AS (SELECT price FROM ticks), §a AS (SELECT bid FROM ticks) SELECT * FROM a', I, /twice/],
    ['CREATE VIEW v (§a, b) AS SELECT price FROM ticks', I, /2 column names are given for 1 columns/],
    ['CREATE TABLE §ticks (a INT)', I, /declared twice/],
    ['SELECT §NOSUCH(price) FROM ticks', I, /NOSUCH/],
    ['SELECT §SUMM(price) FROM ticks', I, /no function SUMM.*Did you mean SUM\?/],
    ['SELECT §LOG(price) FROM ticks', U, /LOG/],
    ['SELECT price FROM ticks WHERE §price', I, /WHERE needs a condition/],
    ['INSERT INTO §nowhere SELECT price FROM ticks', I, /no table 'nowhere'/],
  ],
  'table names': [
    ['CREATE TABLE §`../x` (a INT)', I, /outputs/],
    ['CREATE TABLE §`a/b` (a INT)', I, /outputs/],
    ['CREATE TABLE §`a\\b` (a INT)', I, /outputs/],
    ['CREATE TABLE §`.x` (a INT)', I, /starts with '\.'/],
    ['CREATE TABLE §`a\tb` (a INT)', I, /control/],
    [`CREATE TABLE §\`${'x'.repeat(121)}\` (a INT)`, I, /longer than 120/],
  ],
  tables: [
    ['CREATE TABLE t (a INT, §a STRING)', I, /'a' is declared twice/],
    ['CREATE TABLE t (a §ARRAY<INT>)', U, /ARRAY/],
    ['CREATE TABLE t (a §MAP<STRING, INT>)', U, /MAP/],
    ['CREATE TABLE t (a §ROW<x INT>)', U, /ROW/],
    ['CREATE TABLE t (a §TIME(3))', U, /TIME/],
    ['CREATE TABLE t (a §DECIMAL(39, 2))', I, /1 to 38/],
    ['CREATE TABLE t (ts TIMESTAMP(6), WATERMARK FOR §ts AS ts)', I, /p from 0 to 3.*TIMESTAMP\(3\)/],
    ['CREATE TABLE t (ts BIGINT, WATERMARK FOR §ts AS ts)', I, /TO_TIMESTAMP_LTZ\(ts, 3\)/],
    ['CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR §rs AS ts)', I, /no column 'rs'/],
    ['CREATE TABLE t (ts TIMESTAMP(3), a INT, WATERMARK FOR ts AS §a)', I, /not a time/],
    ['CREATE TABLE t (a INT, b AS a + 1, c AS §b + 1)', I, /no column 'b'/],
    ['CREATE TABLE t (a INT, PRIMARY KEY (§b) NOT ENFORCED)', I, /no physical column/],
    ["CREATE TABLE t (a INT, b AS §SUM(a))", I, /a computed column/],
    ["CREATE TABLE t (a INT) WITH ('x' = '1', §'x' = '2')", I, /twice/],
  ],
  select: [
    ['SELECT price FROM ticks ORDER BY §price', U, /ORDER BY is not supported/],
    ['SELECT price FROM ticks LIMIT §5', U, /LIMIT/],
    ['SELECT a.price FROM §ticks AS a JOIN ticks AS b ON a.symbol = b.symbol', U, /remember every row for ever.*'table.exec.state.ttl'/],
    ['SELECT price FROM ticks WHERE §symbol IN (SELECT exchange FROM ticks)', U, /remember every row for ever.*window_start/],
    ['SELECT price FROM ticks WHERE price > 1 OR §EXISTS (SELECT exchange FROM ticks)', U, /EXISTS.*WHERE alone/],
    ['SELECT §PROCTIME() FROM ticks', U, /PROCTIME/],
    ['SELECT symbol FROM ticks EXCEPT SELECT symbol FROM ticks', U, /EXCEPT is not supported/],
    ['SELECT symbol FROM ticks UNION ALL §SELECT symbol, price FROM ticks', I, /UNION of 1 columns with 2/],
    ['SELECT symbol FROM ticks UNION ALL SELECT price FROM ticks', I, /STRING and DOUBLE/],
    ['SELECT price FROM ticks WHERE §SUM(price) > 1', I, /SUM may not stand in WHERE/],
    ['SELECT §ARRAY[1, 2] FROM ticks', U, /ARRAY/],
  ],
  groups: [
    [`SELECT §price FROM ${tumble} GROUP BY symbol, window_start, window_end`, I, /'price' is neither grouped/],
    [`SELECT symbol, MAX(price) + §bid FROM ${tumble} GROUP BY symbol, window_start, window_end`, I, /'bid' is neither grouped/],
    [`SELECT SUM(§MAX(price)) FROM ${tumble} GROUP BY window_start, window_end`, I, /another aggregate/],
    [`SELECT COUNT(*) FROM ${tumble} GROUP BY window_start, window_end, §1`, U, /position/],
    [`SELECT §LISTAGG(symbol) FROM ${tumble} GROUP BY window_start, window_end`, U, /LISTAGG/],
    [`SELECT §SUM(symbol) FROM ${tumble} GROUP BY window_start, window_end`, I, /SUM/],
    ["SELECT COUNT(*) FROM ticks GROUP BY TUMBLE(§price, INTERVAL '1' MINUTE)", I, /'price' is none.*Use 'event_time'/],
    ["SELECT COUNT(*) FROM ticks GROUP BY TUMBLE(§event_time + INTERVAL '1' SECOND, INTERVAL '1' MINUTE)", I, /not an expression.*Use 'event_time'/],
    ["SELECT COUNT(*) FROM ticks GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE, §INTERVAL '5' SECOND)", U, /no offset.*TABLE\(TUMBLE/],
    ["SELECT COUNT(*) FROM ticks GROUP BY §HOP(event_time, INTERVAL '1' MINUTE)", I, /HOP lacks an argument/],
    ["SELECT COUNT(*) FROM ticks GROUP BY §HOP(event_time, INTERVAL '5' MINUTE, INTERVAL '1' MINUTE)", U, /leaves rows out/],
    ["SELECT COUNT(*) FROM ticks GROUP BY SESSION(event_time, INTERVAL '1' MINUTE), §TUMBLE(event_time, INTERVAL '1' MINUTE)", I, /two windows/],
    ["SELECT §TUMBLE_START(event_time, INTERVAL '2' MINUTE) FROM ticks GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE)", I, /another window/],
    ["SELECT §HOP_START(event_time, INTERVAL '1' MINUTE, INTERVAL '1' MINUTE) FROM ticks GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE)", I, /another window/],
    ["SELECT §TUMBLE_PROCTIME(event_time, INTERVAL '1' MINUTE) FROM ticks GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE)", U, /TUMBLE_ROWTIME/],
    ["SELECT MAX(§TUMBLE_START(event_time, INTERVAL '1' MINUTE)) FROM ticks GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE)", I, /outside of aggregates/],
    ["SELECT §TUMBLE(event_time, INTERVAL '1' MINUTE) FROM ticks GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE)", I, /in GROUP BY, by itself/],
    ["SELECT symbol, §price FROM ticks GROUP BY symbol, SESSION(event_time, INTERVAL '1' MINUTE)", I, /'price' is neither grouped/],
    ["SELECT COUNT(*) FROM (SELECT COUNT(*) AS n, MAX(event_time) AS m FROM ticks GROUP BY symbol) GROUP BY TUMBLE(§m, INTERVAL '1' MINUTE)", I, /'m' is none/],
    ['SELECT §GROUPING(price) FROM ticks GROUP BY symbol', I, /GROUPING takes expressions of GROUP BY/],
    ['SELECT COUNT(*) FROM ticks GROUP BY §CUBE (symbol, price, volume, bid, ask, exchange, event_time)', U, /128 grouping sets, more than 64/],
  ],
  windows: [
    ["SELECT * FROM TABLE(SESSION(TABLE ticks PARTITION BY §UPPER(symbol), DESCRIPTOR(event_time), INTERVAL '1' MINUTE))", U, /takes columns/],
    ["SELECT * FROM TABLE(SESSION(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, §INTERVAL '1' MINUTE))", I, /SESSION takes at most 3/],
    ["SELECT * FROM TABLE(SESSION(TABLE ticks, DESCRIPTOR(event_time), §INTERVAL '0' MINUTE))", I, /positive/],
    ["SELECT * FROM TABLE(TUMBLE(TABLE ticks PARTITION BY §symbol, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))", I, /TUMBLE takes no PARTITION BY/],
    ["SELECT * FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(§price), INTERVAL '1' MINUTE))", I, /'price' is none.*Use 'event_time'.*WATERMARK FOR/],
    ["SELECT * FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(§evnt_time), INTERVAL '1' MINUTE))", I, /no column 'evnt_time'/],
    ["SELECT * FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), §INTERVAL '1' MONTH))", U, /months/],
    ["SELECT * FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), §INTERVAL '0' SECOND))", I, /positive/],
    ["SELECT * FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), §60))", I, /interval/],
    ['SELECT * FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time)))', I, /lacks its argument SIZE/],
    ["SELECT * FROM TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '7' SECOND, INTERVAL '1' MINUTE))", I, /multiple of its slide/],
  ],
  over: [
    ["SELECT SUM(price) OVER (ORDER BY §price) FROM ticks", I, /'price' is none.*'event_time'/],
    ["SELECT SUM(price) OVER (ORDER BY §event_time + INTERVAL '1' SECOND) FROM ticks", I, /not by an expression/],
    ['SELECT SUM(price) OVER (ORDER BY §event_time DESC) FROM ticks', U, /DESC/],
    ['SELECT SUM(price) OVER (PARTITION BY symbol) FROM ticks'.replace('§', ''), I, /no ORDER BY/],
    ['SELECT SUM(price) OVER (ORDER BY event_time ROWS BETWEEN CURRENT ROW AND §1 FOLLOWING) FROM ticks', U, /later rows/],
    ["SELECT SUM(price) OVER (ORDER BY event_time ROWS §INTERVAL '1' SECOND PRECEDING) FROM ticks", I, /whole number/],
    ['SELECT SUM(price) OVER (ORDER BY event_time RANGE §5 PRECEDING) FROM ticks', I, /interval/],
    ['SELECT SUM(price) OVER (ORDER BY event_time), §SUM(price) OVER (ORDER BY event_time ROWS 1 PRECEDING) FROM ticks', U, /windows of one SELECT differ.*sub-query/],
    ['SELECT §ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY event_time DESC) FROM ticks', U, /every row for ever.*WHERE rn <= 10/],
    ['SELECT price FROM (SELECT price, §ROW_NUMBER() OVER (ORDER BY price) AS rn FROM ticks) WHERE rn > 5', U, /every row for ever/],
    ['SELECT §ROW_NUMBER() FROM ticks', I, /needs OVER/],
    ['SELECT ROW_NUMBER() OVER §(PARTITION BY symbol) FROM ticks', I, /no ORDER BY/],
    ['SELECT ROW_NUMBER() OVER (ORDER BY price), §SUM(price) OVER (ORDER BY event_time) FROM ticks', U, /beside another OVER call/],
    ['SELECT §RANK() OVER (ORDER BY price) FROM ticks', U, /Use ROW_NUMBER/],
    ['SELECT §LEAD(price) OVER (ORDER BY event_time) FROM ticks', U, /LEAD/],
    ['SELECT §LAG(price) OVER (ORDER BY event_time ROWS 1 PRECEDING) FROM ticks', I, /no frame/],
    ['SELECT LAG(price, §0) OVER (ORDER BY event_time) FROM ticks', I, /whole number/],
    ['SELECT SUM(price) OVER §w FROM ticks', I, /no window 'w'/],
    ['SELECT SUM(price) OVER (ORDER BY §rt) FROM (SELECT price, event_time + INTERVAL \'1\' SECOND AS rt FROM ticks)', I, /A rowtime is/],
  ],
  inserts: [
    ['CREATE TABLE o (a INT, b INT); INSERT INTO o §SELECT volume FROM ticks', I, /gives 1 columns \(volume\), and 'o' takes 2 \(a, b\)/],
    ['CREATE TABLE o (a INT NOT NULL, b BIGINT); INSERT INTO §o (b) SELECT volume FROM ticks', I, /NOT NULL and is not inserted/],
    ['CREATE TABLE o (a INT); INSERT INTO o SELECT §volume FROM ticks', I, /'volume' is BIGINT and 'a' of 'o' is INT: INSERT does not narrow.*CAST/],
    ['CREATE TABLE o (a BOOLEAN); INSERT INTO o SELECT §price FROM ticks', I, /DOUBLE stands where BOOLEAN/],
    ['CREATE TABLE o (a BIGINT); INSERT INTO o (§x) SELECT volume FROM ticks', I, /no column 'x' to write/],
    ['CREATE TABLE o (a BIGINT); INSERT INTO o (a, §a) SELECT volume, volume FROM ticks', I, /inserted twice/],
    ['INSERT INTO §ticks SELECT * FROM ticks', U, /read and written/],
    ['CREATE VIEW v AS SELECT price FROM ticks; INSERT INTO §v SELECT price FROM ticks', I, /is a view/],
  ],
  statements: [
    ['§DROP TABLE ticks', U, /DROP/],
    ['§CREATE FUNCTION f AS \'x\'', U, /FUNCTION/],
    ["SET 'table.local-time-zone' = 'America/New_York'; CREATE TABLE o (a TIMESTAMP_LTZ(3)); INSERT INTO o SELECT §event_time FROM ticks", U, /America\/New_York/],
    ["§SET 'table.local-time-zone' = '../x'", I, /no time zone/],
    ["§SET 'table.exec.state.ttl' = '1 fortnight'", I, /no time-to-live.*'1 h'/],
  ],
};

for (const [topic, list] of Object.entries(cases)) {
  test(`refused: ${topic}`, () => {
    for (const [marked, code, message] of list) {
      const text = marked.replace('§', '');
      const error = refusal(() => planTicks(text));
      assert.equal(error.code, code, `${text}\n${error.message}`);
      assert.match(error.message, message, text);
      assert.match(error.message, /^line \d+, column \d+: /, text);
      if (marked.includes('§')) {
        const before = (ticks + marked.slice(0, marked.indexOf('§'))).split('\n');
        assert.deepEqual([error.details['line'], error.details['column']], [before.length, before.at(-1)!.length + 1], `${text}\n${error.message}`);
      }
    }
  });
}

test('views that double each other are refused before they fill the memory', () => {
  const views = Array.from({ length: 40 }, (_, index) => `CREATE VIEW v${index + 1} AS SELECT x + x AS x FROM ${index === 0 ? '(SELECT price AS x FROM ticks)' : `v${index}`};`);
  const unions = Array.from({ length: 40 }, (_, index) => `CREATE VIEW u${index + 1} AS SELECT * FROM ${index === 0 ? 'ticks' : `u${index}`} UNION ALL SELECT * FROM ${index === 0 ? 'ticks' : `u${index}`};`);
  assert.match(refusal(() => planTicks(`${views.join(' ')} SELECT x FROM v40`)).message, /more than 50000 parts/);
  assert.match(refusal(() => planTicks(`${unions.join(' ')} SELECT symbol FROM u40`)).message, /more than 50000 parts/);
});

test('a text that runs nothing is refused', () => {
  assert.match(refusal(() => planSql(ticks)).message, /nothing to run/);
});
