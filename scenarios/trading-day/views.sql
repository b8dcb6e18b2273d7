CREATE TEMPORARY VIEW trades AS
SELECT symbol, price, volume, bid, ask, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- Five minutes of each symbol, anew every thirty seconds. Prices below zero have been seen, hence ABS.
CREATE TEMPORARY VIEW moving_windows AS
SELECT
  symbol,
  window_start,
  window_end,
  AVG(price) AS ma,
  (MAX(price) - MIN(price)) / ABS(AVG(price)) AS volatility
FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTE))
GROUP BY symbol, window_start, window_end;

-- Each trade beside what was usual in its symbol over the five minutes up to it.
CREATE TEMPORARY VIEW trade_statistics AS
SELECT
  symbol,
  price,
  volume,
  event_time,
  ask - bid AS spread,
  AVG(price) OVER five_minutes AS price_mean,
  STDDEV_POP(price) OVER five_minutes AS price_stddev,
  AVG(CAST(volume AS DOUBLE)) OVER five_minutes AS volume_mean,
  AVG(ask - bid) OVER five_minutes AS spread_mean
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
  volume,
  event_time,
  ABS(price - price_mean) / NULLIF(price_stddev, 0) AS price_zscore,
  volume / NULLIF(volume_mean, 0) AS volume_ratio,
  spread / NULLIF(spread_mean, 0) AS spread_ratio
FROM trade_statistics;

-- The first condition that holds names the anomaly.
CREATE TEMPORARY VIEW classified_trades AS
SELECT
  symbol,
  price,
  volume,
  event_time,
  CASE
    WHEN price_zscore > 3 THEN 'PRICE_SPIKE'
    WHEN volume_ratio > 5 THEN 'VOLUME_SURGE'
    WHEN price_zscore > 2 AND volume_ratio > 3 THEN 'COMBINED_ANOMALY'
    WHEN spread_ratio > 2 THEN 'SPREAD_WIDENING'
  END AS anomaly_type,
  price_zscore,
  volume_ratio,
  spread_ratio
FROM trade_scores;
