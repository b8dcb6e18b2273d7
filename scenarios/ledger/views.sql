-- A ledger has eight of the tape's five hundred symbols.
CREATE TEMPORARY VIEW trades AS
SELECT symbol, price, volume, traded_at AS event_time
FROM market_data_raw
WHERE event_type = 'TRADE' AND symbol IN ('AAPL', 'TSLA', 'NVDA', 'MSFT', 'AMZN', 'GOOGL', 'NFLX', 'QQQ');

-- The last price of each minute, and of those the newest of each symbol.
CREATE TEMPORARY VIEW minute_prices AS
SELECT symbol, CAST(LAST_VALUE(price) AS DECIMAL(18, 4)) AS price, window_end, window_time
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

CREATE TEMPORARY VIEW last_prices AS
SELECT symbol, price
FROM (
  SELECT symbol, price, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY window_end DESC) AS newest
  FROM minute_prices
)
WHERE newest = 1;

-- What each account has in each symbol, marked to its last price: changes with positions and with prices.
CREATE TEMPORARY VIEW marked_positions AS
SELECT p.account_id, p.symbol, p.quantity, m.price, p.quantity * m.price AS exposure
FROM positions AS p
JOIN last_prices AS m ON p.symbol = m.symbol;

CREATE TEMPORARY VIEW account_exposures AS
SELECT account_id, SUM(exposure) AS net_exposure, SUM(ABS(exposure)) AS gross_exposure
FROM marked_positions
GROUP BY account_id;

-- Each trade beside what was usual in its symbol over the five minutes up to it.
CREATE TEMPORARY VIEW trade_statistics AS
SELECT
  symbol,
  price,
  volume,
  event_time,
  AVG(price) OVER five_minutes AS price_mean,
  STDDEV_POP(price) OVER five_minutes AS price_stddev,
  AVG(CAST(volume AS DOUBLE)) OVER five_minutes AS volume_mean
FROM trades
WINDOW five_minutes AS (
  PARTITION BY symbol
  ORDER BY event_time
  RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW
);

CREATE TEMPORARY VIEW trade_scores AS
SELECT
  symbol,
  price,
  event_time,
  ABS(price - price_mean) / NULLIF(price_stddev, 0) AS price_zscore,
  volume / NULLIF(volume_mean, 0) AS volume_ratio
FROM trade_statistics;

-- Neither a price spike nor a surge of volume, but both a little.
CREATE TEMPORARY VIEW combined_anomalies AS
SELECT symbol, price, event_time
FROM trade_scores
WHERE price_zscore > 2 AND price_zscore <= 3 AND volume_ratio > 3 AND volume_ratio <= 5;

-- Each is held against every account, of which there are sixteen: the version of a position is found by its whole key.
CREATE TEMPORARY VIEW anomalies_of_4 AS
SELECT 1 AS account_id, symbol, price, event_time FROM combined_anomalies
UNION ALL SELECT 2, symbol, price, event_time FROM combined_anomalies
UNION ALL SELECT 3, symbol, price, event_time FROM combined_anomalies
UNION ALL SELECT 4, symbol, price, event_time FROM combined_anomalies;

CREATE TEMPORARY VIEW account_anomalies AS
SELECT account_id, symbol, price, event_time FROM anomalies_of_4
UNION ALL SELECT account_id + 4, symbol, price, event_time FROM anomalies_of_4
UNION ALL SELECT account_id + 8, symbol, price, event_time FROM anomalies_of_4
UNION ALL SELECT account_id + 12, symbol, price, event_time FROM anomalies_of_4;

-- The price that each minute ended with, for every account: what it held then is found in the same way.
CREATE TEMPORARY VIEW prices_of_4 AS
SELECT 1 AS account_id, symbol, price, window_time FROM minute_prices
UNION ALL SELECT 2, symbol, price, window_time FROM minute_prices
UNION ALL SELECT 3, symbol, price, window_time FROM minute_prices
UNION ALL SELECT 4, symbol, price, window_time FROM minute_prices;

CREATE TEMPORARY VIEW account_prices AS
SELECT account_id, symbol, price, window_time FROM prices_of_4
UNION ALL SELECT account_id + 4, symbol, price, window_time FROM prices_of_4
UNION ALL SELECT account_id + 8, symbol, price, window_time FROM prices_of_4
UNION ALL SELECT account_id + 12, symbol, price, window_time FROM prices_of_4;
