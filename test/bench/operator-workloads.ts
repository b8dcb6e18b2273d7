/** Statements that each stress one operator, over the generated day. */

export interface OperatorWorkload {
  readonly sql: string;
  /** By table of the statement, the event type of its rows; null: all. Rows of one table are read once. */
  readonly tables: Readonly<Record<string, string | null>>;
  /** Events a second of one core that it must reach; null: measured for comparison. */
  readonly least: number | null;
}

const columns = 'symbol STRING NOT NULL, price DOUBLE NOT NULL, volume BIGINT NOT NULL, bid DOUBLE NOT NULL, ask DOUBLE NOT NULL, event_time TIMESTAMP(3) NOT NULL, event_type STRING NOT NULL, trader STRING NOT NULL';
const source = (name: string, more = ''): string => `CREATE TABLE ${name} (${columns}, WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND${more});\n`;
const market = source('market');
const parted = source('trades') + source('quotes');
const versioned = source('trades') + source('quotes', ', PRIMARY KEY (symbol) NOT ENFORCED');
const minute = "TABLE(TUMBLE(TABLE market, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))";
const all = { market: null };
const apart = { trades: 'TRADE', quotes: 'QUOTE' };

export const operatorWorkloads: Readonly<Record<string, OperatorWorkload>> = {
  filter: { sql: `${market}SELECT symbol, price, event_time FROM market WHERE price < 0;`, tables: all, least: null },
  tumble: { sql: `${market}SELECT symbol, window_end, SUM(price * volume) / SUM(volume) AS vwap, COUNT(*) AS n FROM ${minute} GROUP BY symbol, window_start, window_end;`, tables: all, least: null },
  session: {
    sql: `${market}SELECT trader, window_start, window_end, COUNT(*) AS n, SUM(price * volume) AS notional, MIN(price) AS low, MAX(price) AS high
      FROM TABLE(SESSION(TABLE market PARTITION BY trader, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY trader, window_start, window_end;`,
    tables: all, least: 1e6,
  },
  'session-by-symbol': {
    sql: `${market}SELECT symbol, window_start, window_end, COUNT(*) AS n, SUM(price * volume) AS notional, MIN(price) AS low, MAX(price) AS high
      FROM TABLE(SESSION(TABLE market PARTITION BY symbol, DESCRIPTOR(event_time), INTERVAL '5' SECOND)) GROUP BY symbol, window_start, window_end;`,
    tables: all, least: 1e6,
  },
  'interval-join': {
    sql: `${parted}SELECT t.symbol, t.event_time, t.price, q.bid, q.ask FROM trades AS t JOIN quotes AS q
      ON t.symbol = q.symbol AND q.event_time BETWEEN t.event_time - INTERVAL '1' SECOND AND t.event_time WHERE t.price > q.ask;`,
    tables: apart, least: 1e6,
  },
  'temporal-join': {
    sql: `${versioned}SELECT t.symbol, t.event_time, t.price, q.bid, q.ask FROM trades AS t LEFT JOIN quotes FOR SYSTEM_TIME AS OF t.event_time AS q ON t.symbol = q.symbol;`,
    tables: apart, least: null,
  },
  /** The pattern of the scenario `rebound`. */
  match: {
    sql: `${market}SELECT * FROM market MATCH_RECOGNIZE (
      PARTITION BY symbol ORDER BY event_time
      MEASURES TOP.event_time AS top_time, BACK.event_time AS back_time, TOP.price AS top_price, MIN(price) AS low_price, BACK.price AS back_price
      ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
      PATTERN (TOP SLIDE* FELL CLIMB* BACK) WITHIN INTERVAL '1' MINUTE
      DEFINE SLIDE AS SLIDE.price < TOP.price AND SLIDE.price > TOP.price * 0.99, FELL AS FELL.price <= TOP.price * 0.99,
        CLIMB AS CLIMB.price < TOP.price * 0.998, BACK AS BACK.price >= TOP.price * 0.998
    );`,
    tables: all, least: 1e6,
  },
  'match-steps': {
    sql: `${market}SELECT * FROM market MATCH_RECOGNIZE (
      PARTITION BY symbol ORDER BY event_time
      MEASURES FIRST(DOWN.price) AS first_price, LAST(UP.price) AS last_price
      ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
      PATTERN (DOWN{3} UP{3}) WITHIN INTERVAL '10' SECOND
      DEFINE DOWN AS DOWN.price < PREV(DOWN.price), UP AS UP.price > PREV(UP.price)
    );`,
    tables: all, least: 1e6,
  },
  'window-rank': {
    sql: `${market}SELECT symbol, price, volume, window_end FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY volume DESC) AS place FROM ${minute}) WHERE place <= 10;`,
    tables: all, least: null,
  },
  rank: {
    sql: `SET 'table.exec.state.ttl' = '1 h';\n${market}SELECT symbol, price, event_time, place FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY price DESC) AS place FROM market) WHERE place <= 3;`,
    tables: all, least: null,
  },
  newest: {
    sql: `SET 'table.exec.state.ttl' = '1 h';\n${market}SELECT symbol, price, event_time FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY event_time DESC) AS place FROM market) WHERE place = 1;`,
    tables: all, least: null,
  },
  groups: { sql: `SET 'table.exec.state.ttl' = '1 h';\n${market}SELECT symbol, COUNT(*) AS n, SUM(price * volume) AS notional, MAX(price) AS high FROM market GROUP BY symbol;`, tables: all, least: null },
};
