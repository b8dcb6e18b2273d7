-- Who takes, not who quotes: market makers are there all day.
CREATE TEMPORARY VIEW trades AS
SELECT trader, symbol, price, volume, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- A trader is at work until nothing has come of him for ten minutes. This gap is the one number to set: see session_gaps
-- for what becomes of shorter and longer ones.
CREATE TEMPORARY VIEW sessions AS
SELECT
  trader,
  window_start AS session_start,
  window_end AS session_end,
  COUNT(*) AS trade_count,
  COUNT(DISTINCT symbol) AS symbol_count,
  SUM(volume) AS total_volume,
  SUM(price * volume) AS turnover,
  MAX(price * volume) AS largest
FROM TABLE(SESSION(TABLE trades PARTITION BY trader, DESCRIPTOR(event_time), INTERVAL '10' MINUTE))
GROUP BY trader, window_start, window_end;
