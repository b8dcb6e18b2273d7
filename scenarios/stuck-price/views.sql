CREATE TEMPORARY VIEW trades AS
SELECT symbol, price, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- Five minutes of each symbol, anew every minute. Fifteen trades and more at one price are no accident where a tick is
-- a small part of the price; the deviation of equal prices is exactly 0.
CREATE TEMPORARY VIEW five_minutes AS
SELECT
  symbol,
  window_start,
  window_end,
  window_time,
  COUNT(*) AS trade_count,
  STDDEV_POP(price) AS price_stddev,
  LAST_VALUE(price) AS last_price
FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))
GROUP BY symbol, window_start, window_end, window_time
HAVING COUNT(*) >= 15;

-- Beside each symbol, which share of all that traded as much had more than one price in the same five minutes.
CREATE TEMPORARY VIEW compared_minutes AS
SELECT
  symbol,
  window_start,
  window_end,
  trade_count,
  price_stddev,
  last_price,
  AVG(CASE WHEN price_stddev > 0 THEN 1e0 ELSE 0e0 END) OVER (
    ORDER BY window_time
    RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
  ) AS moving_share
FROM five_minutes;
