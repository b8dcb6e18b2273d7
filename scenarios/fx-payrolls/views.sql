-- There are no trades: what a price is, is the middle of the quote. Crossed and one-sided quotes are none.
CREATE TEMPORARY VIEW mids AS
SELECT
  symbol,
  (bid + ask) / 2 AS mid,
  ask - bid AS spread,
  event_time
FROM fx_quotes
WHERE bid > 0 AND ask >= bid;

CREATE TEMPORARY VIEW second_bars AS
SELECT
  symbol,
  window_start,
  window_end,
  window_time,
  FIRST_VALUE(mid) AS open_price,
  MAX(mid) AS high_price,
  MIN(mid) AS low_price,
  LAST_VALUE(mid) AS close_price,
  AVG(spread) AS mean_spread,
  COUNT(*) AS quote_count
FROM TABLE(TUMBLE(TABLE mids, DESCRIPTOR(event_time), INTERVAL '1' SECOND))
GROUP BY symbol, window_start, window_end, window_time;

CREATE TEMPORARY VIEW minute_bars AS
SELECT
  symbol,
  window_start,
  window_end,
  window_time,
  FIRST_VALUE(mid) AS open_price,
  MAX(mid) AS high_price,
  MIN(mid) AS low_price,
  LAST_VALUE(mid) AS close_price,
  AVG(spread) AS mean_spread,
  COUNT(*) AS quote_count
FROM TABLE(TUMBLE(TABLE mids, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

-- Each second beside the five minutes up to it.
CREATE TEMPORARY VIEW compared_seconds AS
SELECT
  symbol,
  window_end,
  mean_spread,
  AVG(mean_spread) OVER five_minutes AS usual_spread,
  COUNT(*) OVER five_minutes AS bars
FROM second_bars
WINDOW five_minutes AS (
  PARTITION BY symbol
  ORDER BY window_time
  RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW
);

-- Each minute beside the half hour up to it.
CREATE TEMPORARY VIEW compared_minutes AS
SELECT
  symbol,
  window_end,
  high_price - low_price AS price_range,
  quote_count,
  AVG(high_price - low_price) OVER half_hour AS usual_range,
  AVG(CAST(quote_count AS DOUBLE)) OVER half_hour AS usual_count,
  COUNT(*) OVER half_hour AS bars
FROM minute_bars
WINDOW half_hour AS (
  PARTITION BY symbol
  ORDER BY window_time
  RANGE BETWEEN INTERVAL '30' MINUTE PRECEDING AND CURRENT ROW
);
