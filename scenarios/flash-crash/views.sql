CREATE TEMPORARY VIEW trades AS
SELECT symbol, price, volume, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- A minute of each symbol, anew every ten seconds: where its price came from and how far it went.
CREATE TEMPORARY VIEW minute_moves AS
SELECT
  symbol,
  window_start AS minute_start,
  window_end AS minute_end,
  window_time AS minute_time,
  FIRST_VALUE(price) AS first_price,
  LAST_VALUE(price) AS last_price,
  MIN(price) AS low_price,
  MAX(price) AS high_price,
  (LAST_VALUE(price) - FIRST_VALUE(price)) / FIRST_VALUE(price) AS price_move,
  COUNT(*) AS trade_count
FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '10' SECOND, INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

-- Ten minutes hold a crash with the calm before it and its recovery; each minute is looked at once, as it ended.
CREATE TEMPORARY VIEW ten_minutes AS
SELECT
  symbol,
  window_start,
  window_end,
  FIRST_VALUE(first_price) AS price_before,
  MIN(low_price) AS low_price,
  LAST_VALUE(last_price) AS last_price,
  MIN(price_move) AS fastest_fall
FROM TABLE(HOP(TABLE minute_moves, DESCRIPTOR(minute_time), INTERVAL '1' MINUTE, INTERVAL '10' MINUTE))
GROUP BY symbol, window_start, window_end;
