CREATE TEMPORARY VIEW trades AS
SELECT symbol, price, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- Five minutes of each symbol, anew every thirty seconds. Prices below zero have been seen, hence ABS.
CREATE TEMPORARY VIEW sliding_windows AS
SELECT
  symbol,
  window_start AS sliding_start,
  window_end AS sliding_end,
  window_time AS sliding_time,
  AVG(price) AS ma,
  (MAX(price) - MIN(price)) / ABS(AVG(price)) AS volatility
FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

-- The same five minutes, back to back.
CREATE TEMPORARY VIEW tumbling_windows AS
SELECT
  symbol,
  window_start AS tumbling_start,
  window_end AS tumbling_end,
  window_time AS tumbling_time,
  AVG(price) AS ma,
  (MAX(price) - MIN(price)) / ABS(AVG(price)) AS volatility
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '5' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

-- Both kinds of alerts beside each other, each with when it was raised.
CREATE TEMPORARY VIEW raised_alerts AS
SELECT symbol, sliding_time AS raised_at, sliding_end AS sliding_raised, CAST(NULL AS TIMESTAMP(3)) AS tumbling_raised
FROM sliding_windows
WHERE volatility > 0.02
UNION ALL
SELECT symbol, tumbling_time, CAST(NULL AS TIMESTAMP(3)), tumbling_end
FROM tumbling_windows
WHERE volatility > 0.02;
