EXECUTE STATEMENT SET
BEGIN

INSERT INTO candles_1m
SELECT
  symbol, window_start, window_end,
  FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;

-- No liquid symbol moves by 1 % within a minute of its own accord; one trade alone is no move.
INSERT INTO fall_alerts
SELECT
  symbol,
  CASE WHEN price_move < 0 THEN 'FLASH_CRASH' ELSE 'REBOUND' END AS alert_type,
  minute_start, minute_end, first_price, last_price, low_price, high_price, price_move, trade_count
FROM minute_moves
WHERE ABS(price_move) > 0.01 AND trade_count >= 3;

INSERT INTO crashes
SELECT
  symbol, window_start, window_end, price_before, low_price, last_price,
  (price_before - low_price) / price_before AS depth,
  (last_price - low_price) / NULLIF(price_before - low_price, 0) AS recovered,
  fastest_fall
FROM ten_minutes
WHERE (price_before - low_price) / price_before > 0.05;

END;
