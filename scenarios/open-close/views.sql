CREATE TEMPORARY VIEW trades AS
SELECT symbol, exchange, price, volume, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- Each trade beside what was usual in its symbol over the five minutes up to it.
CREATE TEMPORARY VIEW trade_statistics AS
SELECT
  symbol,
  exchange,
  price,
  volume,
  event_time,
  COUNT(*) OVER five_minutes AS recent_count,
  AVG(price) OVER five_minutes AS price_mean,
  STDDEV_POP(price) OVER five_minutes AS price_stddev
FROM trades
WINDOW five_minutes AS (
  PARTITION BY symbol
  ORDER BY event_time
  RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW
);

CREATE TEMPORARY VIEW scored_trades AS
SELECT
  symbol,
  exchange,
  volume,
  price * volume AS turnover,
  event_time,
  CASE WHEN recent_count >= 30 THEN ABS(price - price_mean) / NULLIF(price_stddev, 0) END AS price_zscore
FROM trade_statistics;

-- A trade this far from the mean halts its symbol at the venue where it was seen.
CREATE TEMPORARY VIEW watched_trades AS
SELECT symbol, exchange, volume, turnover, event_time, price_zscore, price_zscore IS NOT NULL AND price_zscore > 4 AS is_halt
FROM scored_trades;

-- open_close is the window of open-close.js: a row for each venue whenever its trigger fires.
CREATE TEMPORARY VIEW firings AS
SELECT *
FROM open_close(input => TABLE watched_trades PARTITION BY exchange, on_time => DESCRIPTOR(event_time));
